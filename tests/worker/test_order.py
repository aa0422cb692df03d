"""Reading an order."""

import contextlib
import json
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.errors import OrderError
from worker.order import parse_order

LEAST: dict[str, Any] = {
    "version": 1,
    "run": "r",
    "job": "j",
    "kind": "compute",
    "attempt": 1,
    "site": "local",
    "directory": "/scratch",
    "record": "/plan/j.out.000",
    "facts": "/plan/j.facts.000",
}
TASK: dict[str, Any] = {"id": "ID1", "transformation": "t", "executable": "/bin/true"}
MOVE: dict[str, Any] = {
    "lfn": "f.a",
    "sources": [{"site": "s", "url": "file:///a", "priority": 100}],
    "destination": {"site": "d", "url": "/b"},
    "role": "input",
}


def test_keys_that_are_not_needed_have_their_defaults() -> None:
    order = parse_order(json.dumps(LEAST))
    assert (order.workflow, order.planned, order.lock, order.tasks, order.outputs) == ("", None, None, (), ())
    assert (order.threads, order.tries, order.grace) == (8, 3, 10.0)


def test_null_is_as_good_as_missing() -> None:
    nothing = dict.fromkeys(("planned", "lock", "stage_in", "verify", "tasks", "transfer", "register"))
    assert parse_order(json.dumps({**LEAST, **nothing})) == parse_order(json.dumps(LEAST))


def test_digests_are_compared_in_lower_case() -> None:
    order = parse_order(json.dumps({**LEAST, "stage_in": [{**MOVE, "sha256": "AB" * 32}]}))
    assert order.stage_in[0].sha256 == "ab" * 32


MISTAKES = [
    ({"version": 2}, "version: this worker understands orders of version 1, found 2"),
    ({"version": None}, "version: is missing"),
    ({"job": ""}, "job: is empty"),
    ({"job": 3}, "job: expected a string, found a number"),
    ({"attempt": 0}, "attempt: expected at least 1, found 0"),
    ({"attempt": True}, "attempt: expected a whole number, found true or false"),
    ({"directory": "scratch"}, "directory: 'scratch' is no absolute path"),
    ({"lock": "x"}, "lock: 'x' is no absolute path"),
    ({"taks": []}, "taks: unknown key; known are: attempt, directory,"),
    ({"grace": 0}, "grace: expected a number above 0, found 0"),
    ({"transfer": {"threads": 0}}, "transfer.threads: expected at least 1, found 0"),
    ({"tasks": {}}, "tasks: expected a list, found an object"),
    ({"tasks": [{**TASK, "argv": ["a", 2]}]}, "tasks[0].argv[1]: expected a string, found a number"),
    ({"tasks": [{**TASK, "argv": ["\0"]}]}, "tasks[0].argv[0]: holds a NUL character"),
    ({"tasks": [{**TASK, "argv": ["\ud800"]}]}, "tasks[0].argv[0]: is not valid Unicode"),
    (
        {"tasks": [{**TASK, "stdin": "../../etc/passwd"}]},
        "tasks[0].stdin: '../../etc/passwd' leaves the work directory",
    ),
    (
        {"tasks": [{**TASK, "executable": "/a/../b"}]},
        "tasks[0].executable: '/a/../b' leaves the work directory",
    ),
    (
        {"tasks": [{**TASK, "environment": {"A=B": "c"}}]},
        "tasks[0].environment: 'A=B' is no name of a variable",
    ),
    ({"tasks": [{**TASK, "timeout": "1"}]}, "tasks[0].timeout: expected a number, found a string"),
    ({"tasks": [{**TASK, "timeout": float("inf")}]}, "tasks[0].timeout: expected a number"),
    (
        {"outputs": [{"lfn": "x", "path": "a/../../x"}]},
        "outputs[0].path: 'a/../../x' leaves the work directory",
    ),
    ({"outputs": [{"lfn": "x", "path": "x", "optional": 1}]}, "outputs[0].optional: expected true or false"),
    ({"verify": [{"lfn": "x", "path": ".."}]}, "verify[0].path: '..' leaves the work directory"),
    (
        {"verify": [{"lfn": "x", "path": "x", "sha256": "12"}]},
        "verify[0].sha256: expected 64 hexadecimal digits",
    ),
    ({"stage_in": [{**MOVE, "sources": []}]}, "stage_in[0].sources: a transfer needs at least one source"),
    ({"stage_in": [{**MOVE, "role": "both"}]}, "stage_in[0].role: expected input or output, found 'both'"),
    (
        {"stage_out": [{**MOVE, "destination": {"site": "d", "url": "relative"}}]},
        "stage_out[0].destination.url: 'relative' is neither a URL nor an absolute path",
    ),
    (
        {"stage_in": [{**MOVE, "sources": [{"site": "s", "url": "file://elsewhere/a"}]}]},
        "stage_in[0].sources[0].url: file://elsewhere/a names another host",
    ),
    (
        {"removals": [{"site": "s", "url": "file:///scratch/%2e%2e/home", "recursive": True}]},
        "removals[0].url: a removal must not climb up with '..'",
    ),
]


@pytest.mark.parametrize(("keys", "message"), MISTAKES, ids=[message for _, message in MISTAKES])
def test_a_mistake_is_told_with_its_place(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(OrderError) as caught:
        parse_order(json.dumps({**LEAST, **keys}))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '"x"', "[" * 100_000])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(OrderError, match="the order"):
        parse_order(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)
TOP = [*LEAST, "tasks", "outputs", "verify", "stage_in", "removals", "register", "transfer", "grace", "lock"]


@given(st.dictionaries(st.sampled_from(TOP), JSON, max_size=3))
def test_no_order_ends_in_anything_but_an_order_or_an_explanation(keys: dict[str, Any]) -> None:
    with contextlib.suppress(OrderError):
        assert parse_order(json.dumps({**LEAST, **keys})).attempt >= 1


def test_a_worker_with_a_bad_order_does_nothing_and_exits_with_2(site) -> None:
    ended = site.run(tasks=[site.shell("touch ran")], surprise=1)
    assert (ended.code, ended.stdout, ended.facts, ended.record) == (2, "", [], "")
    assert ended.stderr.startswith(
        f"hoofprint-worker: {site.root}/order.json: surprise: unknown key; known are:"
    )
    assert not site.scratch.exists()


def test_an_order_that_is_not_there_is_told_by_name(site) -> None:
    (site.root / "order.json").mkdir()
    command = [site.python, "-I", str(site.worker), "run", str(site.root / "order.json")]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 2
    assert "order.json: the order cannot be read: " in ended.stderr
