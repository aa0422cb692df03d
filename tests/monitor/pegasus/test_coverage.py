"""Every field of every stampede event is in an event of ours, or in a list with its reason."""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from eventlog import facts
from eventlog.event import Event
from monitor.pegasus.event_file import EventFile
from monitor.pegasus.records import Record
from monitor.pegasus.reports import Reports
from monitor.pegasus.translation.coverage import COVERAGE, EVERYWHERE, Kept, LeftOut, fate_of
from monitor.pegasus.translation.translator import TRANSLATED, Translator

RUN, CHILD = "11111111-0000-0000-0000-000000000001", "22222222-0000-0000-0000-000000000002"
ATTEMPT = {"job.id": "sum_t1", "job_inst.id": "1"}
STATE = {**ATTEMPT, "js.id": "1", "sched.id": "7.0", "status": "0", "reason": "because"}

# One story in which every kind of event occurs with every one of its fields.
STORY: tuple[tuple[str, Mapping[str, str]], ...] = (
    (
        "wf.plan",
        {
            "submit.hostname": "submit",
            "dax.label": "sums",
            "dax.index": "1",
            "dax.version": "5.0",
            "dax.file": "/w/workflow.yml",
            "dag.file.name": "sums-0.dag",
            "planner.version": "5.0.8",
            "grid_dn": "/CN=ada",
            "user": "ada",
            "submit.dir": "/w/run0001",
            "argv": "--sites pool",
            "parent.xwf.id": CHILD,
        },
    ),
    ("static.start", {}),
    ("static.meta.start", {}),
    ("xwf.meta", {"key": "project", "value": "tides"}),
    ("task.meta", {"task.id": "t1", "key": "depth", "value": "7"}),
    ("static.meta.end", {}),
    (
        "task.info",
        {"task.id": "t1", "type": "1", "type_desc": "dax", "transformation": "sum", "argv": "-n 3"},
    ),
    ("task.edge", {"parent.task.id": "t0", "child.task.id": "t1"}),
    (
        "job.info",
        {
            "job.id": "sum_t1",
            "submit_file": "sum_t1.sub",
            "type": "1",
            "type_desc": "compute",
            "clustered": "1",
            "max_retries": "3",
            "task_count": "1",
            "executable": "/bin/sum",
            "argv": "-v",
        },
    ),
    ("job.edge", {"parent.job.id": "create_dir", "child.job.id": "sum_t1"}),
    ("wf.map.task_job", {"task.id": "t1", "job.id": "sum_t1"}),
    ("wf.map.file", {"task.id": "t1", "lfn.id": "f.in"}),
    ("static.end", {}),
    ("xwf.start", {"restart_count": "0", "reason": "because"}),
    ("job_inst.pre.start", STATE),
    ("job_inst.pre.term", STATE),
    ("job_inst.pre.end", {**STATE, "exitcode": "0"}),
    ("job_inst.submit.start", {**STATE, "site": "pool"}),
    ("job_inst.submit.end", STATE),
    ("job_inst.grid.submit.start", STATE),
    ("job_inst.grid.submit.end", STATE),
    ("job_inst.globus.submit.start", STATE),
    ("job_inst.globus.submit.end", STATE),
    ("job_inst.held.start", STATE),
    ("job_inst.held.end", STATE),
    (
        "job_inst.main.start",
        {**STATE, "stdin.file": "sum_t1.in", "stdout.file": "sum_t1.out", "stderr.file": "sum_t1.err"},
    ),
    ("job_inst.image.info", {**ATTEMPT, "js.id": "3", "size": "12", "sched.id": "7.0", "reason": "because"}),
    ("job_inst.main.term", {**STATE, "status": "-1"}),
    ("job_inst.main.start", STATE),
    ("job_inst.main.term", STATE),
    ("inv.start", {**ATTEMPT, "inv.id": "1"}),
    (
        "inv.end",
        {
            **ATTEMPT,
            "inv.id": "1",
            "task.id": "t1",
            "transformation": "sum",
            "executable": "/bin/sum",
            "argv": "-n 3",
            "start_time": "1700000020",
            "dur": "2.220000",
            "remote_cpu_time": "1.5",
            "exitcode": "0",
            "maxrss": "2000",
            "avg_cpu": "0.6",
        },
    ),
    ("rc.meta", {"lfn.id": "f.out", "key": "rows", "value": "12"}),
    (
        "job_inst.host.info",
        {
            **ATTEMPT,
            "site": "pool",
            "hostname": "node1",
            "ip": "10.0.0.1",
            "total_memory": "1024",
            "uname": "linux-5.1-x86_64",
        },
    ),
    ("int.metric", {**ATTEMPT, "type": "check", "file_type": "input", "count": "4", "duration": "0.5"}),
    ("job_inst.tag", {**ATTEMPT, "name": "int.error", "count": "1"}),
    (
        "job_inst.main.end",
        {
            **STATE,
            "stdin.file": "sum_t1.in",
            "stdout.file": "sum_t1.out.000",
            "stderr.file": "sum_t1.err.000",
            "stdout.text": "#@ 1 stdout%0A12",
            "stderr.text": "all is well",
            "user": "ada",
            "site": "pool",
            "work_dir": "/scratch",
            "local.dur": "10",
            "exitcode": "0",
            "multiplier_factor": "2",
            "cluster.start": "1700000021.5",
            "cluster.dur": "3.5",
        },
    ),
    (
        "job_inst.composite",
        {
            **STATE,
            "stdin_file": "sum_t1.in",
            "stdout.file": "sum_t1.out.000",
            "exitcode": "0",
            "site": "pool",
            "jobtype": "compute",
            "int_error_count": "1",
            "cpu_count": "4",
            "cpu_speed": "2500",
            "cpu_vendor": "acme",
            "cpu_model": "one",
            "ram": "4096",
            "system": "linux",
            "release": "5.1",
            "machine": "x86_64",
            "req_cpus": "2",
            "req_gpus": "1",
            "invocations": "[]",
            "metrics": "{}",
        },
    ),
    ("job_inst.post.start", STATE),
    ("job_inst.post.term", STATE),
    ("job_inst.post.end", {**STATE, "exitcode": "0"}),
    ("job_inst.abort.info", STATE),
    ("job_inst.remote_error", STATE),
    ("rc.pfn", {"lfn.id": "f.out", "pfn": "file:///o/f.out", "site": "local"}),
    ("task.monitoring", {"monitoring_event": "{}"}),
    ("xwf.map.subwf_job", {"subwf.id": CHILD, "job.id": "sum_t1", "job_inst.id": "1"}),
    ("xwf.end", {"restart_count": "0", "status": "0", "reason": "because"}),
)

