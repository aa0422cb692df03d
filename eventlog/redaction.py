"""The tombstone: what stands in an event's body where a secret was."""

import json
from dataclasses import dataclass
from typing import cast

from eventlog.avro import record_schema, schema_fingerprint
from eventlog.compiled import compile_reader, compile_writer
from eventlog.single_object import HEADER_SIZE, single_object_header


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """What was said here was taken away for good; the envelope still tells its type, subject and time.

    ``reason`` and ``actor`` are why and by whom, ``time`` when (microseconds since the epoch, UTC).
    """

    reason: str = ""
    actor: str = ""
    time: int = 0


TOMBSTONE_SCHEMA = json.dumps(record_schema(Redacted), separators=(",", ":"))
"""Part of the log's format, never to change: by its fingerprint a tombstone is known."""
TOMBSTONE_FINGERPRINT = schema_fingerprint(TOMBSTONE_SCHEMA)
TOMBSTONE_HEADER = single_object_header(TOMBSTONE_FINGERPRINT)


def encode_tombstone(redacted: Redacted) -> bytes:
    """The body that takes the place of a secret: Avro single-object encoding as every body."""
    pieces = [TOMBSTONE_HEADER]
    compile_writer(Redacted)(redacted, pieces.append)
    return b"".join(pieces)


def decode_tombstone(body: bytes) -> Redacted:
    """What a tombstone says of itself."""
    redacted, _ = compile_reader(Redacted)(body, HEADER_SIZE)
    return cast(Redacted, redacted)


def is_tombstone(body: bytes) -> bool:
    """Whether a body was redacted."""
    return body.startswith(TOMBSTONE_HEADER)
