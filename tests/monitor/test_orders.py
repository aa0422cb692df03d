"""The order a worker gets: what its own reader understands of it."""

import msgspec

from monitor.orders import Papers, make_order
from planner.executable import (
    InputFile,
    JobKind,
    Location,
    OutputFile,
    PlanHeader,
    PlannedJob,
    PlannedTask,
    Registration,
    Removal,
    Transfer,
)
from worker.order import Order, parse_order

HEADER = PlanHeader(
    run="run",
    root="run",
    workflow="split",
    namespace="default",
    planned=1_700_000_000_500_000,
    data_configuration="sharedfs",
    jobs=1,
)
DIGEST, OTHER = "a" * 64, "b" * 64


def transfer(lfn: str, role: str, sha256: str | None = None) -> Transfer:
    sources = (Location("local", f"file:///in/{lfn}", 10), Location("far", f"http://far/{lfn}"))
    return Transfer(
        lfn, sources, Location("local", f"file:///out/{lfn}"), role, sha256, executable=True, optional=True
    )


JOB = PlannedJob(
    name="job",
    kind=JobKind.COMPUTE,
    site="local",
    directory="/scratch/run",
    tasks=(PlannedTask("t", "wc", "/usr/bin/wc", ("-l", "f.a"), stdout="f.b", timeout=60.0),),
    inputs=(InputFile("f.a", "f.a", sha256=OTHER), InputFile("f.c", "f.c")),
    outputs=(OutputFile("f.b", "f.b", optional=True),),
    transfers=(transfer("f.a", "input", sha256=DIGEST), transfer("f.b", "output")),
    make_directories=(Location("local", "file:///scratch/run"),),
    removals=(Removal("local", "file:///scratch/old", recursive=True),),
    registrations=(Registration("f.b", "local", "file:///out/f.b", optional=True),),
)


def order(job: PlannedJob = JOB, digests: dict[str, str] | None = None) -> Order:
    papers = Papers(record="/plan/job.out.000", facts="/plan/job.facts.000")
    return parse_order(make_order(HEADER, job, 1, papers, digests or {}, "/plan").decode())


def test_the_worker_understands_every_part_of_a_job():
    read = order()
    assert (read.run, read.job, read.kind, read.attempt) == ("run", "job", "compute", 1)
    assert read.transformation == "wc"
    assert read.planned == "2023-11-14T22:13:20.500000+00:00"
    assert read.directory == "/scratch/run"
    assert [task.argv for task in read.tasks] == [("-l", "f.a")]
    assert [(t.lfn, t.executable, len(t.sources)) for t in read.stage_in] == [("f.a", True, 2)]
    assert [(t.lfn, t.optional) for t in read.stage_out] == [("f.b", True)]
    assert [(output.lfn, output.optional) for output in read.outputs] == [("f.b", True)]
    assert [removal.recursive for removal in read.removals] == [True]
    assert [(place.url, place.optional) for place in read.register] == [("file:///out/f.b", True)]
    assert [place.url for place in read.make_directories] == ["file:///scratch/run"]


def test_an_input_is_expected_as_the_run_found_it_and_else_as_it_was_planned():
    assert [file.sha256 for file in order().verify] == [OTHER, None]
    known = {"f.a": DIGEST, "f.c": DIGEST}
    assert [file.sha256 for file in order(digests=known).verify] == [DIGEST, DIGEST]


def test_an_output_is_staged_out_with_the_digest_its_producer_computed():
    assert [t.sha256 for t in order(digests={"f.b": OTHER}).stage_out] == [OTHER]


def test_a_staged_input_is_expected_as_its_catalog_says():
    assert [t.sha256 for t in order().stage_in] == [DIGEST]


def test_with_integrity_checking_off_nothing_is_expected():
    job = msgspec.structs.replace(JOB, profiles={"pegasus": {"integrity.checking": "none"}})
    read = order(job, {"f.a": DIGEST, "f.b": DIGEST})
    assert [file.sha256 for file in read.verify] == [None, None]
    assert [t.sha256 for t in read.stage_in + read.stage_out] == [None, None]


def test_a_job_without_a_directory_works_in_the_one_given():
    assert order(msgspec.structs.replace(JOB, directory="")).directory == "/plan"
