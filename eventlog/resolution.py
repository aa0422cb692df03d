"""Reads bodies that another version's schema wrote, by Avro's schema resolution.

Fields that the writer did not have get their default, those that we no longer have are passed over. Nothing
else may change between our versions, and for that a reader is compiled, as fast as that of today's schema.
Whatever else a schema of another program may do is left to fastavro. Source: Avro 1.12 specification, "Schema
Resolution".
"""

import dataclasses
import json
from functools import partial
from io import BytesIO
from typing import cast

from fastavro import parse_schema, schemaless_reader
from fastavro.read import SchemaResolutionError
from fastavro.schema import SchemaParseException
from fastavro.types import Schema

from eventlog.avro import AVRO_NAMESPACE, Json, record_schema
from eventlog.compiled import Read, compile_reader
from eventlog.field_types import Fields, FieldType, Items, Nested, Nullable, Primitive, field_types

Datum = dict[str, object]
_PRIMITIVES = ("string", "long", "double", "boolean")


class _UnlikeError(Exception):
    """A writer's schema differs in more than which fields there are."""


def resolving_reader(record: type, writer_schema: str) -> Read:
    """A reader of ``record`` from bytes that ``writer_schema`` (JSON) wrote.

    It takes bytes and the index where the value starts, and returns the value and the index behind it.
    Raises ValueError where that is no Avro schema; the reader raises for bytes that do not fit what a
    compiled reader does, or EOFError.
    """
    try:
        schema = json.loads(writer_schema)
        writer = parse_schema(schema)
    except SchemaParseException as error:
        raise ValueError(str(error)) from error
    try:
        return compile_reader(record, _fields(Nested(record), schema))
    except _UnlikeError:
        return _general_reader(record, writer)


def _fields(ours: FieldType | None, schema: Json) -> Fields:
    """The fields of the record that a writer's schema describes, those that we have with our kinds."""
    if not isinstance(schema, dict) or not isinstance(schema["fields"], list):
        raise _UnlikeError
    known = {}
    if isinstance(ours, Nested):
        if schema["name"] not in (ours.record.__name__, f"{AVRO_NAMESPACE}.{ours.record.__name__}"):
            raise _UnlikeError
        known = field_types(ours.record)
    fields = cast(list[dict[str, Json]], schema["fields"])
    return tuple((name := str(field["name"]), _kind(known.get(name), field["type"])) for field in fields)


def _kind(ours: FieldType | None, schema: Json) -> FieldType:
    """The kind of value that a writer's schema describes: ours, or any where we have no such field."""
    match schema:
        case str() if schema in _PRIMITIVES and ours in (None, Primitive(schema)):
            return Primitive(schema)
        case ["null", present] if ours is None or isinstance(ours, Nullable):
            return Nullable(_kind(ours and ours.of, present))
        case {"type": "array", "items": items} if ours is None or isinstance(ours, Items):
            return Items(_kind(ours and ours.of, items))
        case {"type": "record"} if ours is None or isinstance(ours, Nested):
            fields = _fields(ours, schema)
            return Nested(ours.record if ours else _forgotten(fields), fields)
    raise _UnlikeError


def _forgotten(fields: Fields) -> type:
    """A record that we do not have, to be read and thrown away: its kinds are those of ``fields``."""
    return dataclasses.make_dataclass("Forgotten", [(name, str) for name, _ in fields], slots=True)


def _general_reader(record: type, writer: Schema) -> Read:
    reader = parse_schema(record_schema(record))

    def read(body: bytes, at: int) -> tuple[object, int]:
        stream = BytesIO(body)
        stream.seek(at)
        try:
            datum = cast(Datum, schemaless_reader(stream, writer, reader))
        except SchemaResolutionError:
            raise ValueError(f"its writer's schema is none of {record.__name__}") from None
        return _built(Nested(record), datum), stream.tell()

    return read


def _built(kind: FieldType, value: object) -> object:
    """The value of a field from what fastavro makes of it: mappings and lists."""
    match kind:
        case Primitive():
            return value
        case Nullable(of):
            return None if value is None else _built(of, value)
        case Items(of):
            return tuple(map(partial(_built, of), cast(list[object], value)))
        case Nested(record):
            kinds = field_types(record)
            return record(**{name: _built(kinds[name], part) for name, part in cast(Datum, value).items()})
