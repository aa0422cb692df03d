"""Events as Kafka's messages: CloudEvents in binary mode, the body in Avro's single-object encoding.

Specification: CloudEvents 1.0.2, "Kafka Protocol Binding"; the key is the event's key.
"""

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol

from eventlog.construction import constructor, uuid_of
from eventlog.errors import LogError, SchemaError
from eventlog.event import DEFAULT_NAMESPACE
from eventlog.log import Record

Headers = list[tuple[str, bytes]]

MAX_ENVELOPE_SIZE = 100_000
"""Bytes of key and headers; with the largest body they stay below what the topic takes."""

_ID_DIGITS = 32
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_VERSION = ("ce_specversion", b"1.0")
# what a message keeps of where it was before
_RECORDED, _ORIGIN = "hoofprint_recorded", "hoofprint_origin"
_make_record = constructor(Record)
_OTHER_MESSAGES = uuid.uuid5(uuid.NAMESPACE_URL, "hoofprint/foreign-message")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be sent."""

    key: bytes
    value: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that was read; ``timestamp`` is the broker's, in milliseconds since the epoch."""

    partition: int
    offset: int
    timestamp: int
    key: bytes
    value: bytes
    headers: Headers


class Envelope(Protocol):
    """What an event and a record have in common."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def type(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def time(self) -> int: ...
    @property
    def namespace(self) -> str: ...
    @property
    def actor(self) -> str: ...
    @property
    def key(self) -> str: ...


def to_message(event: Envelope, body: bytes) -> Outgoing:
    """The message of an event whose encoded fact is ``body``.

    Raises SchemaError for a time outside the years 1 to 9999, LogError for an envelope above 100 KB.
    """
    headers = [
        _VERSION,
        ("ce_id", str(event.id).encode()),
        ("ce_type", _name_bytes(event.type)),
        ("ce_source", _name_bytes(event.source)),
        ("ce_subject", _to_bytes(event.subject)),
        ("ce_time", _write_time(event.time)),
        ("ce_actor", _name_bytes(event.actor)),
    ]
    if event.namespace != DEFAULT_NAMESPACE:
        headers.append(("ce_namespace", _name_bytes(event.namespace)))
    message = Outgoing(key_bytes(event.key), body, headers)
    size = len(message.key) + sum([len(value) for _, value in headers])
    if size > MAX_ENVELOPE_SIZE:
        raise LogError(
            f"a {event.type} of run {event.key[:80]!r} is too big: its key, subject and source take {size:,} "
            f"bytes, and may take up to {MAX_ENVELOPE_SIZE:,}"
        )
    return message


def taken_over(record: Record) -> Outgoing:
    """The message of another log's record; it tells when that recorded it, and at which place."""
    message = to_message(record, record.body)
    place = b"%d:%d" % (record.partition, record.offset)
    told = [(_RECORDED, b"%d" % record.recorded), (_ORIGIN, place)]
    return replace(message, headers=message.headers + told)


def origin_of(message: Incoming) -> tuple[int, int] | None:
    """Partition and offset of the record that a message was taken over from; None for any other message."""
    told = dict(message.headers).get(_ORIGIN)
    if told is None:
        return None
    partition, _, offset = told.partition(b":")
    return int(partition), int(offset)


def copied(message: Incoming, body: bytes) -> Outgoing:
    """A message for another topic, with ``body``; it tells when the first topic recorded it."""
    told = [(name, value) for name, value in message.headers if name == _RECORDED]
    recorded = [] if told else [(_RECORDED, b"%d" % (message.timestamp * 1000))]
    return Outgoing(message.key, body, message.headers + recorded)


GAP = Outgoing(b"", b"", [("hoofprint_gap", b"")])
"""Takes the place of an offset without an event, so that those behind it keep theirs."""


def is_gap(message: Incoming) -> bool:
    """Whether a message stands where no event is."""
    return message.headers == GAP.headers


def to_record(message: Incoming) -> Record:
    """The record of a message; what another program sent becomes a record that no schema decodes."""
    headers = dict(message.headers)
    recorded = message.timestamp * 1000
    try:
        recorded = int(headers.get(_RECORDED, recorded))
        identity = _read_id(headers["ce_id"])
        time = _read_time(headers["ce_time"])
    except (KeyError, ValueError, TypeError, OverflowError):
        identity = uuid.uuid5(_OTHER_MESSAGES, f"{message.partition}:{message.offset}")
        time = recorded
    namespace = headers.get("ce_namespace")
    # by position: the fields of a record in their order
    return _make_record(
        message.partition,
        message.offset,
        recorded,
        identity,
        _from_bytes(headers.get("ce_type", b"")),
        _from_bytes(headers.get("ce_source", b"")),
        _from_bytes(headers.get("ce_subject", b"")),
        time,
        DEFAULT_NAMESPACE if namespace is None else _from_bytes(namespace),
        _from_bytes(headers.get("ce_actor", b"")),
        _from_bytes(message.key),
        message.value,
    )


@lru_cache(maxsize=4096)
def key_bytes(key: str) -> bytes:
    """An event's key as Kafka's, by which the partition is chosen."""
    return _to_bytes(key)


# what many events have in common
@lru_cache(maxsize=4096)
def _name_bytes(name: str) -> bytes:
    return _to_bytes(name)


# foreign names may hold bytes that are no UTF-8
def _to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _from_bytes(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")


def _read_id(text: bytes) -> uuid.UUID:
    written = text.decode()
    digits = written.replace("-", "")
    if len(digits) != _ID_DIGITS:
        # as a URN, or in braces: other programs may
        return uuid.UUID(written)
    return uuid_of(int(digits, 16).to_bytes(_ID_DIGITS // 2))


def _write_time(time: int) -> bytes:
    try:
        return (_EPOCH + timedelta(microseconds=time)).isoformat().encode()
    except OverflowError as error:
        raise SchemaError(f"an event at {time} µs since 1970 lies outside the years 1 to 9999") from error


def _read_time(text: bytes) -> int:
    time = datetime.fromisoformat(text.decode())
    return (time - _EPOCH) // _MICROSECOND
