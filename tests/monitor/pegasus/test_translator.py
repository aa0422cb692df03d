"""From records to events: what several records say together, and whose attempt they speak of."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

import pytest

from eventlog.facts import (
    ChecksumVerified,
    Fact,
    InvocationRecorded,
    JobFinished,
    JobNoted,
    JobsPlanned,
    MetadataRegistered,
    PlanStarted,
    ScriptFinished,
    WorkflowPlanned,
)
from monitor.pegasus.records import Record
from monitor.pegasus.reports import Reports
from monitor.pegasus.translation.run_trace import MOST_REMEMBERED, MOST_WAITING
from monitor.pegasus.translation.translator import Translator

RUN, CHILD = "11111111-0000-0000-0000-000000000001", "22222222-0000-0000-0000-000000000002"
NOON = 1_700_000_000_000_000
F = TypeVar("F", bound=Fact)
Said = tuple[str, Mapping[str, str]]


def of(instance: int, job: str = "sum", **fields: str) -> dict[str, str]:
    named = {name.replace("__", "."): value for name, value in fields.items()}
    return {"job.id": job, "job_inst.id": str(instance), **named}


def told(*said: Said, run: str = RUN) -> list[Fact]:
    refused: list[str] = []
    translator = Translator(Reports(refused.append))
    records = (
        Record(event, NOON + number, fields.get("run", run), RUN, fields, f"story:{number}")
        for number, (event, fields) in enumerate(said)
    )
    events = [event for record in records for event in translator.translate(record)]
    events.extend(translator.finish())
    assert not refused
    assert len({event.id for event in events}) == len(events)
    return [event.fact for event in events]


def only(kind: type[F], facts: Iterable[Fact]) -> list[F]:
    return [fact for fact in facts if isinstance(fact, kind)]


def test_the_nth_instance_of_a_job_is_its_nth_attempt() -> None:
    facts = told(
        ("job_inst.main.end", of(1, "sum", exitcode="256")),
        ("job_inst.main.end", of(2, "max", exitcode="0")),
        ("job_inst.main.end", of(3, "sum", exitcode="0")),
    )
    ends = {(end.job, end.attempt, end.exit_raw) for end in only(JobFinished, facts)}
    assert ends == {("sum", 1, 256), ("max", 1, 0), ("sum", 2, 0)}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_the_end_of_an_attempt_is_one_fact_of_several_records(order: tuple[int, ...]) -> None:
    said: list[Said] = [
        ("job_inst.host.info", of(1, hostname="node1", ip="10.0.0.1", uname="linux-5.1-x86_64")),
        ("job_inst.main.end", of(1, exitcode="0", user="ada", local__dur="3")),
        ("job_inst.composite", of(1, exitcode="0", cpu_count="4", req_cpus="2")),
    ]
    [*_, end] = only(JobFinished, told(*(said[place] for place in order)))
    assert end.host is not None
    assert (end.host.hostname, end.host.release, end.host.cpu_count) == ("node1", "5.1", 4)
    assert (end.user, end.local_duration, end.requested_cpus) == ("ada", 3_000_000, 2)


def test_a_summary_tells_the_host_only_where_it_is_alone() -> None:
    ended, summed_up = of(1, exitcode="0"), of(1, exitcode="0", hostname="node1")
    [alone] = only(JobFinished, told(("job_inst.composite", summed_up)))
    assert alone.host is not None
    assert alone.host.hostname == "node1"
    [*_, behind] = only(JobFinished, told(("job_inst.main.end", ended), ("job_inst.composite", summed_up)))
    assert behind.host is None, "the database of the same run knows none"


@pytest.mark.parametrize(
    ("said", "hostname"),
    [
        (({"hostname": "", "ip": "10.0.0.1"},), ""),
        (({"hostname": "unknown", "ip": "unknown"},), "unknown"),
        (({"hostname": "node1"}, {"hostname": "unknown"}), "node1"),
        (({"hostname": "unknown"}, {"hostname": "node1"}), "node1"),
        (({"site": "hopper"},), ""),
        ((), None),
    ],
)
def test_a_machine_without_a_name_is_one_as_in_pegasus_statistics(
    said: tuple[dict[str, str], ...], hostname: str | None
) -> None:
    hosts = [("job_inst.host.info", of(1, **fields)) for fields in said]
    [end] = only(JobFinished, told(*hosts, ("job_inst.main.end", of(1, exitcode="0"))))
    assert (end.host.hostname if end.host else None) == hostname


def test_a_workflow_without_a_label_is_called_as_its_file_is() -> None:
    unnamed = {"dax.file": "/w/hello world.xml", "dax.label": ""}
    assert [plan.workflow for plan in only(PlanStarted, told(("wf.plan", unnamed)))] == ["hello world"]
    named = {**unnamed, "dax.label": "greeting"}
    assert [plan.workflow for plan in only(PlanStarted, told(("wf.plan", named)))] == ["greeting"]
    assert [plan.workflow for plan in only(PlanStarted, told(("wf.plan", {})))] == [""]


def test_a_script_is_one_fact_of_its_states_and_its_invocation() -> None:
    facts = told(
        ("job_inst.post.start", of(1)),
        ("job_inst.post.term", of(1)),
        ("inv.end", of(1, inv__id="-2", start_time="1", dur="1", executable="/bin/exitcode", argv="-r 0")),
        ("job_inst.post.end", of(1, status="-1", exitcode="256")),
    )
    [script] = only(ScriptFinished, facts)
    assert (script.script, script.exit_raw, script.argv) == ("post", 256, ("-r", "0"))
    assert (script.started, script.terminated) == (NOON, NOON + 1)
    assert not only(InvocationRecorded, facts)


def test_a_script_without_an_end_is_noted() -> None:
    facts = told(("job_inst.main.term", of(1, status="0")), ("job_inst.post.start", of(1)))
    assert {note.note for note in only(JobNoted, facts)} == {"job-terminated", "post-script-started"}


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [("2.220000", 2_220_000), ("0.1", 100_000), ("60.001", 60_001_000), ("5", 5_000_000), ("1e-3", 1000)],
)
def test_durations_are_exact(text: str, microseconds: int) -> None:
    [process] = only(
        InvocationRecorded, told(("inv.end", of(1, inv__id="1", start_time="1331642164.5", dur=text)))
    )
    assert process.duration == microseconds
    assert process.start == 1_331_642_164_500_000


def test_what_is_said_of_files_belongs_to_the_instance_that_spoke_last() -> None:
    spoke = ("inv.end", of(1, inv__id="1", start_time="1", dur="1"))
    said = ("rc.meta", {"lfn.id": "f", "key": "size", "value": "12"})
    [metadata] = only(MetadataRegistered, told(("static.end", {}), spoke, said))
    assert (metadata.job, metadata.attempt, metadata.origin) == ("sum", 1, "job")


def test_what_is_said_of_files_before_the_run_is_the_workflows_word() -> None:
    [metadata] = only(MetadataRegistered, told(("rc.meta", {"lfn.id": "f", "key": "size", "value": "12"})))
    assert (metadata.job, metadata.origin) == ("", "workflow")


def test_integrity_errors_are_failures_of_the_sum() -> None:
    facts = told(
        ("int.metric", of(1, type="check", file_type="input", count="4", duration="0.5")),
        ("job_inst.tag", of(1, name="int.error", count="3")),
    )
    [check] = only(ChecksumVerified, facts)
    assert (check.ok, check.count, check.failed, check.duration) == (False, 4, 3, 500_000)


@pytest.mark.parametrize("parent_first", [True, False])
def test_a_sub_workflow_knows_the_job_that_called_it_whoever_speaks_first(parent_first: bool) -> None:
    plan = ("wf.plan", {"run": CHILD, "dax.label": "inner", "parent.xwf.id": RUN})
    called = ("xwf.map.subwf_job", {"subwf.id": CHILD, "job.id": "plan_inner", "job_inst.id": "5"})
    said = (called, plan) if parent_first else (plan, called)
    *_, started = only(PlanStarted, told(*said))
    assert (started.run, started.parent_run, started.parent_job) == (CHILD, RUN, "plan_inner")


def test_a_failed_job_keeps_the_last_words_of_its_task() -> None:
    output = "#@ 1 stdout%0Ahello%0A#@ 1 stderr%0A/bin/ls: invalid option -- %27z%27%0A"
    ended = of(1, exitcode="512", stdout__text=output, stderr__text="PegasusLite: exitcode 2")
    [end] = only(JobFinished, told(("job_inst.main.end", ended)))
    assert end.stderr_tail == "/bin/ls: invalid option -- 'z'"


def test_a_run_of_which_only_the_plan_is_known_is_a_run_and_a_plan_told_again_plans_nothing_new() -> None:
    translator = Translator(Reports(pytest.fail))
    said = [Record(event, NOON, RUN, RUN, {}, event) for event in ("wf.plan", "static.end") * 2]
    facts = [event.fact for record in said for event in translator.translate(record)]
    [planned] = only(WorkflowPlanned, facts)
    assert (planned.tasks, planned.jobs, planned.chunks) == (0, 0, 0)


def test_where_nothing_was_written_to_stderr_the_last_words_are_those_of_stdout() -> None:
    ended = of(1, exitcode="512", stdout__text="#@ 1 stdout%0Ano catalog%0A#@ 1 stderr%0A%0A")
    [end] = only(JobFinished, told(("job_inst.main.end", ended)))
    assert end.stderr_tail == "no catalog"


@pytest.mark.parametrize("begin", ["<invocation version=%222.0%22>", "- invocation: True"])
def test_a_record_that_a_monitor_could_not_read_is_no_last_words(begin: str) -> None:
    record = f"#@ 1 stdout%0Aprologue%0A{begin}%0A  TOKEN: a secret%0A"
    [end] = only(JobFinished, told(("job_inst.main.end", of(1, exitcode="512", stdout__text=record))))
    assert end.stderr_tail == ""


def test_a_job_that_succeeded_keeps_no_output() -> None:
    ended = of(1, exitcode="0", stdout__text="#@ 1 stderr%0Aa secret%0A", stderr__text="more")
    [end] = only(JobFinished, told(("job_inst.main.end", ended)))
    assert end.stderr_tail == ""


def test_secrets_of_command_lines_stay_out() -> None:
    ran = of(1, inv__id="1", start_time="1", dur="1", argv="--password hunter2 -o f")
    [process] = only(InvocationRecorded, told(("inv.end", ran)))
    assert "hunter2" not in " ".join(process.argv)
    assert process.argv[-2:] == ("-o", "f")


def test_a_plan_is_shared_out_alike_in_whatever_order_it_is_told() -> None:
    said: list[Said] = [("job.info", {"job.id": f"job{number:04d}"}) for number in range(250)]
    said += [
        ("job.edge", {"parent.job.id": f"job{number:04d}", "child.job.id": f"job{number + 1:04d}"})
        for number in range(249)
    ]
    forward, backward = told(*said), told(*reversed(said))
    assert forward == backward
    assert [len(chunk.jobs) for chunk in only(JobsPlanned, forward)] != [250]
    assert only(WorkflowPlanned, forward)[0].jobs == 250
    assert sum(len(chunk.edges) for chunk in only(JobsPlanned, forward)) == 249


def test_many_jobs_that_wait_for_more_are_all_told_once() -> None:
    many = MOST_WAITING + MOST_REMEMBERED + 50
    ends = [("job_inst.main.end", of(number, f"job{number}", exitcode="0")) for number in range(1, many)]
    facts = told(*ends)
    assert len(only(JobFinished, facts)) == many - 1


@pytest.mark.parametrize(
    ("event", "fields", "complaint"),
    [
        ("job_inst.main.end", {"job.id": "sum"}, "job_inst.id"),
        ("job_inst.main.end", {"job.id": "sum", "job_inst.id": "one"}, "one"),
        ("inv.end", {"job.id": "sum", "job_inst.id": "1", "inv.id": "1"}, "start_time"),
        ("int.metric", {"job.id": "sum", "job_inst.id": "1", "type": "guess", "count": "1"}, "guess"),
        ("rc.pfn", {"lfn.id": "f"}, "pfn"),
        ("job.info", {"job.id": "sum", "max_retries": "often"}, "often"),
    ],
)
def test_a_record_that_cannot_be_used_is_told_with_its_place(
    event: str, fields: dict[str, str], complaint: str
) -> None:
    refused: list[str] = []
    translator = Translator(Reports(refused.append))
    assert not translator.translate(Record(event, NOON, RUN, RUN, fields, "run.bp:7"))
    assert len(refused) == 1
    assert refused[0].startswith("run.bp:7: ")
    assert complaint in refused[0]
