"""Text as every table can keep it."""

from dataclasses import replace

from monitor.pegasus.records import Record


def storable(text: str) -> str:
    """The text with its NULs written out: PostgreSQL takes none."""
    return text.replace("\0", "\\x00") if "\0" in text else text


def storable_record(record: Record) -> Record:
    """The record with the NULs of its fields written out."""
    if "\0" not in "".join(record.fields.values()):
        return record
    return replace(record, fields={name: storable(value) for name, value in record.fields.items()})
