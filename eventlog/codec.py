"""Avro single-object encoding of facts: marker, schema fingerprint, record.

Source: Avro 1.12 specification, "Single-object encoding". A body written with today's schema of its type is
decoded directly; one that was written with another version is resolved from its writer's schema, which the
log keeps, to today's.
"""

import json
import struct
from dataclasses import asdict, dataclass
from functools import cache
from typing import Protocol, cast

from fastavro.validation import ValidationError, validate

from eventlog.avro import record_schema, schema_fingerprint
from eventlog.compiled import Read, Write, compile_reader, compile_writer
from eventlog.construction import constructor
from eventlog.errors import LogError, RedactedError, SchemaError
from eventlog.event import Event
from eventlog.facts import FACT_TYPES, Fact
from eventlog.log import Record
from eventlog.redaction import decode_tombstone, is_tombstone
from eventlog.resolution import resolving_reader
from eventlog.single_object import HEADER_SIZE as HEADER_SIZE
from eventlog.single_object import MARKER as MARKER
from eventlog.single_object import fingerprint_of, single_object_header

MAX_BODY_SIZE = 900_000

_make_event = constructor(Event)
_UNFIT = (TypeError, ValueError, AttributeError, ArithmeticError, LookupError, EOFError, struct.error)


class WriterSchemas(Protocol):
    """Where the schema of a body is found that another version wrote; every log is one."""

    def writer_schema(self, fingerprint: int) -> str | None:
        """The Avro schema (JSON) of this CRC-64-AVRO fingerprint, None where it is unknown."""
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """How this version writes and reads one fact type; ``header`` is marker and fingerprint."""

    fingerprint: int
    schema: str
    header: bytes
    write: Write
    read: Read


@cache
def current_format(kind: str) -> Format:
    """How this version writes and reads the fact type of this name."""
    fact_type: type = FACT_TYPES[kind]
    schema = json.dumps(record_schema(fact_type), separators=(",", ":"))
    fingerprint = schema_fingerprint(schema)
    return Format(
        fingerprint=fingerprint,
        schema=schema,
        header=single_object_header(fingerprint),
        write=compile_writer(fact_type),
        read=compile_reader(fact_type),
    )


def encode(fact: Fact) -> bytes:
    """The body of a fact in today's schema of its type.

    Raises SchemaError where a value does not fit its field, LogError above 900 KB.
    """
    kind = type(fact).__name__
    current = current_format(kind)
    pieces = [current.header]
    try:
        current.write(fact, pieces.append)
    except _UNFIT as error:
        raise SchemaError(f"a {kind} does not fit its schema: {_misfit(fact) or error}") from error
    body = b"".join(pieces)
    if len(body) > MAX_BODY_SIZE:
        raise LogError(f"a {kind} of {len(body):,} bytes is too big: an event holds up to {MAX_BODY_SIZE:,}")
    return body


class Codec:
    """Encodes facts, and decodes the records of one log; ``schemas`` is that log.

    Without it only bodies that today's schemas wrote can be decoded.
    """

    def __init__(self, schemas: WriterSchemas | None = None) -> None:
        self._schemas = schemas
        self._readers: dict[tuple[str, bytes], Read] = {}

    def encode(self, fact: Fact) -> bytes:
        """The body of a fact; errors as of the function ``encode``."""
        return encode(fact)

    def decode(self, record: Record) -> Event:
        """The event of a record.

        Raises SchemaError where its schema is unknown or its body does not fit, RedactedError where it is a
        tombstone.
        """
        return _make_event(
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
        """The fact of the type ``kind`` that ``body`` holds; raises as ``decode`` does."""
        header = body[:HEADER_SIZE]
        read = self._readers.get((kind, header))
        if read is None:
            if is_tombstone(body):
                raise RedactedError(f"this {kind} was redacted: {decode_tombstone(body).reason}")
            read = self._readers[kind, header] = self._reader(kind, header)
        try:
            fact, end = read(body, HEADER_SIZE)
        except _UNFIT as error:
            raise SchemaError(f"the body of a {kind} does not fit its schema: {error}") from error
        if end != len(body):
            raise SchemaError(f"the body of a {kind} has {len(body):,} bytes where its schema reads {end:,}")
        return cast(Fact, fact)

    def same_fact(self, kind: str, kept: bytes, offered: bytes) -> bool:
        """Whether the body of the log and one that is offered under its id say the same, in any version."""
        if kept == offered:
            return True
        if kept[:HEADER_SIZE] == offered[:HEADER_SIZE]:
            return False
        try:
            return self.decode_body(kind, kept) == self.decode_body(kind, offered)
        except (SchemaError, RedactedError):
            return False

    def _reader(self, kind: str, header: bytes) -> Read:
        if kind not in FACT_TYPES:
            raise SchemaError(f"{kind!r} is no event type that this version knows")
        fingerprint = fingerprint_of(header)
        if fingerprint is None:
            raise SchemaError(
                f"the body of a {kind} does not start with Avro's marker C3 01 and a fingerprint"
            )
        current = current_format(kind)
        return current.read if header == current.header else self._resolving_reader(kind, fingerprint)

    def _resolving_reader(self, kind: str, fingerprint: int) -> Read:
        schema = self._schemas.writer_schema(fingerprint) if self._schemas else None
        if schema is None:
            raise SchemaError(
                f"a {kind} was written with schema {fingerprint:016x}, which the log does not hold"
            )
        fact_type: type = FACT_TYPES[kind]
        try:
            return resolving_reader(fact_type, schema)
        except _UNFIT as error:
            raise SchemaError(f"the log's schema {fingerprint:016x} is no Avro schema: {error}") from error


def _misfit(fact: Fact) -> str:
    """Which field of a fact does not fit, in fastavro's words; empty where its validation finds nothing."""
    try:
        validate(asdict(fact), record_schema(type(fact)))
    except ValidationError as error:
        return str(error)
    return ""
