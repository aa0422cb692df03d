"""Files over GraphQL: found by filter, page by page, with what is known of them."""

import pytest

COUNTS = """
query Counts($least: Float!) {
  files(where: {and: [
    {tag: {key: "type", eq: {string: "counts"}}},
    {tag: {key: "lines", gte: {number: $least}}}
  ]}) {
    edges { node { lfn run workflow namespace size sha256 checksumState job transformation
                   replicas { site pfn } tags { key text level } } }
  }
}
"""
FIND = """
query Find($where: FileFilter!, $first: Int = 100, $after: String) {
  files(where: $where, first: $first, after: $after) {
    hints edges { cursor node { lfn run } } pageInfo { hasNextPage endCursor }
  }
}
"""


def found(answer):
    return sorted(f"{edge['node']['run']}/{edge['node']['lfn']}" for edge in answer["files"]["edges"])


def test_counts_are_found_with_where_they_lie_and_whether_they_were_verified(server):
    edges = server.ask(COUNTS, least=50)["files"]["edges"]
    assert sorted((edge["node"]["run"], edge["node"]["lfn"]) for edge in edges) == [
        (run, f"count.{part}") for run in ("run-1", "run-2", "run-3") for part in "ab"
    ]
    first = next(edge["node"] for edge in edges if edge["node"]["run"] == "run-1")
    part = first["lfn"][-1]
    assert first["checksumState"] == "VERIFIED"
    assert first["replicas"] == [{"site": "local", "pfn": f"/out/run-1/count.{part}"}]
    assert first["job"] == f"wc_{part}"
    assert first["transformation"] == "wc"
    assert {"key": "type", "text": "counts", "level": "OWN"} in first["tags"]
    assert {"key": "project", "text": "books", "level": "WORKFLOW"} in first["tags"]


@pytest.mark.parametrize(
    "where",
    [
        {"text": 'type = "counts" and lines in (100, 70) and run = "run-1"'},
        {
            "tag": {"key": "lines", "in": [{"number": 100}, {"number": 70}]},
            "field": {"name": "RUN", "eq": {"string": "run-1"}},
        },
        {
            "and": [
                {"or": [{"tag": {"key": "lines", "gt": {"number": 50}, "lte": {"number": 100}}}]},
                {"not": {"field": {"name": "RUN", "ne": {"string": "run-1"}}}},
            ]
        },
        {
            "tag": {"key": "temperature", "gte": {"number": 200}},
            "field": {"name": "LFN", "startsWith": "count."},
            "text": 'run = "run-1" and lines > 69.5',
        },
        {
            "and": [
                {"tag": {"key": "type", "exists": True}},
                {"tag": {"key": "nothing", "exists": False}},
                {"field": {"name": "CREATED", "lt": {"time": "1971-01-01"}}},
                {"field": {"name": "RUN", "eq": {"string": "run-1"}}},
                {"tag": {"key": "lines", "gt": {"number": 50}}},
            ]
        },
    ],
)
def test_the_same_files_are_found_however_the_filter_is_put(server, where):
    assert found(server.ask(FIND, where=where)) == ["run-1/count.a", "run-1/count.b"]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({}, "needs one of: and, or, not, tag, field, text"),
        ({"and": []}, "'and' needs at least one"),
        ({"tag": {"key": "x"}}, "tag 'x' needs one of: eq"),
        ({"tag": {"key": "", "exists": True}}, "1 to 255 characters"),
        ({"field": {"name": "SIZE", "gt": {"number": 1}}}, "no term that an index can answer"),
        ({"field": {"name": "SIZE", "eq": {"string": "big"}}}, "size is a number"),
        ({"field": {"name": "CHECKSUM", "eq": {"string": "verifed"}}}, "nearest: verified"),
        ({"tag": {"key": "x", "lt": {"boolean": True}}}, "does not apply to true and false"),
        ({"text": "lines >="}, "column 9"),
        ({"tag": {"key": "x", "eq": {"string": "a\0b"}}}, "NUL"),
        ({"tag": {"key": "x", "in": [{"number": n} for n in range(1001)]}}, "1 to 1000 values"),
        ({"or": [{"tag": {"key": "x", "exists": True}}] * 101}, "at most 100"),
    ],
)
def test_a_filter_that_cannot_be_answered_is_refused_with_its_reason(server, where, message):
    error = server.error(FIND, where=where)
    assert error["code"] == "BAD_INPUT"
    assert message in error["message"]


def test_a_filter_nested_beyond_reason_is_refused(server):
    where = {"tag": {"key": "x", "exists": True}}
    for _ in range(40):
        where = {"not": where}
    assert server.error(FIND, where=where)["code"] == "BAD_INPUT"


@pytest.mark.parametrize(
    "value",
    [
        "' OR 1=1 --",
        "%",
        "_",
        "100%",
        "\\",
        '"',
        "; DROP TABLE files",
        "$1",
        ":x",
        "(?:.*)+",
        "\u202e",
        "\U0001d518" * 50,
    ],
)
def test_hostile_values_are_only_values(server, value):
    for comparison in ("eq", "ne", "gt", "lte"):
        where = {"tag": {"key": value, comparison: {"string": value}}}
        assert found(server.ask(FIND, where=where)) == []
    assert found(server.ask(FIND, where={"tag": {"key": "type", "startsWith": value}})) == []
    assert found(server.ask(FIND, where={"text": 'type = "counts"'}))


