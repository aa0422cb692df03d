"""Names that break careless programs: planned, run and delivered as they are, in such directories too."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from eventlog.codec import Codec
from eventlog.errors import InputError
from eventlog.facts import ChecksumVerified, FileRegistered, FileRemoved
from eventlog.log import read_all
from eventlog.memory import MemoryLog
from monitor.local import run_plan
from planner.abstract import AbstractJob, AbstractWorkflow, Use
from planner.catalogs import (
    Executable,
    Replica,
    ReplicaCatalog,
    ReplicaEntry,
    Transformation,
    TransformationCatalog,
    TransformationEntry,
)
from planner.directory import write_plan
from planner.pipeline import Plan, plan_workflow
from planner.request import PlanOptions, PlanRequest, RunIdentity
from planner.urls import path_of

ODD = "odd %41 name#1?.txt"
PARTS = 2
COPY = Transformation("copy")
RUN = "6f1f0a52-6a3e-4b7c-9f6a-000000000001"
STORY = (FileRegistered, FileRemoved, ChecksumVerified)

segments = (
    st.text(
        st.sampled_from("ab.%41#?&+;:=@,'\"\\-*[]{}()~$`!|<> ")
        | st.characters(exclude_categories=["Cs", "Cc"]),
        min_size=1,
        max_size=12,
    )
    .map(lambda text: text.replace("/", "%2F"))
    .filter(lambda text: text not in (".", ".."))
)
names = st.lists(segments, min_size=1, max_size=2).map("/".join)


def split_like(raw: str, part: str, copy: str) -> AbstractWorkflow:
    """One raw file is copied to some parts, and each part to an output."""
    jobs = []
    for number in range(PARTS):
        jobs.append(_copy(f"A{number}", raw, f"{part}.p{number}", keep=True))
        jobs.append(_copy(f"B{number}", f"{part}.p{number}", f"{copy}.c{number}", keep=False))
    return AbstractWorkflow("split-like 100%", jobs, [])


def _copy(job: str, source: str, target: str, *, keep: bool) -> AbstractJob:
    made = Use(target, "output", stage_out=not keep, register=not keep)
    return AbstractJob(job, COPY, arguments=("-D", "--", source, target), uses=(Use(source, "input"), made))


def plan_in(folder: Path, workflow: AbstractWorkflow, raw: str, content: str) -> Plan:
    """Plan with literal arguments; the raw file lies in a folder of its own, given as a bare path."""
    lies_at = folder / "raw data" / raw
    lies_at.parent.mkdir(parents=True)
    lies_at.write_text(content)
    request = PlanRequest(
        workflow=workflow,
        identity=RunIdentity(RUN, 1, "ada"),
        base_directory=str(folder / "50% base"),
        relative_directory=f"{workflow.name}/run #1",
        transformations=TransformationCatalog(
            {COPY: TransformationEntry(COPY, (Executable("local", "/usr/bin/install"),))}
        ),
        replicas=ReplicaCatalog({raw: ReplicaEntry(raw, (Replica(str(lies_at), "local"),))}),
        output_directory=str(folder / "out?put"),
        options=PlanOptions(argv="literal"),
    )
    plan = plan_workflow(request)
    write_plan(plan, folder / "the plan%20")
    return plan


def run_in(folder: Path, python: Path, worker: Path) -> list[object]:
    """Run the plan; the facts of the story that the log tells then."""
    log = MemoryLog()
    outcome = run_plan(folder / "the plan%20", log, python=python, worker=worker, actor="ada", cores=2)
    assert (outcome.status, outcome.reason) == (0, "")
    codec = Codec(log)
    return [fact for record in read_all(log) if isinstance(fact := codec.decode(record).fact, STORY)]


def _of(kind: type[object], story: Sequence[object]) -> list:
    return [fact for fact in story if isinstance(fact, kind)]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=names, part=names, copy=names)
@example(raw=ODD, part=f"-rf {ODD}", copy=f"sub %2e%2e dir/'{ODD}\"")
@example(raw="grüße/雪🙂", part="a\\b $HOME `id`", copy="%00%ff")
def test_any_legal_name_is_staged_run_delivered_verified_and_registered(
    tmp_path_factory, bench, raw: str, part: str, copy: str
) -> None:
    folder, content = tmp_path_factory.mktemp("odd"), f"the content of {raw}"
    workflow = split_like(f"{raw}.raw", part, copy)
    plan_in(folder, workflow, f"{raw}.raw", content)
    story = run_in(folder, bench.python, bench.worker)

    delivered = {f"{copy}.c{number}": folder / "out?put" / f"{copy}.c{number}" for number in range(PARTS)}
    assert {path.read_text() for path in delivered.values()} == {content}
    registered = {fact.lfn: fact for fact in _of(FileRegistered, story)}
    assert {lfn: path_of(fact.pfn) for lfn, fact in registered.items()} == {
        lfn: str(path) for lfn, path in delivered.items()
    }
    digest = hashlib.sha256(content.encode()).hexdigest()
    assert {fact.sha256 for fact in registered.values()} == {digest}
    checks = _of(ChecksumVerified, story)
    assert {fact.lfn for fact in checks if fact.role == "output"} == set(delivered)
    assert all(fact.ok and fact.found == digest for fact in checks)
    assert f"{raw}.raw" in {fact.lfn for fact in _of(FileRemoved, story)}
    assert list((folder / "50% base" / "scratch" / workflow.name).iterdir()) == []


def test_an_optional_output_is_delivered_and_registered_only_if_it_was_written(tmp_path, bench) -> None:
    sh = Transformation("sh")
    uses = (Use("written", "output", optional=True), Use("unwritten", "output", optional=True))
    jobs = [
        AbstractJob("A", sh, arguments=("-c", "echo x > written"), uses=(*uses, Use("log", "checkpoint")))
    ]
    request = PlanRequest(
        workflow=AbstractWorkflow("w", jobs, []),
        identity=RunIdentity(RUN, 1, "ada"),
        base_directory=str(tmp_path / "base"),
        relative_directory="run0001",
        transformations=TransformationCatalog(
            {sh: TransformationEntry(sh, (Executable("local", "/bin/sh"),))}
        ),
        options=PlanOptions(argv="literal"),
    )
    write_plan(plan_workflow(request), tmp_path / "the plan%20")
    story = run_in(tmp_path, bench.python, bench.worker)
    assert [path.name for path in (tmp_path / "base/outputs").iterdir()] == ["written"]
    assert [fact.lfn for fact in _of(FileRegistered, story)] == ["written"]
    assert [fact.lfn for fact in _of(ChecksumVerified, story)] == ["written"]


def test_a_plan_directory_whose_name_is_no_utf8_is_refused(tmp_path, bench) -> None:
    bench.write([bench.job("one")])
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    bench.plan.rename(odd)
    with pytest.raises(InputError, match=r"caf\\udce9': its path is not UTF-8"):
        run_plan(odd, bench.log, python=bench.python, worker=bench.worker, actor="ada")
