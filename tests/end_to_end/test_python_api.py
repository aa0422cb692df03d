"""A script that writes, plans, runs and asks, as a notebook would."""

import subprocess
import sys

SCRIPT = """
from pathlib import Path

from hoofprint import File, Job, ReplicaCatalog, Transformation, TransformationCatalog, Workflow
from hoofprint.errors import CommandError

page, count = File("page.txt"), File("count.txt")
wc = Transformation("wc", site="local", pfn="/usr/bin/wc")
workflow = Workflow("first")
workflow.add_jobs(Job("wc").add_args("-l", page).add_inputs(page).set_stdout(count))
workflow.add_transformation_catalog(TransformationCatalog().add_transformations(wc))
here = Path("page.txt").resolve()
workflow.add_replica_catalog(ReplicaCatalog().add_replica("local", "page.txt", here.as_uri()))
workflow.write()
workflow.plan(output_dir="results").run()
assert workflow.status()["run"]["summary"]["state"] == "succeeded"
assert workflow.statistics()["summary"]["Tasks"]["succeeded"] == 1
assert workflow.analyze()["failures"] == []
assert Path("results/count.txt").read_text().split()[0] == "2"
try:
    Workflow("bad").add_jobs(Job("nope")).plan()
except CommandError as error:
    assert "nope" in str(error)
    print("refused")
"""


def test_a_script_plans_runs_and_asks_in_a_folder_with_an_api_of_its_own(project) -> None:
    (project.folder / "page.txt").write_text("a\nb\n")
    (project.folder / "api").mkdir()
    (project.folder / "api/__init__.py").write_text("raise ImportError('the user s own package')\n")
    (project.folder / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "refused\n"), done.stderr
