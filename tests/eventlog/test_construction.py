"""Records made quickly are what their own constructors make."""

import copy
import dataclasses
import pickle
import uuid

import pytest

from eventlog.construction import constructor, made_fast, uuid_of
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


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    name: str
    number: int = 3
    words: tuple[str, ...] = ()


def test_a_fast_init_takes_and_refuses_what_the_slow_one_did() -> None:
    made_fast(Told)
    told = Told(name="a", words=("b",))
    assert told == Told(name="a", number=3, words=("b",))
    assert repr(dataclasses.replace(told, number=4)).endswith("Told(name='a', number=4, words=('b',))")
    assert pickle.loads(pickle.dumps(told)) == copy.deepcopy(told) == told
    for wrong in ({}, {"name": "a", "size": 1}):
        with pytest.raises(TypeError, match=r"name|size"):
            Told(**wrong)  # type: ignore[arg-type]
    with pytest.raises(dataclasses.FrozenInstanceError):
        told.number = 5  # type: ignore[misc]
