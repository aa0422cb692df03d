"""Records made quickly are what their own constructors make."""

import dataclasses
import uuid

import pytest

from eventlog.construction import constructor, uuid_of
from eventlog.log import Record

FIELDS = (
    0,
    7,
    9,
    uuid.UUID(int=1 << 100),
    "JobStarted",
    "s",
    "run/job/1",
    5,
    "default",
    "alice",
    "run",
    b"x",
)


def test_a_record_made_quickly_is_equal_hashable_and_frozen() -> None:
    made = constructor(Record)(*FIELDS)
    assert made == Record(*FIELDS)
    assert type(made) is Record
    assert hash(made) == hash(Record(*FIELDS))
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.offset = 8  # type: ignore[misc]


def test_an_id_made_quickly_is_that_of_its_bytes() -> None:
    known = uuid.uuid5(uuid.NAMESPACE_DNS, "hoofprint")
    assert uuid_of(known.bytes) == known
    assert (str(uuid_of(known.bytes)), uuid_of(known.bytes).is_safe) == (str(known), known.is_safe)
