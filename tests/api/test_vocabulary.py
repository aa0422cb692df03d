"""Closed vocabularies: the words of the tables are members of enums, and foreign words break no question."""

from dataclasses import fields

import pytest
from sqlalchemy import update

from api.schema.files import ChecksumState, ReuseRule, TagTarget, TagType
from api.schema.jobs import JobState
from api.schema.runs import RunState
from api.schema.vocabulary import Vocabulary
from eventlog.event import Observer
from eventlog.facts import (
    ChecksumComputed,
    ChecksumVerified,
    FileDeclared,
    FilesDeclared,
    JobsReused,
    MetadataRegistered,
    PlanStarted,
    ReusedFile,
    Tag,
    Tagged,
    WorkflowPlanned,
)
from projections.answers.runs import LISTED_STATES, Progress
from projections.groups import group_named
from projections.runs.identity import RUNS
from projections.runs.plan import JOBS
from projections.search.values import ValueType


def words(vocabulary: type[Vocabulary]) -> set[str]:
    return {member.value for member in vocabulary} - {"unknown"}


def test_the_words_are_those_of_the_tables():
    assert words(RunState) == set(LISTED_STATES)
    assert words(JobState) == {field.name for field in fields(Progress)} - {"total"}
    assert words(TagType) == {kind.value for kind in ValueType}


@pytest.mark.parametrize("vocabulary", [ChecksumState, JobState, ReuseRule, RunState, TagTarget, TagType])
def test_a_word_that_nobody_knows_is_unknown(vocabulary):
    assert vocabulary("quantum").name == "UNKNOWN"
    assert vocabulary(None).name == "UNKNOWN"


def foreign_run(run: str):
    """A run whose facts use words that no release of today knows, and one role that nobody told."""
    say = Observer("test", "ada", run)
    told = (Tag(key="length", type="duration", text="P1D"), Tag(key="known", type="string", text="yes"))
    taken = {"run": run, "job": "j", "attempt": 1}
    facts = (
        PlanStarted(run=run, workflow="foreign", root=run, user="ada"),
        FilesDeclared(
            run=run,
            chunk=0,
            files=(FileDeclared(lfn="new", role="temporary"), FileDeclared(lfn="old", role="")),
        ),
        JobsReused(run=run, chunk=1, files=(ReusedFile(task="t", rule="derived", lfn="new", pfn="/new"),)),
        MetadataRegistered(run=run, items=(Tagged(target="file", name="new", tags=told),)),
        ChecksumVerified(**taken, ok=False, lfn="new", role="checkpoint"),
        ChecksumComputed(**taken, lfn="old", role="output", sha256="a" * 64),
        WorkflowPlanned(run=run, tasks=0, files=2, jobs=0, reused_tasks=1, chunks=2),
    )
    return [say.event(fact, 1_000_000) for fact in facts]


def test_foreign_words_of_a_log_are_unknown_and_what_stands_beside_them_is_told(serving):
    asked = serving()
    asked.fold(foreign_run("run-9"))
    told = asked.ask("""{
        new: file(run: "run-9", lfn: "new") { role checksumState reused { rule } tags { key type target } }
        old: file(run: "run-9", lfn: "old") { role checksumState tags { key } }
        run(id: "run-9") { state integrity { mismatches { lfn role } } }
        statistics(run: "run-9") { integrity { kind role } } }""")
    assert told["new"] == {
        "role": "UNKNOWN",
        "checksumState": "UNVERIFIED",
        "reused": {"rule": "UNKNOWN"},
        "tags": [
            {"key": "known", "type": "STRING", "target": "FILE"},
            {"key": "length", "type": "UNKNOWN", "target": "FILE"},
        ],
    }
    assert told["old"] == {"role": None, "checksumState": "COMPUTED", "tags": []}
    assert told["run"] == {
        "state": "PLANNED",
        "integrity": {"mismatches": [{"lfn": "new", "role": "UNKNOWN"}]},
    }
    assert told["statistics"]["integrity"] == [
        {"kind": "CHECK", "role": "UNKNOWN"},
        {"kind": "COMPUTE", "role": "OUTPUT"},
    ]


def test_states_that_other_tables_have_are_unknown_in_lists(server):
    runs = group_named("runs")
    with server.store.storage.writing(runs, server.store.live(runs)) as connection:
        connection.execute(update(RUNS).where(RUNS.c.run == "run-1").values(state="paused"))
        connection.execute(update(JOBS).where(JOBS.c.job == "wc_a").values(state="paused"))
    told = server.ask("""{ runs { edges { node { id state } } }
        jobs(run: "run-1", first: 2) { edges { node { job state } } } }""")
    assert {edge["node"]["id"]: edge["node"]["state"] for edge in told["runs"]["edges"]} == {
        "run-3": "FAILED",
        "run-2": "SUCCEEDED",
        "run-1": "UNKNOWN",
    }
    assert [edge["node"]["state"] for edge in told["jobs"]["edges"]] == ["UNKNOWN", "SUCCEEDED"]


def test_jobs_in_an_unknown_state_cannot_be_asked_for(server):
    for query in (
        '{ jobs(run: "run-1", state: UNKNOWN) { edges { cursor } } }',
        '{ run(id: "run-1") { jobs(state: UNKNOWN) { edges { cursor } } } }',
    ):
        refused = server.error(query)
        assert refused["code"] == "BAD_INPUT"
        assert "choose one of UNSUBMITTED, SUBMITTED" in refused["message"]
