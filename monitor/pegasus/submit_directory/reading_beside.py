"""Reads a large submit directory in a process of its own, beside the one that uses what it tells."""

import multiprocessing
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path

from eventlog.collector import collector_paused
from eventlog.errors import HoofprintError, InputError
from monitor.pegasus.records import Record, RecordSource, make_record
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory.archived import ArchivedSubmitDirectory, is_archived, is_packed
from monitor.pegasus.submit_directory.source import SubmitDirectory

WORTH_A_PROCESS = 3_000
"""Files and folders in a submit directory; starting a process takes as long as reading a few hundred jobs."""

_BATCH = 500
_Row = tuple[str, int, str, str, Mapping[str, str], str]


@dataclass(frozen=True, slots=True)
class _Piece:
    """The next records, what there is to say to a person, and how many things more could not be read.

    Records come as rows, which are pickled in a fraction of the time. ``error`` is why there are no more.
    """

    rows: Sequence[_Row]
    told: Sequence[str]
    unreadable: int
    is_last: bool
    error: HoofprintError | OSError | None


class SubmitDirectoryBeside:
    """The submit directory ``path``, read by another process; as ``SubmitDirectory`` otherwise."""

    def __init__(self, path: Path, reports: Reports, timezone: str | None = None) -> None:
        self.path = path
        self._reports = reports
        self._timezone = timezone

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    def records(self) -> Iterator[Record]:
        """Everything that is there now. Raises what ``SubmitDirectory`` does, and ``InputError`` where the
        process that reads is killed."""
        with _reading(self.path, self._timezone) as receiver:
            is_over = False
            while not is_over:
                piece = self._received(receiver)
                for row in piece.rows:
                    yield make_record(*row)
                if piece.error is not None:
                    raise piece.error
                is_over = piece.is_last

    def _received(self, receiver: "Connection[None, _Piece]") -> _Piece:
        try:
            piece = receiver.recv()
        except (EOFError, OSError):
            raise InputError(
                f"{self.path}: the process that read it was ended in the midst: import it again"
            ) from None
        for line in piece.told:
            self._reports.tell(line)
        self._reports.unreadable_lines += piece.unreadable
        return piece


def submit_directory(path: Path, reports: Reports, timezone: str | None = None) -> RecordSource:
    """The submit directory, archived, packed or as it was, as a source of records, read beside if large."""
    if is_packed(path) or is_archived(path):
        return ArchivedSubmitDirectory(path, reports, timezone, _unpacked)
    return _unpacked(path, reports, timezone)


def _unpacked(path: Path, reports: Reports, timezone: str | None) -> RecordSource:
    kind = SubmitDirectoryBeside if _is_large(path) else SubmitDirectory
    return kind(path, reports, timezone)


def _is_large(path: Path) -> bool:
    entries = (name for _, folders, files in os.walk(path) for name in (*folders, *files))
    return next(islice(entries, WORTH_A_PROCESS, None), None) is not None


@contextmanager
def _reading(path: Path, timezone: str | None) -> Iterator["Connection[None, _Piece]"]:
    """Where pieces come from; the process is ended with the use of it."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send_all, args=(sender, path, timezone), daemon=True)
    with receiver:
        with sender:
            process.start()
        try:
            yield receiver
        finally:
            process.terminate()
            process.join()
            process.close()


def _send_all(sender: "Connection[_Piece, None]", path: Path, timezone: str | None) -> None:
    # An interrupt is for the command, which ends this process in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Where nobody is there any more who would use them, there is nothing to say.
    with suppress(BrokenPipeError), collector_paused():
        for piece in _pieces(path, timezone):
            sender.send(piece)


def _pieces(path: Path, timezone: str | None) -> Iterator[_Piece]:
    told: list[str] = []
    reports = Reports(told.append)
    records = SubmitDirectory(path, reports, timezone).records()
    counted, is_last = 0, False
    while not is_last:
        rows, error = _next_rows(records)
        is_last = len(rows) < _BATCH
        yield _Piece(rows, tuple(told), reports.unreadable_lines - counted, is_last, error)
        counted = reports.unreadable_lines
        told.clear()


def _next_rows(records: Iterator[Record]) -> tuple[list[_Row], HoofprintError | OSError | None]:
    """A batch, or fewer where there are no more, and the error that ended it."""
    rows: list[_Row] = []
    try:
        for record in islice(records, _BATCH):
            rows.append(_row(record))  # noqa: PERF401 - what was read before an error counts
    except (HoofprintError, OSError) as error:
        return rows, error
    return rows, None


def _row(record: Record) -> _Row:
    return record.event, record.time, record.run, record.root, record.fields, record.place
