"""Messages as the records of Kafka's record batches, in few steps each: a producer's rate is decided here.

Source: Apache Kafka's documentation, "Message Format", record batches of version 2. Sizes and numbers are
written as Avro's are: zigzag, seven bits a byte.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from eventlog.compiled import LONGS
from eventlog.kafka.message import Headers, Outgoing

BATCH_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Records:
    """Some records in a row, encoded, ready to be a batch's content."""

    count: int
    content: bytes


def encode_records(messages: Sequence[Outgoing]) -> Iterator[Records]:
    """Messages of one partition as records: batches of up to 256 KB, or of one message that is larger."""
    pieces: list[bytes] = []
    count = size = 0
    for message in messages:
        record = _record(message, count)
        if count and size + len(record) > BATCH_BYTES:
            yield Records(count, b"".join(pieces))
            pieces, count, size = [], 0, 0
            record = _record(message, 0)
        pieces += (LONGS[len(record)], record)
        count += 1
        size += len(record)
    if count:
        yield Records(count, b"".join(pieces))


def _record(message: Outgoing, number: int) -> bytes:
    """A record without its length; attributes and time are its batch's, so both are zero."""
    key, value = message.key, message.value
    pieces = [b"\0\0", LONGS[number], LONGS[len(key)], key, LONGS[len(value)], value]
    _put_headers(message.headers, pieces)
    return b"".join(pieces)


def _put_headers(headers: Headers, pieces: list[bytes]) -> None:
    pieces.append(LONGS[len(headers)])
    for name, value in headers:
        pieces += (_header_name(name), LONGS[len(value)], value)


@cache
def _header_name(name: str) -> bytes:
    encoded = name.encode()
    return LONGS[len(encoded)] + encoded
