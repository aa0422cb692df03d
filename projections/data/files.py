"""Files: one row per (namespace, run, LFN), with what is known of its contents and its producer."""

from sqlalchemy import Column, Computed, Connection, Index, Table

from eventlog.event import Event
from eventlog.facts import (
    ChecksumComputed,
    ChecksumVerified,
    FileRegistered,
    FilesDeclared,
    MetadataRegistered,
    TasksDeclared,
)
from projections.batch import FactBatch
from projections.bulk import Part
from projections.chunks import chunk_version
from projections.columns import NAME, NUMBER, ROOM_FOR_PARTS, flag, key, number, text, version
from projections.data.metadata import metadata
from projections.keys import run_key, text_key, tie
from projections.rows import Rows, write_together

_CHECKSUM = """
CASE WHEN verified_ok THEN 'verified'
     WHEN NOT verified_ok THEN 'corrupt'
     WHEN sha256 IS NOT NULL THEN 'computed'
     ELSE 'unverified' END
"""

FILES = Table(
    "files",
    metadata,
    key("run_key"),
    key("lfn_key"),
    text("lfn", required=True),
    text("namespace", required=True),
    # FilesDeclared
    version("declared_version"),
    text("role"),
    flag("stage_out"),
    flag("register"),
    flag("optional"),
    number("declared_size"),
    # TasksDeclared: the task that writes it
    version("producer_version"),
    text("task"),
    # ChecksumComputed, ChecksumVerified, FileRegistered: the last that told its digest, perhaps its size too
    version("digest_at"),
    version("digest_tie"),
    text("sha256"),
    number("digest_size"),
    # the last that told its size alone
    version("size_at"),
    version("size_tie"),
    number("told_size"),
    # ChecksumVerified: the last verdict
    version("verified_at"),
    version("verified_tie"),
    flag("verified_ok"),
    Column("checksum", NAME, Computed(_CHECKSUM, persisted=True)),
    Column("size", NUMBER, Computed("coalesce(digest_size, told_size)", persisted=True)),
    Index("files_by_name", "namespace", "lfn", "run_key"),
    Index("files_by_task", "run_key", "task", "lfn_key"),
    Index("files_by_checksum", "namespace", "checksum", "run_key", "lfn_key"),
    Index("files_by_sha256", "sha256"),
    postgresql_with=ROOM_FOR_PARTS,
)
"""``checksum`` is verified, corrupt, computed or unverified; ``run_key`` of a file that no run made is its
namespace's (``keys.run_key("", namespace)``)."""

_WHICH = ("lfn", "namespace")
_KNOWN = Part(FILES, order=(), constant=_WHICH, values=())
_DECLARED = Part(
    FILES,
    order=("declared_version",),
    constant=_WHICH,
    values=("role", "stage_out", "register", "optional", "declared_size"),
)
_PRODUCED = Part(FILES, order=("producer_version",), constant=_WHICH, values=("task",))
_DIGEST = Part(FILES, order=("digest_at", "digest_tie"), constant=_WHICH, values=("sha256", "digest_size"))
_SIZE = Part(FILES, order=("size_at", "size_tie"), constant=_WHICH, values=("told_size",))
_VERIFIED = Part(FILES, order=("verified_at", "verified_tie"), constant=_WHICH, values=("verified_ok",))

CHUNKED = {FilesDeclared.__name__: (_DECLARED,), TasksDeclared.__name__: (_PRODUCED,)}
"""What each kind of planning chunk brings."""


def apply(batch: FactBatch, connection: Connection) -> None:
    """Fold what is declared, produced, measured, verified and tagged, file by file."""
    known = Rows(_KNOWN)
    _put_tagged(batch, known)
    declared, produced, contents = _declared(batch), _produced(batch, known), _contents(batch, known)
    # one statement: a batch mostly tells several things of the same files
    parts = (declared, produced, contents.digests, contents.sizes, contents.verdicts)
    write_together(connection, known, *parts)


def _declared(batch: FactBatch) -> Rows:
    rows = Rows(_DECLARED)
    for event, fact in batch.of(FilesDeclared):
        run, seen = run_key(fact.run, event.namespace), chunk_version(fact.revision, fact.chunk)
        for file in fact.files:
            values = (file.role, file.stage_out, file.register, file.optional, file.size)
            rows.put((run, text_key(file.lfn)), (seen,), values, (file.lfn, event.namespace))
    return rows


def _produced(batch: FactBatch, known: Rows) -> Rows:
    produced = Rows(_PRODUCED)
    for event, fact in batch.of(TasksDeclared):
        run, seen = run_key(fact.run, event.namespace), chunk_version(fact.revision, fact.chunk)
        for task in fact.tasks:
            for lfn in task.outputs:
                produced.put((run, text_key(lfn)), (seen,), (task.task,), (lfn, event.namespace))
            for lfn in (*task.inputs, *task.checkpoints, *task.uses):
                known.put((run, text_key(lfn)), (), (), (lfn, event.namespace))
    return produced


class _Contents:
    """Gathers what events tell about the bytes of files."""

    def __init__(self, known: Rows) -> None:
        self.digests, self.sizes, self.verdicts = Rows(_DIGEST), Rows(_SIZE), Rows(_VERIFIED)
        self._known = known

    def measured(self, event: Event, lfn: str, sha256: str | None, size: int | None) -> None:
        """This digest and size were seen."""
        key, moment = (run_key(event.fact.run, event.namespace), text_key(lfn)), (event.time, tie(event))
        if sha256 is not None:
            self.digests.put(key, moment, (sha256, size), (lfn, event.namespace))
        elif size is not None:
            self.sizes.put(key, moment, (size,), (lfn, event.namespace))
        else:
            self._known.put(key, (), (), (lfn, event.namespace))

    def verified(self, event: Event, lfn: str, ok: bool) -> None:
        """The file was held against its digest."""
        key = (run_key(event.fact.run, event.namespace), text_key(lfn))
        self.verdicts.put(key, (event.time, tie(event)), (ok,), (lfn, event.namespace))


def _contents(batch: FactBatch, known: Rows) -> _Contents:
    contents = _Contents(known)
    for event, made in batch.of(ChecksumComputed):
        if made.lfn is not None:
            contents.measured(event, made.lfn, made.sha256, made.size)
    for event, registration in batch.of(FileRegistered):
        contents.measured(event, registration.lfn, registration.sha256, registration.size)
    for event, check in batch.of(ChecksumVerified):
        if check.lfn is not None:
            contents.measured(event, check.lfn, *((check.found, check.size) if check.ok else (None, None)))
            # a file that is missing, or has no digest to be held against, is not corrupt by that
            if check.ok or (check.expected is not None and check.found is not None):
                contents.verified(event, check.lfn, check.ok)
    return contents


def _put_tagged(batch: FactBatch, known: Rows) -> None:
    for event, fact in batch.of(MetadataRegistered):
        run = run_key(fact.run, event.namespace)
        for item in fact.items:
            if item.target == "file":
                known.put((run, text_key(item.name)), (), (), (item.name, event.namespace))