def test_pages_are_stable_while_runs_are_added(server, run_events):
    where = {"tag": {"key": "type", "eq": {"string": "counts"}}}
    seen, after, turns = [], None, 0
    while True:
        page = server.ask(FIND, where=where, first=3, after=after)
        seen += found(page)
        if not page["files"]["pageInfo"]["hasNextPage"]:
            break
        after, turns = page["files"]["pageInfo"]["endCursor"], turns + 1
        server.fold(run_events(f"new-{turns}", start=10_000 * turns))
    assert {f"run-{run}/count.{part}" for run in (1, 2, 3) for part in "abcd"} <= set(seen)
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("first", [0, -1, 101, 1000])
def test_pages_are_bounded(server, first):
    error = server.error(FIND, where={"text": 'type = "counts"'}, first=first)
    assert error["code"] == "BAD_INPUT"
    assert "1 to 100" in error["message"]


def test_a_foreign_cursor_is_refused(server):
    assert "no cursor" in server.error(FIND, where={"text": "lines = 1"}, after="AAAA")["message"]


def test_an_empty_page_hints_at_the_nearest_key(server):
    page = server.ask(FIND, where={"text": "lnes >= 50"})
    assert page["files"]["hints"] == ["nothing carries a tag 'lnes'; nearest: lines"]


def test_a_page_of_twenty_takes_as_many_statements_as_a_page_of_one(server, counted_statements):
    query = """query Page($first: Int!) { files(where: {text: "type = \\"counts\\""}, first: $first) {
        edges { node { lfn tags { key } replicas { pfn } } } } }"""
    counts = {}
    for first in (1, 20):
        with counted_statements(server) as said:
            assert server.ask(query, first=first)["files"]["edges"]
        counts[first] = len(said)
    assert counts[20] == counts[1]
    assert counts[1] < 15


def test_the_total_is_counted_only_when_asked_for(server, counted_statements):
    query = 'query { files(where: {text: "type = \\"counts\\""}, first: 1) { %s edges { cursor } } }'
    with counted_statements(server) as without:
        server.ask(query % "")
    with counted_statements(server) as counted:
        assert server.ask(query % "totalCount")["files"]["totalCount"] == 12
    assert not any("count(*)" in statement for statement in without)
    assert any("count(*)" in statement for statement in counted)


def test_one_file_tells_who_made_it_and_who_reads_it(server):
    file = server.ask("""{ file(run: "run-1", lfn: "part.a") {
        lfn role producer { task transformation job } consumers { task job } reused { fromRun } size } }""")
    assert file["file"] == {
        "lfn": "part.a",
        "role": "INTERMEDIATE",
        "producer": {"task": "ID1", "transformation": "split", "job": None},
        "consumers": [{"task": "wc-a", "job": "wc_a"}],
        "reused": None,
        "size": None,
    }


def test_a_file_that_is_not_there_is_not_found_and_names_alike_are_told(server):
    error = server.error('{ file(run: "run-1", lfn: "count.x") { lfn } }')
    assert error["code"] == "NOT_FOUND"
    assert "count.a" in error["message"]


def test_lineage_leads_from_a_count_up_to_the_page(server):
    lineage = server.ask("""{ lineage(run: "run-1", lfn: "count.a") {
        isPartial nodes { __typename id name depth ... on LineageTask { transformation argv } }
        edges { kind source target } } }""")["lineage"]
    assert not lineage["isPartial"]
    names = {node["name"]: node for node in lineage["nodes"]}
    assert set(names) == {"count.a", "wc-a", "part.a", "ID1", "page"}
    assert names["wc-a"]["argv"] == ["wc", "-l", "part.a"]
    assert {"kind": "WRITTEN", "source": names["wc-a"]["id"], "target": names["count.a"]["id"]} in lineage[
        "edges"
    ]
    assert {"kind": "READ", "source": names["page"]["id"], "target": names["ID1"]["id"]} in lineage["edges"]


def test_lineage_says_where_its_depth_ended_it(server):
    lineage = server.ask("""{ lineage(run: "run-1", lfn: "page", direction: DOWN, depth: 1) {
        isPartial nodes { name ... on LineageFile { frontier } } } }""")["lineage"]
    assert lineage["isPartial"]
    assert {node["name"] for node in lineage["nodes"] if node.get("frontier")} == {
        f"part.{part}" for part in "abcd"
    }


def test_reusable_files_are_looked_up_in_bulk(server):
    names = [f"count.{part}" for part in "abcd"] + [f"none-{n}" for n in range(20_000)]
    query = "query Reuse($lfns: [String!]!) { reusable(lfns: $lfns) { columns rows } }"
    answered = server.ask(query, lfns=names)["reusable"]
    rows = [dict(zip(answered["columns"], row, strict=True)) for row in answered["rows"]]
    # count.d of the newest run was never made
    assert {row["lfn"]: row["run"] for row in rows} == {
        "count.a": "run-3",
        "count.b": "run-3",
        "count.c": "run-3",
        "count.d": "run-2",
    }
    assert rows[0]["pfn"] == f"/out/{rows[0]['run']}/{rows[0]['lfn']}"
