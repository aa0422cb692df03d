"""What tasks do with files where the abstract workflow tells it, in part, or not at all."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory.braindump import read_braindump
from monitor.pegasus.submit_directory.file_roles import file_uses

pytestmark = pytest.mark.realdata

Links = Mapping[str, set[tuple[str, str]]]
FROM_SUBMIT_FILES = {
    "ID0000001": {("pegasus.html", "input"), ("f.b1", "output"), ("f.b2", "output")},
    "ID0000002": {("f.b1", "input"), ("f.c1", "output")},
    "ID0000003": {("f.b2", "input"), ("f.c2", "output")},
    "ID0000004": {("f.c1", "input"), ("f.c2", "input"), ("f.d", "output")},
}


@pytest.fixture
def folder(realdata: Path, tmp_path: Path) -> Path:
    """A copy of a run whose jobs ship their files with HTCondor."""
    source = realdata / "submit-dirs/hierarchical_wf_success/00/00/blackdiamond_diamond_subworkflow.000"
    return shutil.copytree(source, tmp_path / "run", copy_function=shutil.copyfile)


def told(folder: Path) -> tuple[Links, set[str], list[str]]:
    """LFN and link of every task's files, the tasks of which the workflow told, and what was said."""
    said: list[str] = []
    links: dict[str, set[tuple[str, str]]] = {}
    of_the_workflow: set[str] = set()
    for record in file_uses(read_braindump(folder), 0, Reports(said.append)):
        fields = record.fields
        links.setdefault(fields["task.id"], set()).add((fields["lfn.id"], fields["link"]))
        if "register" in fields:
            of_the_workflow.add(fields["task.id"])
    return links, of_the_workflow, said


def test_the_workflow_tells_all(folder: Path) -> None:
    links, of_the_workflow, said = told(folder)
    assert links == FROM_SUBMIT_FILES
    assert of_the_workflow == set(FROM_SUBMIT_FILES)
    assert said == []


def test_where_there_is_no_workflow_submit_files_tell_it_but_not_their_programs(folder: Path) -> None:
    (folder / "inner_diamond_workflow.yml").unlink()
    assert told(folder) == (FROM_SUBMIT_FILES, set(), [])


def test_of_a_broken_workflow_what_stands_before_is_taken(folder: Path) -> None:
    path = folder / "inner_diamond_workflow.yml"
    before, third, after = path.read_text(encoding="utf-8").partition("  id: ID0000003\n")
    path.write_text(before + "  id:\n" + after, encoding="utf-8")
    links, of_the_workflow, said = told(folder)
    assert third
    assert links == FROM_SUBMIT_FILES
    assert of_the_workflow == {"ID0000001", "ID0000002"}
    assert len(said) == 1
    assert '"id" is missing: what other tasks do with files is taken' in said[0]


def test_a_workflow_that_is_none_tells_nothing(folder: Path) -> None:
    (folder / "inner_diamond_workflow.yml").write_bytes(b"\0\0")
    links, of_the_workflow, said = told(folder)
    assert links == FROM_SUBMIT_FILES
    assert of_the_workflow == set()
    assert said[0].endswith("what tasks do with files is taken from their submit files")
