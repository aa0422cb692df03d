"""Reads bodies that another version's schema wrote, by Avro's schema resolution.

Fields that the writer did not have get their default, those that we no longer have are passed over. Source:
Avro 1.12 specification, "Schema Resolution".
"""

import json
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import cast

from fastavro import parse_schema, schemaless_reader
from fastavro.read import SchemaResolutionError
from fastavro.schema import SchemaParseException

from eventlog.avro import record_schema
from eventlog.field_types import FieldType, Items, Nested, Nullable, Primitive, field_types

Datum = dict[str, object]


def resolving_reader(record: type, writer_schema: str) -> Callable[[bytes, int], tuple[object, int]]:
    """A reader of ``record`` from bytes that ``writer_schema`` (JSON) wrote.

    It takes bytes and the index where the value starts, and returns the value and the index behind it.
    Raises ValueError where that is no Avro schema; the reader raises for bytes that do not fit what a
    compiled reader does, or EOFError.
    """
    try:
        writer = parse_schema(json.loads(writer_schema))
    except SchemaParseException as error:
        raise ValueError(str(error)) from error
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
