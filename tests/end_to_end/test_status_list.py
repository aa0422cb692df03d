"""``hoofprint status`` without a run: what it lists."""

from pathlib import Path

import pytest

_PLANNED = "wf.plan xwf.id={run} root.xwf.id={root} {parent}dax.label={run} user=u"


@pytest.fixture
def planned(tmp_path: Path, project):
    """Imports runs that were planned, each named with its parent, and gives what ``status`` lists."""

    def listed(*runs: tuple[str, str], options: tuple[str, ...] = ()) -> list[str]:
        path = tmp_path / "runs.bp"
        lines = [
            f"ts={second} event=stampede."
            + _PLANNED.format(
                run=run, root=parent or run, parent=f"parent.xwf.id={parent} " if parent else ""
            )
            for second, (run, parent) in enumerate(runs, 1)
        ]
        path.write_text("".join(f"{line}\n" for line in lines))
        project.call("import", str(path))
        return [run["ref"]["run"] for run in project.json("status", *options)["runs"]]

    return listed


def test_roots_are_listed_and_their_sub_workflows_where_asked_for(planned, project) -> None:
    runs = (("outer", ""), ("inner", "outer"), ("other", ""))
    assert planned(*runs) == ["other", "outer"]
    assert planned(*runs, options=("--subworkflows",)) == ["other", "inner", "outer"]
    assert "inner" not in project.call("status").stdout


def test_a_sub_workflow_that_is_alone_is_listed(planned) -> None:
    assert planned(("inner", "outer")) == ["inner"]
