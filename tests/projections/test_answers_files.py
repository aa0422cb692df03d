"""Answers about files: replicas, checksums, tags, lineage and reuse."""

from collections.abc import Callable, Sequence

import pytest

from eventlog.errors import NotFoundError
from eventlog.event import Event
from eventlog.facts import ChecksumVerified, FileRegistered, MetadataRegistered, Tag, Tagged
from projections.answers.files import file_of, file_without_run
from projections.answers.lineage import lineage_of
from projections.answers.reuse import reusable
from projections.answers.runs import RunRef, resolve_run
from projections.answers.tags import tag_history
from projections.store import ViewStore

Fold = Callable[[Sequence[Event]], ViewStore]
Stories = Callable[..., "object"]

SHA_OUT = "3" * 64


@pytest.fixture
def two_runs(folded: Fold, story: Stories) -> ViewStore:
    """A finished run, and one that took its intermediate file from there."""
    second = story("run-2", start=2_000).planned(reused_from="run-1").attempt(11, "count_ID2", task="ID2")
    return folded([*story("run-1").planned().ran().events, *second.events])


def _run(store: ViewStore, name: str) -> RunRef:
    with store.reading("runs") as connection:
        return resolve_run(connection, name)


def test_a_file_tells_where_it_lies_who_made_it_and_what_is_said_about_it(two_runs: ViewStore) -> None:
    with two_runs.reading("data") as connection:
        file = file_of(connection, _run(two_runs, "run-1"), "out")
    assert [(replica.site, replica.pfn) for replica in file.replicas] == [("local", "/out/out")]
    assert (file.sha256, file.size, file.checksum, file.role) == (SHA_OUT, 3, "computed", "output")
    assert file.producer is not None
    assert (file.producer.task, file.producer.job, file.producer.transformation) == ("ID2", "count_ID2", "wc")
    assert [(tag.key, tag.text) for tag in file.tags.own] == [("lines", "100"), ("type", "counts")]
    assert [(tag.key, tag.target) for tag in file.tags.job] == [("role", "task")]
    assert [(tag.key, tag.target) for tag in file.tags.workflow] == [("project", "workflow")]


def test_a_removed_replica_is_not_shown_and_consumers_are(two_runs: ViewStore) -> None:
    with two_runs.reading("data") as connection:
        file = file_of(connection, _run(two_runs, "run-1"), "mid")
    assert [replica.pfn for replica in file.replicas] == ["/out/mid"]
    assert [task.task for task in file.consumers] == ["ID2"]


def test_a_reused_file_tells_from_which_run_it_comes(two_runs: ViewStore) -> None:
    with two_runs.reading("data") as connection:
        file = file_of(connection, _run(two_runs, "run-2"), "mid")
    assert file.reused is not None
    assert (file.reused.from_run, file.reused.rule) == ("run-1", "exists")
    assert file.producer is not None
    assert file.producer.job is None


def test_a_missing_file_names_what_begins_alike(two_runs: ViewStore) -> None:
    with two_runs.reading("data") as connection, pytest.raises(NotFoundError, match="did you mean out"):
        file_of(connection, _run(two_runs, "run-1"), "ouch")


def test_a_name_of_any_length_is_missing_in_one_readable_line(two_runs: ViewStore) -> None:
    with two_runs.reading("data") as connection, pytest.raises(NotFoundError) as missing:
        file_of(connection, _run(two_runs, "run-1"), "o" * 100_000)
    assert len(str(missing.value)) < 300


def test_a_file_registered_without_a_run_is_found_in_its_namespace(folded: Fold, story: Stories) -> None:
    event = story("file-key").say(1, FileRegistered(run="", lfn="page", pfn="/x", site="local")).events
    with folded(event).reading("data") as connection:
        assert file_without_run(connection, "default", "page").replicas[0].pfn == "/x"
        with pytest.raises(NotFoundError):
            file_without_run(connection, "other", "page")


@pytest.mark.parametrize(
    ("verdicts", "state"),
    [
        ([(10, True)], "verified"),
        ([(10, True), (11, False)], "corrupt"),
        ([(10, False), (11, True)], "verified"),
        ([], "unverified"),
    ],
)
def test_the_last_verification_decides_whether_a_file_is_intact(
    folded: Fold, story: Stories, verdicts: Sequence[tuple[int, bool]], state: str
) -> None:
    told = story("r").planned()
    for ordinal, (second, ok) in enumerate(verdicts):
        found = "a" * 64 if ok else "b" * 64
        told.say(
            second,
            ChecksumVerified(
                run="r", job="j", attempt=1, lfn="in", ok=ok, expected="a" * 64, found=found, ordinal=ordinal
            ),
        )
    store = folded(list(reversed(told.events)))
    with store.reading("data") as connection:
        assert file_of(connection, _run(store, "r"), "in").checksum == state


def test_a_missing_file_is_not_called_corrupt(folded: Fold, story: Stories) -> None:
    missing = ChecksumVerified(run="r", job="j", attempt=1, lfn="in", ok=False, expected="a" * 64)
    store = folded(story("r").planned().say(9, missing).events)
    with store.reading("data") as connection:
        assert file_of(connection, _run(store, "r"), "in").checksum == "unverified"


