"""Files to search: three runs of two workflows with tags on every level."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, event

from eventlog.event import Event
from eventlog.facts import ChecksumVerified, FileRegistered, MetadataRegistered, Tag, Tagged
from projections.search.files import FilePage, find_files
from projections.search.parser import parse_filter
from projections.store import ViewStore

Find = Callable[..., list[str]]


def _tagged(target: str, name: str, **values: str | float | bool) -> Tagged:
    return Tagged(target=target, name=name, tags=tuple(_tag(key, value) for key, value in values.items()))


def _tag(key: str, value: str | float | bool) -> Tag:
    if isinstance(value, bool):
        return Tag(key=key, type="boolean", text=str(value).lower(), number=float(value))
    if isinstance(value, str):
        return Tag(key=key, type="string", text=value)
    return Tag(key=key, type="number", text=str(value), number=float(value))


@pytest.fixture
def library(story) -> Sequence[Event]:
    """run-1 (ran well), run-2 (planned, tagged on every level), run-3 (of another namespace)."""
    first = story("run-1").planned().ran()
    second = story("run-2", start=2_000).planned()
    second.say(
        50,
        MetadataRegistered(
            run="run-2",
            origin="user",
            idempotency_key="all levels",
            items=(
                _tagged("run", "", campaign="spring"),
                _tagged("job", "cut_ID1", queue="long", tries=3),
                _tagged("task", "ID1", quality=0.5),
                _tagged("file", "mid", quality=1.23, sample="100%_a", long="x" * 300, wanted=True),
                _tagged("file", "in", quality="1.23", sample="100xya", size="huge"),
                Tagged(
                    target="file",
                    name="out",
                    tags=(Tag(key="measured", type="time", text="2026-11-22", number=1795305600e6),),
                ),
            ),
        ),
        ChecksumVerified(
            run="run-2", job="cut_ID1", attempt=1, ok=False, lfn="in", expected="1" * 64, found="2" * 64
        ),
        FileRegistered(run="run-2", lfn="in", pfn="gsiftp://far/in", site="far", size=12, sha256="1" * 64),
    )
    third = story("run-3", namespace="secret", start=3_000).planned().ran()
    return [*first.events, *second.events, *third.events]


@pytest.fixture
def find(folded, library) -> Find:
    """Every match of a line of text, as run/LFN, page by page."""
    store: ViewStore = folded(library)

    def ask(text: str, *, namespaces: Sequence[str] = ("default",), first: int = 2) -> list[str]:
        found, after = [], None
        while True:
            with store.reading("data") as connection:
                page: FilePage = find_files(
                    connection, parse_filter(text), namespaces=namespaces, first=first, after=after
                )
            found += [f"{file.run}/{file.lfn}" for file in page.files]
            if not page.has_next:
                assert len(set(found)) == len(found)
                return sorted(found)
            after = page.end_cursor

    return ask


@contextmanager
def _statements(connection: Connection) -> Iterator[list[tuple[str, object]]]:
    said: list[tuple[str, object]] = []

    def listen(_connection, _cursor, statement, parameters, _context, _many) -> None:
        said.append((statement, parameters))

    engine: Engine = connection.engine
    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", listen)


@pytest.fixture
def statements() -> Callable[[Connection], object]:
    """Collects the statements that run on a connection's database, with their parameters."""
    return _statements
