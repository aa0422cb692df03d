"""Records from real submit directories against what the reference's own monitor replays from them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from urllib.parse import unquote

import pytest

from monitor.pegasus.event_file import EventFile
from monitor.pegasus.records import RICHER_KINDS, Record
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory import SubmitDirectory

pytestmark = pytest.mark.realdata

RUNS = ("process_wf_success", "process_wf_failure", "hierarchical_wf_success")
SECOND = 1_000_000

OURS_ALONE = {
    "job_inst.note.info": "states that the reference writes to jobstate.log only",
}
"""Kinds of record that the reference does not write, with the reason why we do."""

TIMES_DIFFER = {
    "static.start": "the reference says when it was read, we when it was planned",
    "static.end": "as static.start",
    "rc.pfn": "the reference says when it was read, we when the registration ended",
    "inv.end": "the reference adds the duration to the start cut to whole seconds; we to the whole start",
}
STATIC_ATTRIBUTES = frozenset(
    ("dax", "dag", "wf.ts", "submit.dir", "pegasus.version", "submit.hostname", "wf.user", "level")
)
"""What the reference repeats on every event of a run: it stands once, in wf.plan."""

FIELDS_LEFT_OUT = {
    ("wf.plan", "dax"): "dax.file says it",
    ("wf.plan", "dag"): "dag.file.name says it",
    ("wf.plan", "wf.ts"): "the time of the event says it",
    ("wf.plan", "pegasus.version"): "planner.version says it",
    ("wf.plan", "wf.user"): "user says it",
    ("job_inst.composite", "invocations"): "a Python literal that repeats the events inv.end",
    ("job_inst.composite", "wf"): "dax.label of wf.plan says it",
}
ONLY_OF_FAILURES = frozenset(("stdout.text", "stderr.text"))
"""What was written by jobs that succeeded is not read out: nothing of it enters an event."""

RICHER_FIELDS = {
    "xwf.start": frozenset(("engine.id",)),
    "rc.pfn": frozenset(("size", "sha256")),
    "inv.end": frozenset(
        ("utime", "stime", "minflt", "majflt", "nswap", "inblock", "outblock", "nvcsw", "nivcsw")
    ),
    "job_inst.host.info": frozenset(("total_memory", "cpu_count", "cpu_speed", "cpu_vendor", "cpu_model")),
}
FILLED_WHERE_EMPTY = {("inv.end", "argv"): "the record knows the arguments where the submit file has none"}


def _records(folder: Path) -> list[Record]:
    return list(SubmitDirectory(folder, Reports(lambda _: None), "America/Los_Angeles").records())


def _by_subject(records: list[Record]) -> Mapping[tuple[str, ...], list[Record]]:
    found: dict[tuple[str, ...], list[Record]] = defaultdict(list)
    for record in records:
        if record.event.startswith(("job_inst.", "inv.", "int.")):
            subject = (record.run, record.fields["job.id"])
        else:
            subject = (record.run, record.event)
        found[subject].append(record)
    return found


@pytest.fixture(scope="module", params=RUNS)
def both(request: pytest.FixtureRequest, realdata: Path) -> tuple[list[Record], list[Record]]:
    """Our records and the reference's, without the kinds that we alone have."""
    folder = realdata / "submit-dirs" / request.param
    ours = [r for r in _records(folder) if r.event not in RICHER_KINDS and r.event not in OURS_ALONE]
    oracle = realdata / "oracles" / "replay" / f"{request.param}.bp"
    return ours, list(EventFile(oracle, Reports(pytest.fail)).records())


def test_the_same_kinds_of_record_in_the_same_order_for_each_job(
    both: tuple[list[Record], list[Record]],
) -> None:
    ours, theirs = (_by_subject(records) for records in both)
    assert ours.keys() == theirs.keys()
    for subject, records in theirs.items():
        assert [r.event for r in ours[subject]] == [r.event for r in records], subject


def test_every_record_has_the_time_that_the_reference_gives_it(
    both: tuple[list[Record], list[Record]],
) -> None:
    for ours, theirs in _pairs(both):
        if theirs.event not in TIMES_DIFFER:
            assert ours.time // SECOND * SECOND == theirs.time, theirs
        elif theirs.event == "inv.end":
            assert 0 <= ours.time - theirs.time < 2 * SECOND, theirs


def test_every_field_is_equal_or_stands_in_the_table_of_reasons(
    both: tuple[list[Record], list[Record]],
) -> None:
    for ours, theirs in _pairs(both):
        expected = dict(_expected(theirs))
        richer = RICHER_FIELDS.get(theirs.event, frozenset())
        for name, value in expected.items():
            assert _equal(name, ours.fields.get(name), value), (theirs.event, name, ours, theirs)
        extra = ours.fields.keys() - expected.keys() - richer
        extra -= {name for event, name in FILLED_WHERE_EMPTY if event == theirs.event}
        assert not extra, (theirs.event, extra)


def _pairs(both: tuple[list[Record], list[Record]]) -> Iterator[tuple[Record, Record]]:
    ours, theirs = (_by_subject(records) for records in both)
    for subject, records in theirs.items():
        yield from zip(ours[subject], records, strict=True)


def _expected(record: Record) -> Iterator[tuple[str, str]]:
    succeeded = record.fields.get("exitcode") == "0"
    for name, value in record.fields.items():
        name = "stdin.file" if name == "stdin_file" else name
        is_plan = record.event == "wf.plan"
        if value == "None" or (record.event, name) in FIELDS_LEFT_OUT:
            continue
        if (name in STATIC_ATTRIBUTES and not is_plan) or name == "level":
            continue
        if name in ONLY_OF_FAILURES and (succeeded or not value):
            continue
        yield name, value


def _equal(name: str, ours: str | None, theirs: str) -> bool:
    if ours is None:
        return False
    if name == "start_time":
        return int(Decimal(ours)) == int(theirs)
    if name in ONLY_OF_FAILURES:
        return unquote(ours) == unquote(theirs)
    return ours == theirs or _same_number(ours, theirs)


def _same_number(ours: str, theirs: str) -> bool:
    try:
        return Decimal(ours) == Decimal(theirs)
    except InvalidOperation:
        return False
