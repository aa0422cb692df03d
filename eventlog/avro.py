"""The Avro schema of each event type, derived from its dataclass.

``python -m eventlog.avro`` rewrites the committed schemas of the version that is not released yet. Every
field has a default, so that a field may come or go and both old and new readers read both old and new
events (FULL_TRANSITIVE); there are no Avro enums, because a new symbol would break that.
"""

import dataclasses
import inspect
import json
from pathlib import Path

from fastavro.schema import fingerprint, to_parsing_canonical_form

from eventlog.facts import FACT_TYPES, Fact
from eventlog.field_types import FieldType, Items, Nested, Nullable, Primitive, field_types

AVRO_NAMESPACE = "hoofprint"
UNRELEASED = Path(__file__).parent / "schemas" / "unreleased"

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_NEUTRAL: dict[str, Json] = {"string": "", "long": 0, "double": 0.0, "boolean": False}


def record_schema(record: type) -> dict[str, Json]:
    """The Avro record schema of a fact type, or of a dataclass nested in one.

    Fields keep their order; ``X | None`` becomes ``["null", X]``, a tuple an array, a dataclass a record.
    Raises TypeError for a field that has no place in an event, or that no default can be given to.
    """
    kinds = field_types(record)
    return {
        "type": "record",
        "name": record.__name__,
        "namespace": AVRO_NAMESPACE,
        "doc": inspect.cleandoc(record.__doc__ or ""),
        "fields": [
            {
                "name": field.name,
                "type": _type_schema(kinds[field.name]),
                "default": _default(field, kinds[field.name]),
            }
            for field in dataclasses.fields(record)
        ],
    }


def schema_text(fact_type: type[Fact]) -> str:
    """The schema of a fact type as its ``.avsc`` file holds it."""
    return json.dumps(record_schema(fact_type), indent=2) + "\n"


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


def _type_schema(kind: FieldType) -> Json:
    match kind:
        case Primitive(name):
            return name
        case Nullable(of):
            return ["null", _type_schema(of)]
        case Items(of):
            return {"type": "array", "items": _type_schema(of)}
        case Nested(record):
            return record_schema(record)


def _default(field: "dataclasses.Field[object]", kind: FieldType) -> Json:
    match kind:
        case Nullable():
            return None
        case Items():
            return []
        case Primitive(name):
            return field.default if isinstance(field.default, str | int | float) else _NEUTRAL[name]
        case Nested(record):
            raise TypeError(
                f"{field.name}: no default for {record.__name__}; add `| None`, or make it a tuple"
            )


if __name__ == "__main__":
    write_schemas(UNRELEASED)
