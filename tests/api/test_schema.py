"""The committed schema, and how much one request may ask of it."""

import pytest
from graphql import get_introspection_query

from api.schema import build_schema
from api.schema.__main__ import SDL

FILES = 'files(where: {text: "lines = 1"}, first: %d) { edges { node { lfn tags { key } } } }'


def test_the_committed_schema_is_the_servers():
    committed = SDL.read_text(encoding="utf-8")
    assert committed == build_schema().as_str() + "\n", "run: python -m api.schema"


def test_the_whole_schema_can_be_read_by_introspection(server):
    answered = server.ask(get_introspection_query())
    assert {"Query", "Mutation", "FileFilter"} <= {kind["name"] for kind in answered["__schema"]["types"]}


def test_introspection_can_be_switched_off(serving):
    asked = serving(introspection=False)
    answered = asked.answer("{ __schema { queryType { name } } }")
    assert answered["data"] is None
    assert {error["extensions"]["code"] for error in answered["errors"]} == {"BAD_REQUEST"}
    asked.ask("{ __typename health { head } }")


NESTED = "{ a: run(id: 1) { jobs { edges { node { " + "x { " * 20 + "y" + " }" * 24 + " }"
ALIASES = "{ " + " ".join(f"a{n}: health {{ head }}" for n in range(31)) + " }"
FRAGMENTS = (
    "query { ...f0 } "
    + " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(60))
    + " fragment f60 on Query { health { head } }"
)
CIRCLE = "query { ...a } fragment a on Query { ...b } fragment b on Query { ...a health { head } }"
DIRECTIVES = "{ health " + "@include(if: true) " * 61 + "{ head } }"
TOKENS = "{ " + "health { head } " * 600 + "}"
COSTLY = "{ " + " ".join(f"a{n}: {FILES % 100}" for n in range(20)) + " }"
INTROSPECTION_BOMB = "{ __schema { types { " + "fields { type { " * 6 + "name" + " } }" * 6 + " } } }"


@pytest.mark.parametrize(
    ("query", "part"),
    [
        (NESTED, "levels deep; the limit is 12"),
        (ALIASES, "31 aliases; the limit is 30"),
        (DIRECTIVES, "61 directives; the limit is 60"),
        (FRAGMENTS, "the limit is"),
        (CIRCLE, "itself"),
        (TOKENS, "tokens"),
        (INTROSPECTION_BOMB, "introspection depth"),
        ("{ lineage(run: 1, lfn: 2, budget: 999999999) { nodes { id name run depth } } }", "the limit is"),
    ],
    ids=["depth", "aliases", "directives", "fragments", "circle", "tokens", "introspection", "budget"],
)
def test_a_bomb_is_refused_before_anything_is_run(server, counted_statements, query, part):
    with counted_statements(server) as said:
        errors = server.answer(query)["errors"]
    assert any(part.lower() in error["message"].lower() for error in errors), errors
    assert said == []


def test_the_cost_of_pages_within_pages_is_counted_with_variables_and_their_defaults(server):
    query = """query Deep($first: Int = 100) {
        runs(first: $first) { edges { node { %s } } } }"""
    fields = " ".join(f"a{n}: progress {{ total failed succeeded running held }}" for n in range(30))
    assert "errors" not in server.answer(query % fields)
    walks = (
        f'a{n}: lineage(run: "run-1", lfn: "page", budget: $budget) {{ nodes {{ id name run depth }} }}'
        for n in range(5)
    )
    lineages = f"query Much($budget: Int = 10000) {{ {' '.join(walks)} }}"
    refused = server.error(lineages)
    assert refused["code"] == "LIMIT_EXCEEDED"
    assert "values; ask for smaller pages" in refused["message"]
    assert "errors" not in server.answer(lineages, budget=100)


def test_the_number_of_names_in_a_bulk_look_up_is_bounded(server):
    query = "query Reuse($lfns: [String!]!) { reusable(lfns: $lfns) { columns } }"
    assert server.error(query, lfns=["x"] * 200_001)["code"] == "LIMIT_EXCEEDED"


def test_a_request_over_its_time_budget_is_ended_and_told_so(serving, run_events):
    asked = serving(time_budget=0.000_001)
    asked.fold(run_events("run-1", start=1))
    assert asked.error('{ files(where: {text: "lines = 1"}) { hints } }')["code"] == "TIME_BUDGET_EXCEEDED"


def test_an_error_within_shows_a_reference_and_nothing_else(server, monkeypatch, caplog):
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("SELECT secret FROM inside")

    monkeypatch.setattr(server.store, "reading", broken)
    error = server.error("{ runs { edges { cursor } } }")
    assert error["code"] == "INTERNAL"
    assert "secret" not in error["message"]
    reference = error["message"].rpartition(" ")[2]
    assert reference in caplog.text


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b"{", "no GraphQL request"),
        (b"[]", "no GraphQL request"),
        (b'{"query": 7}', "no GraphQL request"),
        (b'{"query": "{ health { head } }", "id": 1}', "no GraphQL request"),
        (b"[" * 100_000, "no GraphQL request"),
    ],
)
def test_a_body_that_is_no_request_is_refused(server, body, part):
    response = server.client.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400
    assert part in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "query", ["", "{", "query A { health { head } } query B { health { head } }", "{ nothing }"]
)
def test_a_query_that_is_none_is_a_bad_request(server, query):
    codes = {error["extensions"]["code"] for error in server.answer(query)["errors"]}
    assert codes <= {"BAD_REQUEST", "BAD_INPUT"}


def test_of_several_operations_the_named_one_is_run(server):
    query = "query A { health { head } } query B { runs(first: 1) { edges { cursor } } }"
    for name, field in (("A", "health"), ("B", "runs")):
        answered = server.client.post("/graphql", json={"query": query, "operationName": name}).json()
        assert list(answered["data"]) == [field]
    unknown = server.client.post("/graphql", json={"query": query, "operationName": "C"}).json()
    assert unknown["errors"][0]["extensions"]["code"] == "BAD_INPUT"


def test_queries_are_not_taken_from_forms_or_addresses(server):
    form = server.client.post("/graphql", data={"query": "{ health { head } }"})
    assert form.status_code == 400
    page = server.client.get("/graphql", params={"query": "{ health { head } }"})
    assert page.headers["content-type"].startswith("text/html")
