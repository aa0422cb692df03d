"""Names and cursors that no table can hold are refused in words, whatever database stands behind."""

import base64
import json

import pytest

from api.schema.naming import MAX_NAME

ASKING = {
    "run": "query Ask($name: ID!) { run(id: $name) { id } }",
    "workflow": "query Ask($name: String!) { runs(workflow: $name) { edges { cursor } } }",
    "job": 'query Ask($name: String!) { job(run: "run-1", name: $name) { executable } }',
    "file": 'query Ask($name: String!) { file(run: "run-1", lfn: $name) { size } }',
    "lineage": 'query Ask($name: String!) { lineage(run: "run-1", lfn: $name) { isPartial } }',
    "reusable": "query Ask($name: String!) { reusable(lfns: [$name]) { rows } }",
    "namespace": "query Ask($name: String!) { reusable(lfns: [], namespace: $name) { rows } }",
    "tagged": """mutation Ask($name: String!) {
        retractTag(run: "run-1", lfn: $name, key: "type", idempotencyKey: "1") { folded } }""",
}


@pytest.mark.parametrize("query", ASKING.values(), ids=ASKING)
def test_a_name_that_no_table_holds_is_bad_input(server, query):
    held = server.error(query, name="a\0b")
    assert held["code"] == "BAD_INPUT"
    assert "holds a NUL" in held["message"]
    long = server.error(query, name="x" * (MAX_NAME + 1))
    assert long["code"] == "BAD_INPUT"
    assert f"at most {MAX_NAME}" in long["message"]


@pytest.mark.parametrize("key", [[1 << 63, 1], [1, -(1 << 63) - 1], [10**30, 1], [1], ["1", "1"]])
def test_a_cursor_whose_numbers_no_table_holds_is_none_of_runs(server, key):
    cursor = base64.urlsafe_b64encode(json.dumps(key).encode()).decode()
    refused = server.error(
        "query After($after: String!) { runs(after: $after) { edges { cursor } } }", after=cursor
    )
    assert refused["code"] == "BAD_INPUT"
    assert "no cursor of a page of runs" in refused["message"]


def test_a_cursor_of_jobs_that_holds_a_nul_is_refused(server):
    cursor = base64.urlsafe_b64encode(json.dumps("a\0b").encode()).decode()
    query = 'query After($after: String!) { jobs(run: "run-1", after: $after) { edges { cursor } } }'
    assert server.error(query, after=cursor)["code"] == "BAD_INPUT"
