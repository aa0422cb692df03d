"""Replicas: found by precedence, ordered by the selectors."""

from collections.abc import Sequence

import pytest

from eventlog.errors import InputError
from planner.catalogs import Replica, ReplicaCatalog, ReplicaEntry
from planner.replica_lookup import ReplicaLookup
from planner.replica_selection import make_selector
from planner.reuse_index import ReusableFile

REPLICAS = [
    Replica("http://far/f", "far"),
    Replica("/data/f", "here"),
    Replica("file:///data/f", "here"),
    Replica("file:///there/f", "there"),
    Replica("gsiftp://here/f", "here"),
    Replica("file:///mine/f", "local"),
    Replica("http://nowhere/f", ""),
]


def _selected(kind: str, properties: dict[str, str], replicas: Sequence[Replica] = REPLICAS) -> list[object]:
    return [(c.url, c.priority) for c in make_selector(kind, properties).select(replicas, "here")]


def test_the_default_selector_takes_files_then_the_own_site_then_the_rest() -> None:
    assert _selected("Default", {}) == [
        ("file:///data/f", 100),
        ("file:///mine/f", 100),
        ("/data/f", 50),
        ("gsiftp://here/f", 50),
        ("http://far/f", 10),
    ]


def test_the_regex_selector_ranks_by_the_first_pattern_that_matches_the_whole_pfn() -> None:
    ranks = {"1": "file:///data/.*", "3": "http://far", "2": "gsiftp://.*", "10": "http://.*"}
    properties = {f"pegasus.selector.replica.regex.rank.{n}": text for n, text in ranks.items()}
    assert _selected("Regex", properties) == [
        ("file:///data/f", 900),
        ("gsiftp://here/f", 800),
        ("http://far/f", 0),
    ]


def test_file_urls_of_other_sites_are_never_taken() -> None:
    properties = {"pegasus.selector.replica.regex.rank.1": "file://.*"}
    assert _selected("Regex", properties, [Replica("file:///there/f", "there")]) == []
    assert _selected("Default", {}, [Replica("file:///there/f", "there")]) == []


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({}, "no pattern ranks the replicas"),
        ({"pegasus.selector.replica.regex.rank.one": ".*"}, "'one' is no rank"),
        ({"pegasus.selector.replica.regex.rank.1": "("}, "no regular expression"),
    ],
)
def test_ranks_that_cannot_be_used_are_refused(properties: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        make_selector("Regex", properties)


def _catalog(source: str, **places: str) -> ReplicaCatalog:
    entries = {lfn: ReplicaEntry(lfn, (Replica(pfn, "local"),)) for lfn, pfn in places.items()}
    return ReplicaCatalog(entries, source=source)


def test_the_first_source_that_knows_a_file_answers_alone() -> None:
    inline, main = _catalog("inline", a="/i/a"), _catalog("main", a="/m/a", b="/m/b", c="/m/c")
    lookup = ReplicaLookup([inline, main], {"b": ReusableFile("b", "/r/b", "local", run="r0")})
    found = {lfn: lookup.find(lfn) for lfn in "abcd"}
    assert {lfn: known and [r.pfn for r in known.replicas] for lfn, known in found.items()} == {
        "a": ["/i/a"],
        "b": ["/r/b"],
        "c": ["/m/c"],
        "d": None,
    }
    assert lookup.sources == "inline, main"


def test_a_regex_entry_adds_its_copies_with_groups_filled_in() -> None:
    patterns = (
        ReplicaEntry(r"(\w+)\.(\d+)", (Replica("/archive/[2]/[1]/[0]/[7]", "local"),), regex=True),
        ReplicaEntry(r".*", (Replica("/never", "local"),), regex=True),
    )
    exact = {"f.12": ReplicaEntry("f.12", (Replica("/exact", "local"),), sha256="aa")}
    lookup = ReplicaLookup([ReplicaCatalog(exact, patterns)], {})
    known = lookup.find("f.12")
    assert known is not None
    assert [r.pfn for r in known.replicas] == ["/exact", "/archive/12/f/f.12/[7]"]
    assert known.sha256 == "aa"


def test_a_pattern_that_is_no_regular_expression_is_refused_with_its_source() -> None:
    catalog = ReplicaCatalog(patterns=(ReplicaEntry("(", (), regex=True),), source="rc.yml")
    with pytest.raises(InputError, match=r"rc\.yml.*'\('"):
        ReplicaLookup([catalog], {})
