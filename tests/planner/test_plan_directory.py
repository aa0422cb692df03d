"""The plan directory: complete or absent, the same bytes for the same request."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from eventlog.errors import InputError, NotFoundError
from planner.directory import (
    DECISIONS_FILE,
    MANIFEST_FILE,
    PLAN_FILE,
    choose_directory,
    read_decisions,
    read_manifest,
    read_plan,
    write_plan,
)
from planner.pipeline import plan_workflow
from planner.request import PlanRequest


def test_a_plan_directory_gives_back_the_executable_workflow(
    split_request: PlanRequest, tmp_path: Path
) -> None:
    plan = plan_workflow(split_request)
    write_plan(plan, tmp_path / "run0001")
    assert read_plan(tmp_path / "run0001") == plan.executable
    assert read_decisions(tmp_path / "run0001") == list(plan.decisions)


def test_the_same_request_makes_the_same_bytes(split_request: PlanRequest, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_plan(plan_workflow(split_request), tmp_path / name)
    for file in (PLAN_FILE, DECISIONS_FILE, MANIFEST_FILE):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_plan_directory_holds_copies_of_what_went_in_with_their_digests(
    split_request: PlanRequest, tmp_path: Path
) -> None:
    source = tmp_path / "workflow.yml"
    source.write_text("name: split\n")
    request = replace(split_request, source_files={"workflow.yml": str(source)})
    manifest = write_plan(plan_workflow(request), tmp_path / "run0001")
    assert (tmp_path / "run0001/inputs/workflow.yml").read_text() == "name: split\n"
    assert read_manifest(tmp_path / "run0001") == manifest
    (copy,) = manifest.inputs
    assert (copy.name, copy.size) == ("workflow.yml", 12)


def test_a_plan_that_cannot_be_completed_leaves_nothing_behind(
    split_request: PlanRequest, tmp_path: Path
) -> None:
    request = replace(split_request, source_files={"workflow.yml": str(tmp_path / "gone.yml")})
    with pytest.raises(InputError, match=r"gone\.yml"):
        write_plan(plan_workflow(request), tmp_path / "plans" / "run0001")
    assert list((tmp_path / "plans").iterdir()) == []


def test_a_plan_never_overwrites_another_one(split_request: PlanRequest, tmp_path: Path) -> None:
    plan = plan_workflow(split_request)
    write_plan(plan, tmp_path / "run0001")
    with pytest.raises(InputError, match="already"):
        write_plan(plan, tmp_path / "run0001")


def test_a_plan_fills_the_empty_directory_that_was_chosen_for_it(
    split_request: PlanRequest, tmp_path: Path
) -> None:
    chosen = choose_directory(tmp_path, "ada", "split")
    assert chosen == tmp_path / "ada" / "hoofprint" / "split" / "run0001"
    write_plan(plan_workflow(split_request), chosen)
    assert choose_directory(tmp_path, "ada", "split").name == "run0002"


def test_a_folder_without_a_plan_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"plan\.jsonl is missing"):
        read_plan(tmp_path)


@pytest.mark.parametrize("damage", ["cut", "header", "empty"])
def test_a_damaged_plan_is_refused(split_request: PlanRequest, tmp_path: Path, damage: str) -> None:
    write_plan(plan_workflow(split_request), tmp_path / "run0001")
    file = tmp_path / "run0001" / PLAN_FILE
    lines = file.read_bytes().splitlines(keepends=True)
    damaged: dict[str, Callable[[], bytes]] = {
        "cut": lambda: b"".join(lines[:-1]),
        "header": lambda: lines[0].replace(b'"run"', b'"rum"') + b"".join(lines[1:]),
        "empty": lambda: b"",
    }
    file.write_bytes(damaged[damage]())
    with pytest.raises(InputError, match="damaged"):
        read_plan(tmp_path / "run0001")