# Where the other value of a field has to be a certain word or number.
OTHER = {
    ("task.info", "type_desc"): "compute",
    ("int.metric", "type"): "compute",
    ("int.metric", "file_type"): "output",
    ("job_inst.host.info", "uname"): "linux-6.0-x86_64",
    ("xwf.map.subwf_job", "subwf.id"): "33333333-0000-0000-0000-000000000003",
    ("job_inst.main.term", "status"): "0",
}
# What this one story cannot show, because another event of it says the same.
SAID_BY_OTHERS = {
    ("job_inst.main.start", "stdin.file"),
    ("job_inst.host.info", "total_memory"),
    ("job_inst.host.info", "uname"),
    ("job_inst.composite", "hostname"),
    ("xwf.map.subwf_job", "subwf.id"),
    ("xwf.map.subwf_job", "job.id"),
}


def records(story: tuple[tuple[str, Mapping[str, str]], ...]) -> Iterator[Record]:
    for number, (event, fields) in enumerate(story):
        yield Record(event, 1_700_000_000_000_000 + number, RUN, RUN, fields, f"story:{number}")


def told(story: tuple[tuple[str, Mapping[str, str]], ...]) -> list[Event]:
    refused: list[str] = []
    translator = Translator(Reports(refused.append))
    events = [event for record in records(story) for event in translator.translate(record)]
    events.extend(translator.finish())
    assert not refused
    return events


def changed(story: tuple[tuple[str, Mapping[str, str]], ...], place: int, field: str) -> list[Event]:
    event, fields = story[place]
    other = OTHER.get((event, field))
    if other == fields[field]:
        other = "-1"
    elif other is None:
        other = str(int(fields[field]) + 5) if fields[field].lstrip("-").isdigit() else f"{fields[field]}9"
    altered = (event, {**fields, field: other})
    return told((*story[:place], altered, *story[place + 1 :]))


FIELDS = [(place, event, field) for place, (event, fields) in enumerate(STORY) for field in fields]


def test_the_story_has_every_kind_of_event() -> None:
    assert len(COVERAGE.keys() - {"job_inst.remote_error"}) == 44, "that one stands in no schema"
    assert {event for event, _ in STORY} == set(COVERAGE)


@pytest.mark.parametrize(("place", "event", "field"), FIELDS)
def test_a_field_changes_an_event_or_has_a_reason_why_not(place: int, event: str, field: str) -> None:
    fate = fate_of(event, field)
    assert fate is not None, f"nobody says what becomes of {field} of {event}"
    if (event, field) in SAID_BY_OTHERS or field in ATTEMPT:
        return
    differs = changed(STORY, place, field) != told(STORY)
    assert differs == isinstance(fate, Kept), f"{event} {field}: {fate}"


@pytest.mark.parametrize(("place", "event", "field"), [each for each in FIELDS if each[2] in ATTEMPT])
def test_job_and_instance_say_of_which_attempt_an_event_is(place: int, event: str, field: str) -> None:
    kind_speaks_of_attempts = event in TRANSLATED and isinstance(fate_of(event, field), Kept)
    silent = event.endswith(".submit.start") or not kind_speaks_of_attempts or event == "xwf.map.subwf_job"
    if field == "job.id" and "job_inst.id" in STORY[place][1]:
        # the first event of an instance says whose it is
        return
    if silent:
        assert isinstance(fate_of(event, field), (Kept, LeftOut))
        return
    assert changed(STORY, place, field) != told(STORY)


def test_every_home_is_a_field_of_a_fact() -> None:
    for fates in (*COVERAGE.values(), EVERYWHERE):
        for fate in fates.values():
            if isinstance(fate, Kept) and fate.fact != "Event":
                named = {each.name for each in dataclasses.fields(getattr(facts, fate.fact))}
                assert fate.field in named, fate
            elif isinstance(fate, Kept):
                assert fate.field in {each.name for each in dataclasses.fields(Event)}


def test_every_kind_that_is_not_translated_has_nothing_of_its_own_to_say() -> None:
    for event in COVERAGE.keys() - TRANSLATED:
        for field, fate in COVERAGE[event].items():
            assert isinstance(fate, LeftOut) or field in ATTEMPT, (event, field)


@pytest.mark.realdata
def test_every_field_that_real_event_files_have_is_known(realdata: Path) -> None:
    files = [realdata / "events" / "blackdiamond.bp", *(realdata / "oracles" / "replay").glob("*.bp")]
    refused: list[str] = []
    unknown = set()
    for file in files:
        for record in EventFile(file, Reports(refused.append)).records():
            unknown |= {(record.event, name) for name in record.fields if not fate_of(record.event, name)}
    assert len(files) == 4
    assert not unknown
    assert not refused