def test_the_latest_value_of_a_tag_wins_and_its_history_stays(folded: Fold, story: Stories) -> None:
    def said(second: int, value: str) -> list[Event]:
        item = Tagged(target="file", name="out", tags=(Tag(key="mood", type="string", text=value),))
        fact = MetadataRegistered(run="r", items=(item,), origin="user", idempotency_key=value)
        return story("r").say(second, fact).events

    store = folded([*said(20, "good"), *said(10, "bad"), *story("r").planned().events])
    run = _run(store, "r")
    with store.reading("data") as connection:
        own = file_of(connection, run, "out").tags.own
        history = tag_history(connection, run.key, "file", "out", "mood")
    assert ("mood", "good") in [(tag.key, tag.text) for tag in own]
    assert [one.text for one in history] == ["bad", "good"]


def test_lineage_goes_up_over_the_border_of_runs_with_the_commands_that_ran(two_runs: ViewStore) -> None:
    with two_runs.reading("runs") as runs, two_runs.reading("data") as data:
        lineage = lineage_of(runs, data, _run(two_runs, "run-2"), "out")
    assert not lineage.is_partial
    assert {(node.run, node.lfn) for node in lineage.files} == {
        *(("run-2", "out"), ("run-2", "mid"), ("run-2", "in"), ("run-1", "mid"), ("run-1", "in")),
    }
    commands = {(node.run, node.task): (node.argv, node.hostname) for node in lineage.tasks}
    assert commands["run-2", "ID2"] == (("wc", "--fast"), "node1")
    assert commands["run-1", "ID1"] == (("cut", "--fast"), "node1")
    assert ("reused", ("run-1", "mid"), ("run-2", "mid")) in {
        (link.kind, link.source, link.target) for link in lineage.links
    }


def test_lineage_goes_down_to_everything_made_of_a_file(two_runs: ViewStore) -> None:
    with two_runs.reading("runs") as runs, two_runs.reading("data") as data:
        lineage = lineage_of(runs, data, _run(two_runs, "run-1"), "in", direction="down")
    assert {("run-1", "out"), ("run-2", "out")} <= {(node.run, node.lfn) for node in lineage.files}
    assert not lineage.is_partial


@pytest.mark.parametrize("limit", [{"depth": 1}, {"budget": 2}])
def test_lineage_says_where_it_was_cut_off(two_runs: ViewStore, limit: dict[str, int]) -> None:
    with two_runs.reading("runs") as runs, two_runs.reading("data") as data:
        lineage = lineage_of(runs, data, _run(two_runs, "run-1"), "out", **limit)
    assert lineage.is_partial
    assert [node.lfn for node in lineage.files if node.frontier] == ["mid"]


def test_reuse_offers_registered_files_of_tasks_that_succeeded(two_runs: ViewStore) -> None:
    with two_runs.reading("runs") as runs, two_runs.reading("data") as data:
        found = reusable(runs, data, ["in", "mid", "out", "unheard"], namespace="default")
    assert {lfn: [replica.pfn for replica in replicas] for lfn, replicas in found.items()} == {
        "mid": ["/out/mid"],
        "out": ["/out/out"],
    }
    assert found["out"][0].run == "run-1"


def test_reuse_takes_the_newest_run_and_a_named_one_only_if_asked(folded: Fold, story: Stories) -> None:
    events = [
        *story("run-1").planned().ran().events,
        *story("run-3", start=9_000).planned().ran().events,
    ]
    store = folded(events)
    with store.reading("runs") as runs, store.reading("data") as data:
        newest = reusable(runs, data, ["out"], namespace="default")
        named = reusable(runs, data, ["out"], namespace="default", from_run=_run(store, "run-1"))
        elsewhere = reusable(runs, data, ["out"], namespace="other")
    assert (newest["out"][0].run, named["out"][0].run, elsewhere) == ("run-3", "run-1", {})


def test_what_a_run_reused_can_be_reused_from_it_again(two_runs: ViewStore) -> None:
    with two_runs.reading("runs") as runs, two_runs.reading("data") as data:
        found = reusable(runs, data, ["in", "mid"], namespace="default", from_run=_run(two_runs, "run-2"))
    assert {lfn: replicas[0].run for lfn, replicas in found.items()} == {"mid": "run-1"}


def test_a_raw_input_is_no_result_of_the_run_that_read_it(folded: Fold, story: Stories) -> None:
    told = story("run-1").planned().ran()
    told.say(60, FileRegistered(run="run-1", lfn="in", pfn="/raw/in", site="s"))
    store = folded(told.events)
    with store.reading("runs") as runs, store.reading("data") as data:
        assert set(reusable(runs, data, ["in", "out"], namespace="default")) == {"out"}


def test_reuse_offers_nothing_corrupt_invalidated_or_of_a_failed_task(folded: Fold, story: Stories) -> None:
    corrupt = ChecksumVerified(
        run="run-1", job="late", attempt=1, lfn="out", ok=False, expected="a" * 64, found="b" * 64
    )
    told = story("run-1").planned().ran().invalidated("mid").say(50, corrupt)
    failed = story("run-2", start=2_000).planned().attempt(11, "count_ID2", task="ID2", exit_code=1)
    failed.say(30, FileRegistered(run="run-2", job="count_ID2", attempt=1, lfn="out", pfn="/y", site="s"))
    store = folded([*told.events, *failed.events])
    with store.reading("runs") as runs, store.reading("data") as data:
        assert reusable(runs, data, ["mid", "out"], namespace="default") == {}
