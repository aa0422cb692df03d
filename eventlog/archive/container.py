"""Avro object container files of events: written block by block, read record by record.

The bytes of a fact are those of its body, never encoded anew: what comes back is what went in. Source: Avro
1.12 specification, "Object Container Files".
"""

import hashlib
import os
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import fastavro

from eventlog.archive.schema import ContainerSchema, RecordedEvent, original_schemas
from eventlog.avro import Json
from eventlog.compiled import compile_reader, compile_writer, encode_long, read_long
from eventlog.errors import LogError, NotFoundError
from eventlog.log import Record
from eventlog.single_object import HEADER_SIZE, fingerprint_of, single_object_header

BLOCK_BYTES = 256 * 1024
_SYNC_SIZE = 16
_LONGEST_INTEGER = 10

_write_envelope = compile_writer(RecordedEvent)
_read_envelope = compile_reader(RecordedEvent)


class ContainerWriter:
    """Writes one container file; ``size`` is that of its records before compression, in bytes."""

    def __init__(self, path: Path, schema: ContainerSchema, log: uuid.UUID) -> None:
        self.events = self.size = 0
        self._branches = schema.branches
        self._sync = log.bytes
        self._digest = hashlib.sha256()
        self._block: list[bytes] = []
        self._block_events = self._block_size = 0
        self._file = path.open("wb")
        self._put(schema.header(self._sync, {"hoofprint.log": str(log)}))

    def add(self, record: Record, *, readable: bool) -> None:
        """Add an event: its fact as a record where it is ``readable`` by its schema, else as bytes."""
        pieces = _datum(record, self._branches) if readable else _undecodable(record)
        size = sum(map(len, pieces))
        self._block += pieces
        self._block_events += 1
        self._block_size += size
        self.events += 1
        self.size += size
        if self._block_size >= BLOCK_BYTES:
            self._end_block()

    def close(self) -> str:
        """Complete the file, durably; returns the SHA-256 of its content, in hexadecimal."""
        if self._block_events:
            self._end_block()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._digest.hexdigest()

    def abandon(self) -> None:
        """Close the file as it is."""
        self._file.close()

    def _end_block(self) -> None:
        deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        content = deflate.compress(b"".join(self._block)) + deflate.flush()
        self._put(encode_long(self._block_events) + encode_long(len(content)) + content + self._sync)
        self._block.clear()
        self._block_events = self._block_size = 0

    def _put(self, content: bytes) -> None:
        self._digest.update(content)
        self._file.write(content)


def read_records(path: Path) -> Iterator[Record]:
    """The events of a container file, in its order; raises LogError where it is damaged or missing."""
    with _damage_of(path), path.open("rb") as file:
        fastavro.reader(file)
        # The header ends with the marker that stands behind every block.
        file.seek(-_SYNC_SIZE, os.SEEK_CUR)
        sync = file.read(_SYNC_SIZE)
        for events, block in _blocks(file, sync):
            yield from _records(events, block)


def writer_schemas(path: Path) -> dict[int, str]:
    """The schemas, by fingerprint, that wrote the bodies in a container file; raises as ``read_records``."""
    with _damage_of(path), path.open("rb") as file:
        return original_schemas(cast(Json, fastavro.reader(file).writer_schema))


def _datum(record: Record, branches: dict[int, int]) -> list[bytes]:
    fingerprint = cast(int, fingerprint_of(record.body))
    pieces: list[bytes] = []
    _write_envelope(_envelope(record, f"{fingerprint:016x}", len(record.body) - HEADER_SIZE), pieces.append)
    return [*pieces, encode_long(branches[fingerprint]), record.body[HEADER_SIZE:]]


def _undecodable(record: Record) -> list[bytes]:
    pieces: list[bytes] = []
    _write_envelope(_envelope(record, "", len(record.body)), pieces.append)
    return [*pieces, encode_long(0), encode_long(len(record.body)), record.body]


def _envelope(record: Record, fingerprint: str, size: int) -> RecordedEvent:
    return RecordedEvent(
        id=str(record.id),
        type=record.type,
        source=record.source,
        subject=record.subject,
        time=record.time,
        recorded=record.recorded,
        namespace=record.namespace,
        actor=record.actor,
        key=record.key,
        partition=record.partition,
        offset=record.offset,
        fingerprint=fingerprint,
        size=size,
    )


def _blocks(file: BinaryIO, sync: bytes) -> Iterator[tuple[int, bytes]]:
    """The number of records and the uncompressed content of each block."""
    while start := file.read(2 * _LONGEST_INTEGER):
        events, at = read_long(start, 0)
        size, at = read_long(start, at)
        file.seek(at - len(start), os.SEEK_CUR)
        content = file.read(size)
        if file.read(_SYNC_SIZE) != sync:
            raise ValueError("a block does not end where its size says")
        yield events, zlib.decompress(content, -zlib.MAX_WBITS)


def _records(events: int, block: bytes) -> Iterator[Record]:
    at = 0
    for _ in range(events):
        value, at = _read_envelope(block, at)
        envelope = cast(RecordedEvent, value)
        branch, at = read_long(block, at)
        if branch == 0:
            _, at = read_long(block, at)
        end = at + envelope.size
        if end > len(block):
            raise ValueError("a record does not end with its block")
        yield _record(envelope, block[at:end])
        at = end


def _record(envelope: RecordedEvent, content: bytes) -> Record:
    header = single_object_header(int(envelope.fingerprint, 16)) if envelope.fingerprint else b""
    return Record(
        partition=envelope.partition,
        offset=envelope.offset,
        recorded=envelope.recorded,
        id=uuid.UUID(envelope.id),
        type=envelope.type,
        source=envelope.source,
        subject=envelope.subject,
        time=envelope.time,
        namespace=envelope.namespace,
        actor=envelope.actor,
        key=envelope.key,
        body=header + content,
    )


@contextmanager
def _damage_of(path: Path) -> Iterator[None]:
    """Turn what damaged bytes lead to into our errors, each with the file's name."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFoundError(f"{path} is missing from the archive") from error
    except LogError as error:
        raise LogError(f"{path} is damaged: {error}") from error
    except (OSError, ValueError, LookupError, EOFError, TypeError, ArithmeticError, zlib.error) as error:
        raise LogError(f"{path} is damaged: {error}") from error
