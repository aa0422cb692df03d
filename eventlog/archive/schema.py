"""The Avro schema of an archive's container files: an envelope, and the fact as its own record.

A file's ``fact`` is a union of every schema that wrote one of its bodies, so that an Avro reader needs
nothing else. A union may not hold two records of one name, and versions of an event type share theirs: each
schema has a namespace of its own, made of its fingerprint.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import cast

import fastavro

from eventlog.avro import Json, record_schema, schema_fingerprint
from eventlog.codec import current_format
from eventlog.errors import LogError
from eventlog.facts import FACT_TYPES
from eventlog.redaction import TOMBSTONE_FINGERPRINT, TOMBSTONE_SCHEMA

CODEC = "deflate"
_NAMED = ("record", "enum", "fixed")
_PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
_SPACE = "schema_"

Rename = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """One event of a log: its envelope, its place, and what it says.

    ``id`` is a UUID; ``time`` (when it happened) and ``recorded`` (when the log took it) are microseconds
    since the Unix epoch, UTC; ``fingerprint`` is the CRC-64-AVRO of the schema that wrote the body, sixteen
    hexadecimal digits. The body was Avro single-object encoding: C3 01, the fingerprint's eight bytes (little
    endian), and the ``size`` bytes of the fact's record as they stand here. Where those could not be decoded
    the fingerprint is empty and ``fact`` holds the whole body as ``size`` bytes.
    """

    id: str
    type: str
    source: str
    subject: str
    time: int
    recorded: int
    namespace: str
    actor: str
    key: str
    partition: int
    offset: int
    fingerprint: str
    size: int


class ContainerSchema:
    """The schema of a container file that may hold bodies which these schemas wrote."""

    def __init__(self, schemas: Mapping[int, str]) -> None:
        self.branches = {fingerprint: number for number, fingerprint in enumerate(schemas, 1)}
        facts: list[Json] = ["bytes", *(_distinct(print_, text) for print_, text in schemas.items())]
        envelope = record_schema(RecordedEvent)
        fields = cast("list[Json]", envelope["fields"])
        self.schema: Json = {**envelope, "fields": [*fields, {"name": "fact", "type": facts}]}

    def header(self, sync: bytes, metadata: Mapping[str, str]) -> bytes:
        """What a container file begins with; ``sync`` are the 16 bytes that stand behind each block."""
        header = BytesIO()
        schema = cast("dict[str, object]", self.schema)
        fastavro.writer(header, schema, [], CODEC, metadata=dict(metadata), sync_marker=sync)
        return header.getvalue()


def current_schemas() -> dict[int, str]:
    """The schemas of every event type in this version, and of tombstones, by fingerprint."""
    formats = [current_format(kind) for kind in FACT_TYPES]
    return {form.fingerprint: form.schema for form in formats} | {TOMBSTONE_FINGERPRINT: TOMBSTONE_SCHEMA}


def original_schemas(container: Json) -> dict[int, str]:
    """The writer schemas, by fingerprint, that the schema of a container file was made of.

    Raises LogError where it is not one of ours, or one of them does not have its fingerprint.
    """
    try:
        fields = cast("list[dict[str, Json]]", cast("dict[str, Json]", container)["fields"])
        branches = cast("list[dict[str, Json]]", fields[-1]["type"])[1:]
        found = dict(_original(branch) for branch in branches)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LogError(f"its schema is not that of an archive of events: {error}") from error
    for fingerprint, schema in found.items():
        if schema_fingerprint(schema) != fingerprint:
            raise LogError(f"its schema {fingerprint:016x} was changed")
    return found


def _distinct(fingerprint: int, schema: str) -> Json:
    """A writer's schema with every name moved into a namespace of its own."""
    space = f"{_SPACE}{fingerprint:016x}."
    parsed = cast(Json, fastavro.parse_schema(json.loads(schema)))
    return _renamed(parsed, lambda name: space + name)


def _original(branch: dict[str, Json]) -> tuple[int, str]:
    space, _, _ = str(branch["name"]).partition(".")
    schema = _renamed(branch, lambda name: name.removeprefix(f"{space}."))
    return int(space.removeprefix(_SPACE), 16), json.dumps(schema, separators=(",", ":"))


def _renamed(schema: Json, rename: Rename) -> Json:
    """A schema as fastavro parses it (every name in full), with its names changed."""
    match schema:
        case str():
            return schema if schema in _PRIMITIVES else rename(schema)
        case list():
            return [_renamed(branch, rename) for branch in schema]
        case dict() if schema["type"] in _NAMED:
            return _renamed_record(schema, rename)
        case dict():
            inner = {part: _renamed(schema[part], rename) for part in ("items", "values") if part in schema}
            return schema | inner
    raise TypeError(f"{schema!r} is no Avro schema")


def _renamed_record(schema: dict[str, Json], rename: Rename) -> Json:
    kept = {name: part for name, part in schema.items() if not name.startswith("__")}
    record: dict[str, Json] = {**kept, "name": rename(str(schema["name"]))}
    if "fields" in schema:
        fields = cast("list[dict[str, Json]]", schema["fields"])
        record["fields"] = [{**field, "type": _renamed(field["type"], rename)} for field in fields]
    return record
