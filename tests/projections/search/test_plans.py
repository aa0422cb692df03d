"""How the databases carry a search out: from an index to the files, never over all of them."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from eventlog.facts import FileRegistered, MetadataRegistered, Tag, Tagged
from projections.search.files import find_files
from projections.search.parser import parse_filter

RUNS = 150

FILTERS = [
    'type = "counts" and lines >= 50',
    "lines >= 50",
    "lines = 50 and quality < 3",
    'type in ("counts", "parts")',
    'type startsWith "cou"',
    "quality exists and not lines = 3",
    'tag."other 7" != "y"',
    'queue = "long"',
    'campaign = "campaign 3" and type = "counts"',
    'type = "counts" or queue = "long"',
    'lfn = "out"',
    'lfn startsWith "extra 7"',
    'run = "run-7"',
    'run = "run-7" and size > 5 and checksum = "verified"',
    'workflow = "split" and lines = 50',
    'user = "ada" and lines = 50',
    'transformation = "wc" and lines = 50',
    'site = "local" and type = "counts"',
    'checksum = "corrupt"',
    f'sha256 = "{7:064x}"',
]
BIG = ("files", "tags", "tasks", "uses", "replicas", "checksums")
# what the question itself brings: the keys asked for, the candidates, the values hopped over
SMALL = ("asked", "found_keys", "hops", "wanted", "CONSTANT", "planned")


@pytest.fixture
def full(folded, story) -> Connection:
    """Enough runs that a database would rather use an index, and knows so."""
    events = []
    for number in range(RUNS):
        told = story(f"run-{number}", start=100 * number).planned().ran()
        items = [
            Tagged(target="run", tags=(Tag(key="campaign", type="string", text=f"campaign {number}"),)),
            Tagged(target="job", name="cut_ID1", tags=(Tag(key="queue", type="string", text="long"),)),
        ]
        for place, lfn in enumerate(("in", "mid", "out")):
            lines = float(number + place)
            tags = (
                Tag(key="lines", type="number", text=str(lines), number=lines),
                Tag(key="quality", type="number", text=str(lines % 7), number=lines % 7),
                Tag(key=f"other {number % 40}", type="string", text="x"),
            )
            items.append(Tagged(target="file", name=lfn, tags=tags))
        told.say(
            60,
            MetadataRegistered(run=told.run, items=tuple(items), idempotency_key="more"),
            FileRegistered(
                run=told.run,
                lfn=f"extra {number}",
                pfn="/x",
                site="local",
                sha256=f"{number:064x}",
                ordinal=9,
            ),
        )
        events += told.events
    store = folded(events)
    with store.reading("data") as connection:
        yield connection


@pytest.fixture
def plans(full, statements) -> Callable[[str], list[str]]:
    """The plan of every statement that a filter needs, as its lines."""
    postgres = full.dialect.name == "postgresql"
    if postgres:
        full.exec_driver_sql("ANALYZE")
        # tables this small cost less to read in full than to look up; of a million rows no plan does that
        for way in ("seqscan", "mergejoin", "hashjoin"):
            full.exec_driver_sql(f"SET enable_{way} = off")

    def explain(question: str) -> list[str]:
        with statements(full) as said:
            find_files(full, parse_filter(question), namespaces=("default",))
        explained: list[str] = []
        for statement, parameters in said:
            word = "EXPLAIN" if postgres else "EXPLAIN QUERY PLAN"
            explained += [str(row[-1]) for row in full.exec_driver_sql(f"{word} {statement}", parameters)]
        return explained

    return explain


def full_scans(plan: list[str]) -> list[str]:
    """The lines of a plan that read a whole table, a whole index, or all of a namespace."""
    wrong = []
    for line, following in zip(plan, [*plan[1:], ""], strict=True):
        sqlite = re.search(r"\bSCAN (\w+)", line)
        if sqlite and sqlite[1] not in SMALL and not sqlite[1].startswith("anon_"):
            wrong.append(line)
        postgres = re.search(r"(Seq|Index|Index Only) Scan .*\bon (\w+)", line)
        if postgres and postgres[2] in BIG and "Index Cond" not in following:
            wrong.append(line)
        # `tags` by its own name is hopped over, a value at a time
        if re.search(
            r"SEARCH (?!tags )\w+ .*\(namespace=\?\)|Index Cond: \(namespace = '\w+'::text\)$", line
        ):
            wrong.append(line)
    return wrong


def test_every_kind_of_filter_goes_from_an_index_to_the_files(plans):
    scans = {question: full_scans(plans(question)) for question in FILTERS}
    assert {question: found for question, found in scans.items() if found} == {}


def test_a_plan_that_reads_everything_would_be_noticed(full):
    word = "EXPLAIN" if full.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    for everything in ("SELECT count(*) FROM files", "SELECT namespace FROM tags ORDER BY namespace, key"):
        assert full_scans([str(row[-1]) for row in full.exec_driver_sql(f"{word} {everything}")])
