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


def test_counts_are_found_with_where_they_lie_and_whether_they_were_verified(server):
    found = server.ask(COUNTS, least=50)["files"]["edges"]
    assert sorted((edge["node"]["run"], edge["node"]["lfn"]) for edge in found) == [
        (run, f"count.{part}") for run in ("run-1", "run-2", "run-3") for part in "ab"
    ]
    first = next(edge["node"] for edge in found if edge["node"]["run"] == "run-1")
    part = first["lfn"][-1]
    assert first["checksumState"] == "VERIFIED"
    assert first["replicas"] == [{"site": "local", "pfn": f"/out/run-1/count.{part}"}]
    assert first["job"] == f"wc_{part}"
    assert first["transformation"] == "wc"
    assert {"key": "type", "text": "counts", "level": "OWN"} in first["tags"]
    assert {"key": "project", "text": "books", "level": "WORKFLOW"} in first["tags"]
