"""Ids: the same fact has the same id whoever observes it, and any other fact another."""

import uuid
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.event import Observer
from eventlog.facts import FileRegistered, JobStarted, MetadataRegistered, TasksDeclared
from eventlog.identity import event_id, key_of_file, mutation_id

# Few letters, digits and the separator: texts that could be mistaken for one another, if any can.
TEXTS = st.text("01:ab", max_size=4)
NUMBERS = st.integers(0, 12)
PARTS = st.fixed_dictionaries(
    {
        "kind": TEXTS,
        "root": TEXTS,
        "run": TEXTS,
        "job": TEXTS,
        "attempt": NUMBERS,
        "ordinal": NUMBERS,
        "revision": NUMBERS,
    }
)
STARTED = JobStarted(run="run", job="job", attempt=1)
ALICE = Observer("monitor@a", "alice", "root")


@settings(max_examples=400)
@given(one=PARTS, other=PARTS)
def test_two_facts_share_an_id_only_when_every_part_is_the_same(
    one: dict[str, str | int], other: dict[str, str | int]
) -> None:
    assert (event_id(**one) == event_id(**other)) == (one == other)  # type: ignore[arg-type]


@given(parts=PARTS, name=st.sampled_from(["kind", "root", "run", "job"]))
def test_each_part_of_a_fact_changes_its_id(parts: dict[str, str | int], name: str) -> None:
    assert event_id(**parts) != event_id(**{**parts, name: f"{parts[name]}0"})  # type: ignore[arg-type]


def test_parts_that_join_to_the_same_text_have_different_ids() -> None:
    assert event_id("k", root="a", run="bc") != event_id("k", root="ab", run="c")
    assert event_id("k", root="1:a", run="") != event_id("k", root="", run="1:a")
    assert mutation_id("k", namespace="a", actor="bc", root="r", idempotency_key="d") != mutation_id(
        "k", namespace="ab", actor="c", root="r", idempotency_key="d"
    )


def test_ids_are_a_constant_of_the_format() -> None:
    # Logs out there hold these: a change would let every fact in a second time.
    assert (
        str(event_id("JobStarted", root="r", run="r", job="j", attempt=1))
        == "14327110-e609-5eae-9e99-d13e900eb8c0"
    )
    assert (
        str(mutation_id("MetadataRegistered", namespace="n", actor="a", root="r", idempotency_key="i"))
        == "7c3ee0a6-8b02-5f59-8d5f-431019f73f67"
    )
    assert key_of_file("n", "f.a") == "file-405c9cf690ad0342ccdbcd001832932b"


@given(name=st.text())
def test_ids_are_uuids_of_version_5(name: str) -> None:
    identity = event_id("JobStarted", root=name, run=name)
    assert (identity.version, identity.variant) == (5, uuid.RFC_4122)


def test_a_name_with_bytes_that_are_no_text_has_an_id() -> None:
    assert event_id("k", root="r", run="r", job="\udcff") != event_id("k", root="r", run="r", job="\udcfe")


def test_two_monitors_that_watch_one_job_make_the_same_id() -> None:
    bob = Observer("importer@b", "bob", "root")
    one, other = ALICE.event(STARTED, 1_000_000), bob.event(replace(STARTED, host="node1"), 2_000_000)
    assert one.id == other.id
    assert (one.source, one.actor, one.time) != (other.source, other.actor, other.time)


def test_a_correction_has_an_id_of_its_own() -> None:
    assert ALICE.event(STARTED, 0).id != ALICE.event(replace(STARTED, revision=1), 0).id


def test_chunks_of_one_plan_are_told_apart_by_their_number() -> None:
    chunks = [ALICE.event(TasksDeclared(run="run", chunk=number), 0).id for number in range(3)]
    assert len(set(chunks)) == 3


def test_a_mutation_has_the_id_of_its_idempotency_key() -> None:
    once = MetadataRegistered(run="run", idempotency_key="click-1")
    assert ALICE.event(once, 1).id == ALICE.event(replace(once, run="other"), 2).id
    assert ALICE.event(once, 1).id != ALICE.event(replace(once, idempotency_key="click-2"), 1).id
    assert ALICE.event(once, 1).id != Observer("monitor@a", "bob", "root").event(once, 1).id
    assert ALICE.event(once, 1).id != replace(ALICE, root="another").event(once, 1).id


def test_the_subject_names_run_job_and_attempt() -> None:
    assert ALICE.event(STARTED, 0).subject == "run/job/1"
    assert ALICE.event(FileRegistered(run="run", lfn="f", pfn="/f", site="s"), 0).subject == "run"


@given(st.tuples(TEXTS, TEXTS), st.tuples(TEXTS, TEXTS))
def test_files_share_a_key_only_within_their_namespace(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (key_of_file(*one) == key_of_file(*other)) == (one == other)
