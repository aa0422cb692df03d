"""The committed Avro schemas and the dataclasses say the same, and fingerprints are the specification's."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import fastavro
import pytest

from eventlog.avro import UNRELEASED, record_schema, schema_fingerprint, schema_text, write_schemas
from eventlog.facts import FACT_TYPES


def fields_of(schema: object) -> Iterator[dict[str, object]]:
    """Every field of a schema, those of nested records too."""
    if isinstance(schema, list):
        for branch in schema:
            yield from fields_of(branch)
    elif isinstance(schema, dict):
        for field in schema.get("fields", []):
            yield field
            yield from fields_of(field["type"])
        yield from fields_of(schema.get("items"))


def test_the_committed_schemas_are_those_of_the_dataclasses() -> None:
    committed = {path.stem: path.read_text(encoding="utf-8") for path in UNRELEASED.glob("*.avsc")}
    assert committed == {name: schema_text(fact_type) for name, fact_type in FACT_TYPES.items()}


@pytest.mark.parametrize("kind", FACT_TYPES)
def test_every_field_has_a_default_so_that_it_may_come_and_go(kind: str) -> None:
    fields = list(fields_of(record_schema(FACT_TYPES[kind])))
    assert fields
    assert [field["name"] for field in fields if "default" not in field] == []


@pytest.mark.parametrize("kind", FACT_TYPES)
def test_no_schema_has_an_enum(kind: str) -> None:
    assert '"enum"' not in schema_text(FACT_TYPES[kind])


@pytest.mark.parametrize("kind", FACT_TYPES)
def test_another_reader_accepts_each_schema_with_its_defaults(kind: str) -> None:
    empty = {"type": "record", "name": kind, "namespace": "hoofprint", "fields": []}
    schema = fastavro.parse_schema(json.loads(schema_text(FACT_TYPES[kind])))
    datum = fastavro.schemaless_reader(BytesIO(), fastavro.parse_schema(empty), schema)
    fastavro.validation.validate(datum, schema)


def test_schemas_of_types_that_are_gone_are_removed(tmp_path: Path) -> None:
    (tmp_path / "JobDreamt.avsc").write_text("{}", encoding="utf-8")
    write_schemas(tmp_path)
    assert {path.stem for path in tmp_path.iterdir()} == set(FACT_TYPES)


# The specification's own table, as in Avro's share/test/data/schema-tests.txt
@pytest.mark.parametrize(
    ("schema", "fingerprint"),
    [
        ('"null"', 7195948357588979594),
        ('"boolean"', -6970731678124411036),
        ('"int"', 8247732601305521295),
        ('"long"', -3434872931120570953),
        ('"float"', 5583340709985441680),
        ('"double"', -8181574048448539266),
        ('"bytes"', 5746618253357095269),
        ('"string"', -8142146995180207161),
        ('{"type":"array","items":"null"}', -589620603366471059),
        ('{"fields":[], "type":"record", "name":"foo"}', -4824392279771201922),
    ],
)
def test_fingerprints_are_those_of_the_specification(schema: str, fingerprint: int) -> None:
    assert schema_fingerprint(schema) == fingerprint % 2**64


def test_a_fingerprint_does_not_change_with_docs_defaults_and_blanks() -> None:
    plain = '{"type":"record","name":"hoofprint.Job","fields":[{"name":"job","type":"string"}]}'
    wordy = """{ "namespace": "hoofprint", "name": "Job", "type": "record", "doc": "A job.",
                 "fields": [ { "type": "string", "default": "", "name": "job" } ] }"""
    assert schema_fingerprint(plain) == schema_fingerprint(wordy)


@dataclass(frozen=True, slots=True)
class Inner:
    text: str = ""


@dataclass(frozen=True, slots=True)
class Required:
    inner: Inner


@dataclass(frozen=True, slots=True)
class Foreign:
    values: dict[str, str]


@pytest.mark.parametrize(
    ("record", "message"), [(Required, "no default for Inner"), (Foreign, "has no place")]
)
def test_a_field_that_cannot_evolve_is_refused(record: type, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        record_schema(record)
