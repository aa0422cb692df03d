"""Merging: nothing twice, gaps filled, contradictions counted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from eventlog.codec import Codec
from eventlog.event import Observer
from eventlog.facts import (
    ChecksumComputed,
    Fact,
    FileDeclared,
    FilesDeclared,
    Host,
    InvocationRecorded,
    JobFinished,
    JobNoted,
    JobStarted,
    MetadataRegistered,
    Tag,
    Tagged,
    TaskDeclared,
    TasksDeclared,
    WorkflowPlanned,
)
from eventlog.log import read_all
from eventlog.memory import MemoryLog
from monitor.pegasus.merging import Counts, Merger

RUN = "11111111-0000-0000-0000-000000000001"
SECOND = 1_000_000
NOON = 1_700_000_000 * SECOND
OBSERVER = Observer("test", "ada", RUN)

FINISHED = JobFinished(run=RUN, job="sum", attempt=1, exit_raw=0, local_duration=3 * SECOND)
INVOKED = InvocationRecorded(
    run=RUN, job="sum", attempt=1, sequence=1, start=NOON, duration=2_220_000, exit_raw=0
)


@dataclass
class Kept:
    """A log, and what an import of facts into it comes to."""

    log: MemoryLog

    def offer(self, *facts: Fact, time: int = NOON) -> Counts:
        merger = Merger(self.log)
        offered = [merger.new(OBSERVER.event(fact, time)) for fact in facts]
        events = [event for event in offered if event is not None]
        if events:
            self.log.append(events)
        return merger.take_counts()

    def facts(self) -> Sequence[Fact]:
        codec = Codec(self.log)
        return [codec.decode(record).fact for record in read_all(self.log)]


@pytest.fixture
def kept() -> Kept:
    return Kept(MemoryLog())


def counts(made: Counts) -> tuple[int, int, int, int]:
    return made.added, made.refined, made.known, made.contradicted


def test_of_an_unknown_run_everything_is_new(kept: Kept) -> None:
    assert counts(kept.offer(FINISHED, INVOKED)) == (2, 0, 0, 0)
    assert kept.facts() == [FINISHED, INVOKED]


def test_the_same_again_adds_nothing(kept: Kept) -> None:
    kept.offer(FINISHED, INVOKED)
    assert counts(kept.offer(FINISHED, INVOKED)) == (0, 0, 2, 0)
    assert len(kept.facts()) == 2


def test_what_fills_a_gap_is_said_in_the_next_revision_once(kept: Kept) -> None:
    kept.offer(FINISHED)
    richer = replace(FINISHED, user="ada", host=Host(hostname="node1", ip="10.0.0.1"))
    assert counts(kept.offer(richer)) == (0, 1, 0, 0)
    assert kept.facts()[-1] == replace(richer, revision=1)
    assert counts(kept.offer(richer, FINISHED)) == (0, 0, 2, 0)


def test_two_sources_that_fill_each_others_gaps_make_one_fact(kept: Kept) -> None:
    kept.offer(replace(FINISHED, user="ada"))
    kept.offer(replace(FINISHED, site="pool"))
    assert kept.facts()[-1] == replace(FINISHED, user="ada", site="pool", revision=1)


def test_a_contradiction_leaves_the_first_and_is_shown_with_both_values(kept: Kept) -> None:
    kept.offer(FINISHED)
    made = kept.offer(replace(FINISHED, exit_raw=256))
    assert counts(made) == (0, 0, 1, 1)
    [contradiction] = made.contradictions
    assert (contradiction.subject, contradiction.fact) == (f"{RUN}/sum/1", "JobFinished")
    assert (contradiction.field, contradiction.kept, contradiction.offered) == ("exit_raw", "0", "256")
    assert kept.facts() == [FINISHED]


def test_values_of_several_lines_are_shown_in_one(kept: Kept) -> None:
    kept.offer(replace(FINISHED, exit_raw=256, stderr_tail="no space\n\nleft"))
    [contradiction] = kept.offer(replace(FINISHED, exit_raw=256, stderr_tail="killed\n")).contradictions
    assert (contradiction.kept, contradiction.offered) == ("no space left", "killed")


def test_where_one_field_contradicts_another_may_still_be_filled(kept: Kept) -> None:
    kept.offer(FINISHED)
    assert counts(kept.offer(replace(FINISHED, exit_raw=256, user="ada"))) == (0, 1, 0, 1)
    assert kept.facts()[-1] == replace(FINISHED, user="ada", revision=1)


def test_a_finer_time_refines_and_a_coarser_one_adds_nothing(kept: Kept) -> None:
    kept.offer(INVOKED)
    finer = replace(INVOKED, start=NOON + 818_000)
    assert counts(kept.offer(finer)) == (0, 1, 0, 0)
    assert counts(kept.offer(INVOKED)) == (0, 0, 1, 0)
    assert kept.facts()[-1] == replace(finer, revision=1)


def test_a_time_that_differs_by_more_than_its_precision_is_a_contradiction(kept: Kept) -> None:
    kept.offer(JobStarted(run=RUN, job="sum", attempt=1))
    assert counts(kept.offer(JobStarted(run=RUN, job="sum", attempt=1), time=NOON + SECOND)) == (0, 0, 1, 1)


def test_an_events_time_is_refined_as_well(kept: Kept) -> None:
    started = JobStarted(run=RUN, job="sum", attempt=1)
    kept.offer(started)
    assert counts(kept.offer(started, time=NOON + 250_000)) == (0, 1, 0, 0)
    assert [record.time for record in read_all(kept.log)] == [NOON, NOON + 250_000]


def test_when_something_was_written_down_is_no_contradiction(kept: Kept) -> None:
    declared = FilesDeclared(run=RUN, chunk=0, files=(FileDeclared(lfn="a", role="input"),))
    kept.offer(declared)
    assert counts(kept.offer(declared, time=NOON + 5 * SECOND)) == (0, 0, 1, 0)


def test_chunks_are_merged_item_by_item(kept: Kept) -> None:
    bare = TaskDeclared(task="t1", transformation="sum", uses=("a", "b"))
    kept.offer(TasksDeclared(run=RUN, chunk=0, tasks=(bare,)))
    told = TaskDeclared(task="t1", transformation="sum", inputs=("a",), outputs=("c",))
    more = TaskDeclared(task="t2", transformation="sum")
    assert counts(kept.offer(TasksDeclared(run=RUN, chunk=0, tasks=(told, more)))) == (0, 1, 0, 0)
    merged = replace(told, uses=("b",))
    assert kept.facts()[-1] == TasksDeclared(run=RUN, chunk=0, tasks=(merged, more), revision=1)
    assert counts(kept.offer(TasksDeclared(run=RUN, chunk=0, tasks=(bare,)))) == (0, 0, 1, 0)


def test_a_plan_that_was_cut_off_grows(kept: Kept) -> None:
    cut = WorkflowPlanned(run=RUN, tasks=1, files=0, jobs=2, reused_tasks=0, chunks=2)
    kept.offer(cut)
    whole = replace(cut, tasks=3, jobs=4)
    assert counts(kept.offer(whole)) == (0, 1, 0, 0)
    assert counts(kept.offer(cut)) == (0, 0, 1, 0)


def said(key: str, text: str, job: str = "", attempt: int = 0) -> MetadataRegistered:
    item = Tagged(target="file", name="f", tags=(Tag(key=key, type="string", text=text),))
    return MetadataRegistered(run=RUN, items=(item,), job=job, attempt=attempt)


def test_metadata_that_a_job_said_is_not_said_again_by_who_knows_no_job(kept: Kept) -> None:
    kept.offer(said("user", "ada", "sum", 1))
    assert counts(kept.offer(said("user", "ada"))) == (0, 0, 1, 0)
    assert len(kept.facts()) == 1


def test_metadata_that_was_said_without_a_job_is_not_said_again_by_it(kept: Kept) -> None:
    kept.offer(said("user", "ada"))
    assert counts(kept.offer(said("user", "ada", "sum", 1))) == (0, 0, 1, 0)


def test_another_attempt_may_say_something_else(kept: Kept) -> None:
    kept.offer(said("size", "1", "sum", 1))
    assert counts(kept.offer(said("size", "2", "sum", 2))) == (1, 0, 0, 0)


def test_what_two_attempts_say_alike_both_have_said(kept: Kept) -> None:
    first, second = said("user", "ada", "sum", 1), said("user", "ada", "sum", 2)
    kept.offer(first)
    assert counts(kept.offer(first, second)) == (1, 0, 1, 0)
    assert kept.facts() == [first, second]


def test_a_key_that_the_same_attempt_did_not_say_is_added_alone(kept: Kept) -> None:
    kept.offer(said("size", "1", "sum", 1))
    tags = (Tag(key="size", type="string", text="1"), Tag(key="user", type="string", text="ada"))
    both = MetadataRegistered(
        run=RUN, items=(Tagged(target="file", name="f", tags=tags),), job="sum", attempt=1
    )
    assert counts(kept.offer(both)) == (0, 1, 0, 0)
    assert kept.facts()[-1] == replace(said("user", "ada", "sum", 1), revision=1)


def test_metadata_that_contradicts_what_the_same_attempt_said_is_shown(kept: Kept) -> None:
    kept.offer(said("size", "1", "sum", 1))
    made = kept.offer(said("size", "2", "sum", 1))
    assert counts(made) == (0, 0, 1, 1)
    assert (made.contradictions[0].kept, made.contradictions[0].offered) == ("1", "2")


def test_a_value_that_a_database_cut_is_known(kept: Kept) -> None:
    kept.offer(said("note", "x" * 400, "sum", 1))
    assert counts(kept.offer(said("note", "x" * 255))) == (0, 0, 1, 0)


def test_a_digest_that_a_job_told_is_not_told_again_without_it(kept: Kept) -> None:
    digest = ChecksumComputed(run=RUN, job="sum", attempt=1, lfn="f", sha256="ab" * 32, count=0)
    kept.offer(digest)
    assert counts(kept.offer(replace(digest, job="", attempt=0))) == (0, 0, 1, 0)


@pytest.mark.parametrize("note", ["job-terminated"])
def test_a_snapshot_adds_nothing_to_what_ended(kept: Kept, note: str) -> None:
    kept.offer(FINISHED)
    noted = JobNoted(run=RUN, job="sum", attempt=1, note=note, ordinal=1_000_000)
    assert counts(kept.offer(noted)) == (0, 0, 1, 0)


def test_what_was_refined_before_in_the_same_import_is_refined_further(kept: Kept) -> None:
    kept.offer(FINISHED)
    made = kept.offer(replace(FINISHED, user="ada"), replace(FINISHED, site="pool"))
    assert counts(made) == (0, 2, 0, 0)
    assert kept.facts()[-1] == replace(FINISHED, user="ada", site="pool", revision=2)


def test_other_runs_and_namespaces_are_not_looked_at(kept: Kept) -> None:
    kept.log.append([Observer("test", "ada", RUN, "other").event(FINISHED, NOON)])
    assert counts(kept.offer(INVOKED)) == (1, 0, 0, 0)


@pytest.mark.parametrize("exit_raw", [5 << 8, 127 << 8, 9])
def test_an_exit_code_is_better_than_that_a_job_failed(exit_raw: int) -> None:
    failed, told = replace(FINISHED, exit_raw=-1), replace(FINISHED, exit_raw=exit_raw)
    kept = Kept(MemoryLog())
    kept.offer(failed)
    assert kept.offer(told).refined == 1
    counts = kept.offer(failed)
    assert (counts.known, counts.refined, counts.contradicted) == (1, 0, 0)
    assert kept.facts()[-1] == replace(told, revision=1)


def test_that_a_job_failed_contradicts_that_it_succeeded() -> None:
    kept = Kept(MemoryLog())
    kept.offer(FINISHED)
    assert kept.offer(replace(FINISHED, exit_raw=-1)).contradicted == 1


def test_that_a_process_was_not_started_is_an_exit_code_of_its_own() -> None:
    kept = Kept(MemoryLog())
    kept.offer(replace(INVOKED, exit_raw=-1))
    assert kept.offer(replace(INVOKED, exit_raw=256)).contradicted == 1


@pytest.mark.parametrize("coarse", [2_220_000, 2_221_000])
def test_a_duration_that_a_database_cut_off_or_rounded_agrees_with_the_finer_one(coarse: int) -> None:
    kept = Kept(MemoryLog())
    kept.offer(replace(INVOKED, duration=coarse))
    fine = replace(INVOKED, duration=2_220_700)
    assert kept.offer(fine).refined == 1
    counts = kept.offer(replace(INVOKED, duration=coarse))
    assert (counts.known, counts.contradicted) == (1, 0)
    assert kept.facts()[-1] == replace(fine, revision=1)


def test_a_record_that_is_seen_late_tells_better_than_the_engine_when_its_task_ran(kept: Kept) -> None:
    by_engine = replace(INVOKED, start=NOON - 5 * SECOND, duration=9 * SECOND, exit_raw=256, argv=("a",))
    by_record = replace(INVOKED, cpu_time=2 * SECOND, maxrss=7, executable="/bin/sum")
    kept.offer(by_engine)
    counts = kept.offer(by_record)
    assert (counts.refined, counts.contradicted) == (1, 0)
    assert kept.facts()[-1] == replace(by_record, argv=("a",), revision=1)
    counts = kept.offer(by_engine, by_record)
    assert (counts.known, counts.refined, counts.contradicted) == (2, 0, 0)


def test_two_records_of_one_task_still_contradict_each_other(kept: Kept) -> None:
    kept.offer(replace(INVOKED, maxrss=7))
    assert kept.offer(replace(INVOKED, maxrss=7, start=NOON - 5 * SECOND)).contradicted == 1


def test_a_second_too_late_is_no_rounding() -> None:
    kept = Kept(MemoryLog())
    kept.offer(replace(INVOKED, duration=3 * SECOND))
    assert kept.offer(replace(INVOKED, duration=2_220_700)).contradicted == 1


@pytest.mark.parametrize("told", [9, 137 << 8])
def test_a_signal_is_better_than_its_number_as_an_exit_code(told: int) -> None:
    bare, signal = replace(FINISHED, exit_raw=9 << 8), replace(FINISHED, exit_raw=told)
    for first, second, refined in ((bare, signal, 1), (signal, bare, 0)):
        kept = Kept(MemoryLog())
        kept.offer(first)
        counts = kept.offer(second)
        assert (counts.refined, counts.contradicted) == (refined, 0)
        assert isinstance(end := kept.facts()[-1], JobFinished)
        assert end.exit_raw == told


@pytest.mark.parametrize(("one", "other"), [(2 << 8, 1 << 8), (9 << 8, 11), (9 << 8, 139 << 8), (0, 9)])
def test_other_exit_codes_contradict_each_other(one: int, other: int) -> None:
    for first, second in ((one, other), (other, one)):
        kept = Kept(MemoryLog())
        kept.offer(replace(FINISHED, exit_raw=first))
        assert kept.offer(replace(FINISHED, exit_raw=second)).contradicted == 1
