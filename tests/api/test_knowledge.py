"""Mutations append events, once each, and say when the views show them."""

import threading

import pytest

from projections.projector import Projector

TAG = """mutation Tag($run: ID!, $lfn: String!, $tags: [TagInput!]!, $key: String!, $wait: Float! = 2) {
  tagFile(run: $run, lfn: $lfn, tags: $tags, idempotencyKey: $key, waitSeconds: $wait) {
    eventId position duplicate folded } }"""
FIND = "query Find($text: String!) { files(where: {text: $text}) { edges { node { lfn } } } }"
QUALITY = [{"key": "quality", "value": {"string": "good"}}]


def tag(asked, tags, *, key="k1", run="run-1", lfn="count.a", **others):
    return asked.answer(TAG, run=run, lfn=lfn, tags=tags, key=key, **others)


def found(asked, text):
    return [edge["node"]["lfn"] for edge in asked.ask(FIND, text=text)["files"]["edges"]]


def test_a_tagged_file_is_found_by_its_tag_at_once(server):
    receipt = tag(server, QUALITY)["data"]["tagFile"]
    assert receipt["folded"]
    assert not receipt["duplicate"]
    assert receipt["position"] == str(server.log.head())
    assert found(server, 'quality = "good"') == ["count.a"]


def test_every_type_of_value_keeps_its_type(server):
    values = [
        {"key": "n", "value": {"number": 1.23}},
        {"key": "b", "value": {"boolean": False}},
        {"key": "t", "value": {"time": "2026-11-22T10:00:00+02:00"}},
        {"key": "s", "value": {"string": "1.23"}},
        {"key": "i", "value": {"number": 200}},
    ]
    tag(server, values)
    for text in ("n = 1.23", "b = false", "t = 2026-11-22T08:00:00Z", 's = "1.23"', 'i = "200"'):
        assert found(server, text) == ["count.a"], text
    assert found(server, "s = 1.23") == []


def test_the_same_key_sent_again_says_the_same_once(server):
    first = tag(server, QUALITY)["data"]["tagFile"]
    again = tag(server, QUALITY)["data"]["tagFile"]
    assert again["eventId"] == first["eventId"]
    assert again["duplicate"]
    assert server.log.head() == server.log.head().parse(first["position"])


def test_a_key_used_for_something_else_is_a_conflict(server):
    tag(server, QUALITY)
    other = tag(server, [{"key": "quality", "value": {"string": "bad"}}])
    assert other["errors"][0]["extensions"]["code"] == "CONFLICT"
    assert found(server, 'quality = "bad"') == []


def test_a_retracted_tag_is_found_no_more(server):
    tag(server, QUALITY)
    retract = """mutation { retractTag(run: "run-1", lfn: "count.a", key: "quality", reason: "was wrong",
        idempotencyKey: "k2") { folded } }"""
    assert server.ask(retract)["retractTag"]["folded"]
    assert found(server, "quality exists") == []


def test_invalidated_files_are_not_offered_for_reuse(server):
    invalidate = """mutation Doubt($lfn: String!) {
        invalidate(run: "run-2", lfn: $lfn, reason: "wrong page", idempotencyKey: $lfn) { folded } }"""
    for lfn in ("count.a", "count.b"):
        assert server.ask(invalidate, lfn=lfn)["invalidate"]["folded"]
    rows = server.ask('{ reusable(lfns: ["count.a", "count.b", "count.c"], fromRun: "run-2") { rows } }')
    assert [row[0] for row in rows["reusable"]["rows"]] == ["count.c"]


def test_an_invalidation_sent_again_is_said_once_and_its_id_outlives_the_server(server, serving, run_events):
    invalidate = """mutation Doubt($lfn: String!) { invalidate(
        run: "run-2", lfn: $lfn, reason: "wrong page", idempotencyKey: "k1") { eventId duplicate } }"""
    first, again = (server.ask(invalidate, lfn="count.a")["invalidate"] for _ in range(2))
    assert again == {"eventId": first["eventId"], "duplicate": True}
    assert server.error(invalidate, lfn="count.b")["code"] == "CONFLICT"
    restarted = serving()
    restarted.fold(run_events("run-2", start=1))
    assert restarted.ask(invalidate, lfn="count.a")["invalidate"] == {
        "eventId": first["eventId"],
        "duplicate": False,
    }


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"lfn": "nothing"}, "NOT_FOUND"),
        ({"run": "run-9"}, "NOT_FOUND"),
        ({"tags": []}, "BAD_INPUT"),
        ({"tags": QUALITY * 101}, "BAD_INPUT"),
        ({"tags": [{"key": "", "value": {"string": "x"}}]}, "BAD_INPUT"),
        ({"tags": [{"key": "x", "value": {"string": "x" * 5000}}]}, "BAD_INPUT"),
        ({"tags": [{"key": "x", "value": {}}]}, "BAD_REQUEST"),
        ({"tags": [{"key": "x", "value": {"string": "x", "number": 1}}]}, "BAD_REQUEST"),
        ({"key": ""}, "BAD_INPUT"),
        ({"wait": 1000.0}, "BAD_INPUT"),
    ],
)
def test_a_mutation_that_makes_no_sense_appends_nothing(server, change, code):
    before = server.log.head()
    arguments = {"tags": QUALITY} | change
    assert tag(server, arguments.pop("tags"), **arguments)["errors"][0]["extensions"]["code"] == code
    assert server.log.head() == before


def test_where_somebody_else_folds_a_mutation_waits_for_the_views(serving, run_events):
    behind = threading.Event()
    servers = []

    def follow(stop: threading.Event) -> None:
        while not stop.wait(0.02):
            if servers and not behind.is_set():
                Projector(servers[0].log, servers[0].store).catch_up()

    asked = serving(follow=follow)
    asked.fold(run_events("run-1", start=1))
    servers.append(asked)
    assert tag(asked, QUALITY)["data"]["tagFile"]["folded"]
    assert found(asked, 'quality = "good"') == ["count.a"]
    behind.set()
    threading.Event().wait(0.1)
    assert not tag(asked, QUALITY, key="k2", wait=0.0)["data"]["tagFile"]["folded"]
