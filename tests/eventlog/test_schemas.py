"""The committed Avro schemas and the dataclasses say the same."""

from eventlog.avro import UNRELEASED, schema_text
from eventlog.facts import FACT_TYPES


def test_the_committed_schemas_are_those_of_the_dataclasses() -> None:
    committed = {path.stem: path.read_text(encoding="utf-8") for path in UNRELEASED.glob("*.avsc")}
    assert committed == {name: schema_text(fact_type) for name, fact_type in FACT_TYPES.items()}
