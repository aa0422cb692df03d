"""The Avro schema of each event type, derived from its dataclass.

``python -m eventlog.avro`` rewrites the committed schemas of the version that is not released yet. Every
field has a default, so that a field may come or go and both old and new readers read both old and new
events (FULL_TRANSITIVE); there are no Avro enums, because a new symbol would break that.
"""

import dataclasses
import inspect
import json
import types
import typing
from functools import cache
from pathlib import Path

from fastavro.schema import fingerprint, to_parsing_canonical_form

from eventlog.facts import FACT_TYPES, Fact

AVRO_NAMESPACE = "hoofprint"
UNRELEASED = Path(__file__).parent / "schemas" / "unreleased"

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_PRIMITIVES: dict[object, str] = {str: "string", int: "long", float: "double", bool: "boolean"}
_NEUTRAL: dict[str, Json] = {"string": "", "long": 0, "double": 0.0, "boolean": False}


def record_schema(record: type) -> dict[str, Json]:
    """The Avro record schema of a fact type, or of a dataclass nested in one.

    Fields keep their order; ``X | None`` becomes ``["null", X]``, a tuple an array, a dataclass a record.
    Raises TypeError for an annotation that has no place in an event.
    """
    annotations = typing.get_type_hints(record)
    return {
        "type": "record",
        "name": record.__name__,
        "namespace": AVRO_NAMESPACE,
        "doc": inspect.cleandoc(record.__doc__ or ""),
        "fields": [_field_schema(field, annotations[field.name]) for field in dataclasses.fields(record)],
    }


def schema_text(fact_type: type[Fact]) -> str:
    """The schema of a fact type as its ``.avsc`` file holds it."""
    return json.dumps(record_schema(fact_type), indent=2) + "\n"


@cache
def schema_fingerprint(schema: str) -> int:
    """The CRC-64-AVRO fingerprint of a schema (JSON), over its Parsing Canonical Form.

    Source: Avro 1.12 specification, "Schema Fingerprints".
    """
    # fastavro gives the fingerprint's bytes in the order in which a single-object encoding holds them
    hexadecimal = fingerprint(to_parsing_canonical_form(json.loads(schema)), "CRC-64-AVRO")
    return int.from_bytes(bytes.fromhex(hexadecimal), "little")


def write_schemas(folder: Path) -> None:
    """Write one ``.avsc`` per event type, and remove those of types that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in {path.stem for path in folder.glob("*.avsc")} - FACT_TYPES.keys():
        (folder / f"{stale}.avsc").unlink()
    for name, fact_type in FACT_TYPES.items():
        (folder / f"{name}.avsc").write_text(schema_text(fact_type), encoding="utf-8")


def _field_schema(field: "dataclasses.Field[object]", annotation: object) -> dict[str, Json]:
    avro_type = _type_schema(annotation)
    return {"name": field.name, "type": avro_type, "default": _default(field, avro_type)}


def _type_schema(annotation: object) -> Json:
    if primitive := _PRIMITIVES.get(annotation):
        return primitive
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return record_schema(annotation)
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return {"type": "array", "items": _type_schema(arguments[0])}
    if (
        typing.get_origin(annotation) is types.UnionType
        and len(arguments) == 2
        and arguments[1] is types.NoneType
    ):
        return ["null", _type_schema(arguments[0])]
    raise TypeError(
        f"{annotation} has no place in an event: use str, int, float, bool, X | None, tuple[X, ...]"
    )


def _default(field: "dataclasses.Field[object]", avro_type: Json) -> Json:
    if isinstance(avro_type, list):
        return None
    if isinstance(avro_type, dict):
        if avro_type["type"] != "array":
            raise TypeError(
                f"{field.name}: a nested record needs a tuple or `| None` around it, for a default"
            )
        return []
    if isinstance(field.default, str | int | float):
        return field.default
    return _NEUTRAL[str(avro_type)]


if __name__ == "__main__":
    write_schemas(UNRELEASED)
