"""Tombstones: what is decoded of them, and that their mark never changes."""

from collections.abc import Callable
from io import BytesIO
from json import loads

import pytest
from fastavro import schemaless_reader

from eventlog.codec import Codec, encode
from eventlog.errors import RedactedError
from eventlog.event import Event
from eventlog.redaction import (
    TOMBSTONE_FINGERPRINT,
    TOMBSTONE_SCHEMA,
    Redacted,
    decode_tombstone,
    encode_tombstone,
    is_tombstone,
)
from eventlog.single_object import HEADER_SIZE, fingerprint_of

REDACTED = Redacted(reason="a password in argv", actor="alice", time=1_763_769_600_000_000)


def test_a_tombstone_is_avro_that_any_reader_reads_by_its_schema() -> None:
    body = encode_tombstone(REDACTED)
    told = schemaless_reader(BytesIO(body[HEADER_SIZE:]), loads(TOMBSTONE_SCHEMA), None)
    assert told == {"reason": "a password in argv", "actor": "alice", "time": 1_763_769_600_000_000}
    assert decode_tombstone(body) == REDACTED


def test_the_fingerprint_of_tombstones_is_part_of_the_format() -> None:
    assert fingerprint_of(encode_tombstone(REDACTED)) == TOMBSTONE_FINGERPRINT == 0x346457F34F321C9B


def test_there_is_nothing_to_decode_in_a_tombstone() -> None:
    with pytest.raises(RedactedError, match="this JobSubmitted was redacted: a password in argv"):
        Codec().decode_body("JobSubmitted", encode_tombstone(REDACTED))


def test_an_event_of_today_is_no_tombstone(submitted: Callable[..., list[Event]]) -> None:
    (event,) = submitted([1])
    assert not is_tombstone(encode(event.fact))


def test_what_is_offered_again_after_a_redaction_says_something_else(
    submitted: Callable[..., list[Event]],
) -> None:
    (event,) = submitted([1])
    assert not Codec().same_fact(event.type, encode_tombstone(REDACTED), encode(event.fact))
