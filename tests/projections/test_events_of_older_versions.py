"""Events that another version wrote, with fields missing and fields that are gone, fold as those of today."""

import dataclasses
import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import pytest
from sqlalchemy import select

from eventlog.avro import record_schema, schema_fingerprint
from eventlog.codec import MARKER, Codec
from eventlog.errors import SchemaError
from eventlog.event import Event
from eventlog.facts import Fact
from eventlog.log import Record, read_all
from eventlog.memory import MemoryLog
from eventlog.sqlite import SqliteLog
from projections.bookkeeping import DEAD_LETTERS
from projections.digest import digest_group
from projections.groups import GROUPS
from projections.projector import Projector
from projections.store import ViewStore


def forgetting(schema: Any) -> Any:
    """A schema with one more field, first, in each of its records."""
    if isinstance(schema, list):
        return [forgetting(branch) for branch in schema]
    if not isinstance(schema, dict):
        return schema
    if schema["type"] == "array":
        return {**schema, "items": forgetting(schema["items"])}
    fields = [{**field, "type": forgetting(field["type"])} for field in schema["fields"]]
    return {**schema, "fields": [{"name": "forgotten", "type": "string"}, *fields]}


def with_forgotten(value: Any) -> Any:
    if isinstance(value, dict):
        return {"forgotten": "long ago", **{name: with_forgotten(part) for name, part in value.items()}}
    if isinstance(value, tuple | list):
        return [with_forgotten(item) for item in value]
    return value


def as_older(fact: Fact) -> tuple[str, bytes]:
    """Schema and body of a fact, as a version wrote it that had only the fields that say something here."""
    schema, said = record_schema(type(fact)), {}
    kept = []
    for field in schema["fields"]:  # type: ignore[union-attr]
        value = dataclasses.asdict(fact)[field["name"]]  # type: ignore[index, call-overload]
        if (list(value) if isinstance(value, tuple) else value) != field["default"]:  # type: ignore[index, call-overload]
            kept.append(field)
            said[field["name"]] = value  # type: ignore[index, call-overload]
    older = forgetting({**schema, "fields": kept})
    stream = BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(older), with_forgotten(said))
    text = json.dumps(older)
    return text, MARKER + schema_fingerprint(text).to_bytes(8, "little") + stream.getvalue()


@pytest.fixture
def today(complete: Sequence[Event]) -> MemoryLog:
    """The stories in today's words."""
    log = MemoryLog()
    log.append(complete)
    return log


@pytest.fixture
def older(today: MemoryLog) -> tuple[list[Record], dict[int, str]]:
    """The stories' records with the bodies of an older version, and the schemas that wrote them."""
    records, schemas = [], {}
    for record in read_all(today):
        text, body = as_older(Codec(today).decode(record).fact)
        records.append(replace(record, body=body))
        schemas[schema_fingerprint(text)] = text
    return records, schemas


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SqliteLog]:
    with closing(SqliteLog.open(tmp_path / "old.db")) as log:
        yield log


def digests(store: ViewStore) -> dict[str, str]:
    found: dict[str, str] = {}
    for group in GROUPS:
        with store.reading(group.name) as connection:
            found |= digest_group(connection, group)
    return found


def dead_letters(store: ViewStore) -> int:
    found = 0
    for group in GROUPS:
        with store.reading(group.name) as connection:
            found += len(connection.execute(select(DEAD_LETTERS)).all())
    return found


def test_events_of_an_older_version_decode_to_what_they_said(
    today: MemoryLog, older: tuple[list[Record], dict[int, str]], archive: SqliteLog
) -> None:
    records, schemas = older
    assert len({record.body[2:10] for record in records}) > 20
    archive.append_records(records, origin=uuid.uuid4(), schemas=schemas)
    codec = Codec(archive)
    assert [codec.decode(r) for r in read_all(archive)] == [Codec().decode(r) for r in read_all(today)]


def test_a_log_of_an_older_version_folds_to_the_same_views(
    today: MemoryLog,
    older: tuple[list[Record], dict[int, str]],
    archive: SqliteLog,
    store: ViewStore,
    tmp_path: Path,
) -> None:
    records, schemas = older
    archive.append_records(records, origin=uuid.uuid4(), schemas=schemas)
    Projector(archive, store).catch_up()
    assert dead_letters(store) == 0
    with closing(ViewStore.open(tmp_path / "today")) as expected:
        Projector(today, expected).catch_up()
        assert digests(store) == digests(expected)


def test_appending_today_what_an_older_version_said_is_a_duplicate_and_no_conflict(
    today: MemoryLog, older: tuple[list[Record], dict[int, str]], archive: SqliteLog
) -> None:
    records, schemas = older
    archive.append_records(records, origin=uuid.uuid4(), schemas=schemas)
    again = archive.append([Codec().decode(record) for record in read_all(today)])
    assert (again.duplicates, again.conflicts) == (len(records), 0)


def test_a_schema_that_the_log_does_not_hold_stops_the_projector_and_counts_nothing_as_dead(
    older: tuple[list[Record], dict[int, str]],
    archive: SqliteLog,
    store: ViewStore,
) -> None:
    records, schemas = older
    missing = int.from_bytes(records[10].body[2:10], "little")
    known = {fingerprint: text for fingerprint, text in schemas.items() if fingerprint != missing}
    archive.append_records(records, origin=uuid.uuid4(), schemas=known)
    with pytest.raises(SchemaError, match=f"schema {missing:016x}, which the log does not hold"):
        Projector(archive, store, batch_size=1).catch_up()
    first = next(n for n, record in enumerate(records) if record.body[2:10] == records[10].body[2:10])
    for group in GROUPS:
        assert store.checkpoint(group.name).position.offset(0) == first
    assert dead_letters(store) == 0
