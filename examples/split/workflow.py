"""Cut a page into parts of 100 lines, and count the lines of each part.

python workflow.py --dir work   # writes workflow.yml and its catalogs into ./work
"""

import argparse
from pathlib import Path

from hoofprint import (
    Directory,
    File,
    FileServer,
    Job,
    Operation,
    ReplicaCatalog,
    Site,
    SiteCatalog,
    Transformation,
    TransformationCatalog,
    Workflow,
)

HERE = Path(__file__).resolve().parent
PARTS = "abcd"


def split_workflow() -> Workflow:
    """One job cuts the page; four count what it made."""
    page = File("page.txt")
    parts = [File(f"part.{letter}") for letter in PARTS]
    split = (
        Job("split", node_label="split")
        .add_args("-l", "100", "-a", "1", page, "part.")
        .add_inputs(page)
        .add_outputs(*parts, stage_out=False, register_replica=False)
        .add_metadata(step="cut")
    )
    workflow = (
        Workflow("split").add_metadata(experiment="split-tutorial", text="Apache License 2.0").add_jobs(split)
    )
    for letter, part in zip(PARTS, parts, strict=True):
        count = File(f"count.txt.{letter}").add_metadata(type="counts", part=letter)
        workflow.add_jobs(
            Job("wc", node_label=f"wc-{letter}")
            .add_args("-l", part)
            .add_inputs(part)
            .set_stdout(count)
            .add_pegasus_profile(label="p1")
            .add_metadata(step="count", part=letter)
        )
    return workflow


def replicas() -> ReplicaCatalog:
    """The page is the only file that no job makes."""
    return ReplicaCatalog().add_replica("local", "page.txt", (HERE / "page.txt").as_uri())


def transformations() -> TransformationCatalog:
    """`split` is installed; our `wc`, which tags what it counted, is staged to where it runs."""
    split = Transformation("split", site="local", pfn="/usr/bin/split")
    wc = Transformation("wc", site="local", pfn=(HERE / "bin" / "wc-tagged").as_uri(), is_stageable=True)
    return TransformationCatalog().add_transformations(split, wc)


def sites(folder: Path) -> SiteCatalog:
    """This machine, with its scratch and its storage below `folder`."""
    directories = [
        Directory(kind, folder / name, shared_file_system=True).add_file_servers(
            FileServer((folder / name).as_uri(), Operation.ALL)
        )
        for kind, name in ((Directory.SHARED_SCRATCH, "scratch"), (Directory.LOCAL_STORAGE, "storage"))
    ]
    local = Site("local").add_directories(*directories).add_pegasus_profile(data_configuration="sharedfs")
    return SiteCatalog().add_sites(local)


def write_example(folder: Path) -> None:
    """Write the workflow and its catalogs into `folder`, which is made if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    split_workflow().write(folder / "workflow.yml")
    replicas().write(folder / "replicas.yml")
    transformations().write(folder / "transformations.yml")
    sites(folder).write(folder / "sites.yml")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the split workflow and its catalogs.")
    parser.add_argument("--dir", type=Path, default=Path(), help="folder to write into (default: this one)")
    write_example(parser.parse_args().dir.resolve())
