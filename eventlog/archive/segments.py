"""Writes the segments of an archive, each complete and durable before a manifest names it."""

import uuid
from collections.abc import Mapping
from pathlib import Path

from eventlog.archive.container import ContainerWriter
from eventlog.archive.manifest import Segment, named_keys, put_in_place, segment_name, unfinished
from eventlog.archive.schema import ContainerSchema, current_schemas
from eventlog.codec import Codec, WriterSchemas
from eventlog.errors import RedactedError, SchemaError
from eventlog.log import Record
from eventlog.single_object import fingerprint_of


class Schemas:
    """The schemas that the container files of one log need: today's, and older ones as they are met."""

    def __init__(self, source: WriterSchemas, known: Mapping[int, str] | None = None) -> None:
        self._source = source
        self._codec = Codec(source)
        self._texts = {**current_schemas(), **(known or {})}
        self.container = ContainerSchema(self._texts)

    def admit(self, record: Record) -> tuple[bool, bool]:
        """Whether a record's fact is readable by its schema, and whether that schema was met just now."""
        if not self._is_readable(record):
            return False, False
        fingerprint = fingerprint_of(record.body) or 0
        if fingerprint in self._texts:
            return True, False
        schema = self._source.writer_schema(fingerprint)
        if schema is None:
            return False, False
        self._texts[fingerprint] = schema
        self.container = ContainerSchema(self._texts)
        return True, True

    def _is_readable(self, record: Record) -> bool:
        try:
            self._codec.decode_body(record.type, record.body)
        except RedactedError:
            return True
        except SchemaError:
            return False
        return True


class SegmentWriter:
    """Writes one segment of one partition, from offset ``first`` on."""

    def __init__(
        self, folder: Path, schemas: Schemas, *, log: uuid.UUID, partition: int, first: int, generation: int
    ) -> None:
        self._partition, self._first = partition, first
        self._path = folder / segment_name(partition, first, generation)
        self._keys: set[str] = set()
        self._writer = ContainerWriter(unfinished(self._path), schemas.container, log)

    @property
    def events(self) -> int:
        """How many events it has so far."""
        return self._writer.events

    @property
    def size(self) -> int:
        """How many bytes they are before compression."""
        return self._writer.size

    def add(self, record: Record, *, readable: bool) -> None:
        """Add an event; ``readable`` as ``Schemas`` says."""
        self._writer.add(record, readable=readable)
        self._keys.add(record.key)

    def finish(self, end: int) -> Segment:
        """Put the file in place, durably: it has everything up to, without, the offset ``end``."""
        sha256 = self._writer.close()
        put_in_place(unfinished(self._path), self._path)
        return Segment(
            file=self._path.name,
            partition=self._partition,
            first=self._first,
            end=end,
            events=self._writer.events,
            sha256=sha256,
            keys=named_keys(self._keys),
        )

    def abandon(self) -> None:
        """Leave the unfinished file to the next sweep."""
        self._writer.abandon()
