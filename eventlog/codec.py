"""Avro single-object encoding of facts: marker, schema fingerprint, record.

Source: Avro 1.12 specification, "Single-object encoding". A body written with today's schema of its type is
decoded directly; one that was written with another version is resolved from its writer's schema, which the
log keeps, to today's.
"""

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Protocol, cast

from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.schema import SchemaParseException

from eventlog.avro import record_schema, schema_fingerprint
from eventlog.errors import LogError, SchemaError
from eventlog.event import Event
from eventlog.facts import FACT_TYPES, Fact
from eventlog.log import Record
from eventlog.shape import Shape, shape_of

MARKER = b"\xc3\x01"
HEADER_SIZE = 10
MAX_BODY_SIZE = 900_000


class WriterSchemas(Protocol):
    """Where the schema of a body is found that another version wrote; every log is one."""

    def writer_schema(self, fingerprint: int) -> str | None:
        """The Avro schema (JSON) of this CRC-64-AVRO fingerprint, None where it is unknown."""
        ...


@dataclass(frozen=True, slots=True)
class WriterFormat:
    """How this version writes one fact type: ``header`` is marker and fingerprint, ``schema`` JSON."""

    fingerprint: int
    schema: str
    header: bytes
    parsed: dict[str, object]
    shape: Shape


@cache
def writer_format(kind: str) -> WriterFormat:
    """How this version writes the fact type of this name."""
    fact_type: type = FACT_TYPES[kind]
    schema = record_schema(fact_type)
    text = json.dumps(schema, separators=(",", ":"))
    fingerprint = schema_fingerprint(text)
    header = MARKER + fingerprint.to_bytes(8, "little")
    parsed = cast(dict[str, object], parse_schema(schema))
    return WriterFormat(fingerprint, text, header, parsed, shape_of(fact_type))


class Codec:
    """Encodes facts, and decodes the records of one log; ``schemas`` is that log.

    Without it only bodies that today's schemas wrote can be decoded.
    """

    def __init__(self, schemas: WriterSchemas | None = None) -> None:
        self._schemas = schemas
        self._readers: dict[tuple[str, bytes], Callable[[bytes], Fact]] = {}

    def encode(self, fact: Fact) -> bytes:
        """The body of a fact; raises SchemaError where it does not fit, LogError above 900 KB."""
        return encode(fact)

    def decode(self, record: Record) -> Event:
        """The event of a record; raises SchemaError where its schema is unknown or its body does not fit."""
        return Event(
            record.id,
            record.type,
            record.source,
            record.subject,
            record.time,
            record.namespace,
            record.actor,
            record.key,
            self.decode_body(record.type, record.body),
        )

    def decode_body(self, kind: str, body: bytes) -> Fact:
        """The fact of this type that ``body`` holds; errors as in ``decode``."""
        header = body[:HEADER_SIZE]
        read = self._readers.get((kind, header))
        if read is None:
            read = self._readers[kind, header] = self._reader(kind, header)
        return read(body)

    def _reader(self, kind: str, header: bytes) -> Callable[[bytes], Fact]:
        if kind not in FACT_TYPES:
            raise SchemaError(f"{kind!r} is no event type that this version knows")
        if len(header) < HEADER_SIZE or not header.startswith(MARKER):
            raise SchemaError(f"the body of a {kind} does not start with Avro's single-object marker C3 01")
        current = writer_format(kind)
        if header == current.header:
            return _body_reader(kind, current.parsed, None)
        return _body_reader(kind, self._writer_schema(kind, header), current.parsed)

    def _writer_schema(self, kind: str, header: bytes) -> dict[str, object]:
        fingerprint = int.from_bytes(header[2:], "little")
        text = self._schemas.writer_schema(fingerprint) if self._schemas else None
        if text is None:
            raise SchemaError(
                f"a {kind} was written with schema {fingerprint:016x}, which the log does not hold"
            )
        try:
            return cast(dict[str, object], parse_schema(json.loads(text)))
        except (SchemaParseException, ValueError) as error:
            raise SchemaError(f"the log's schema {fingerprint:016x} is no Avro schema: {error}") from error


def encode(fact: Fact) -> bytes:
    """The body of a fact in today's schema of its type.

    Raises SchemaError where a value does not fit its field, LogError above 900 KB.
    """
    kind = type(fact).__name__
    current = writer_format(kind)
    stream = BytesIO()
    stream.write(current.header)
    try:
        schemaless_writer(stream, current.parsed, current.shape.flatten(fact))
    except (TypeError, ValueError, OverflowError, AttributeError) as error:
        raise SchemaError(f"a {kind} does not fit its schema: {error}") from error
    if stream.tell() > MAX_BODY_SIZE:
        raise LogError(f"a {kind} of {stream.tell():,} bytes is too big: an event holds {MAX_BODY_SIZE:,}")
    return stream.getvalue()


def _body_reader(
    kind: str, writer: dict[str, object], reader: dict[str, object] | None
) -> Callable[[bytes], Fact]:
    build = cast(Callable[[dict[str, object]], Fact], writer_format(kind).shape.build)

    def read(body: bytes) -> Fact:
        stream = BytesIO(body)
        stream.seek(HEADER_SIZE)
        try:
            datum = cast(dict[str, object], schemaless_reader(stream, writer, reader))
        except (EOFError, ValueError, IndexError, TypeError, OverflowError, struct.error) as error:
            raise SchemaError(f"the body of a {kind} does not fit its schema: {error}") from error
        if stream.tell() != len(body):
            raise SchemaError(f"the body of a {kind} has {len(body) - stream.tell()} bytes too many")
        return build(datum)

    return read
