"""A submit directory that ``pegasus-submitdir archive`` has put into one compressed file."""

import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from monitor.pegasus.records import Record, RecordSource
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory.braindump import braindump_path

ARCHIVE = "archive.tar.gz"
_BROKEN = (tarfile.TarError, OSError, EOFError, zlib.error)

Opened = Callable[[Path, Reports, str | None], RecordSource]


class ArchivedSubmitDirectory:
    """The archived submit directory ``path``: unpacked for as long as it is read, and then ``opened``."""

    def __init__(self, path: Path, reports: Reports, timezone: str | None, opened: Opened) -> None:
        self.path = path
        self._reports = reports
        self._timezone = timezone
        self._opened = opened

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    def records(self) -> Iterator[Record]:
        """Everything that was put away, as far as the archive is whole. Raises as ``SubmitDirectory``."""
        with tempfile.TemporaryDirectory(prefix="hoofprint-") as scratch:
            self._unpack(Path(scratch))
            archive = str(self.path / ARCHIVE)
            reports = Reports(lambda message: self._reports.tell(message.replace(scratch, archive)))
            try:
                yield from self._opened(Path(scratch), reports, self._timezone).records()
            finally:
                self._reports.unreadable_lines += reports.unreadable_lines

    def _unpack(self, into: Path) -> None:
        noted = braindump_path(self.path)
        if noted is not None:
            # It stays beside the archive.
            shutil.copyfile(noted, into / noted.name)
        archive = self.path / ARCHIVE
        try:
            with tarfile.open(archive, "r|gz") as members:
                for member in members:
                    self._unpack_one(members, member, into)
        except _BROKEN as error:
            self._reports.unreadable(f"{archive}: broken: what stands before that is read: {error}")

    def _unpack_one(self, members: tarfile.TarFile, member: tarfile.TarInfo, into: Path) -> None:
        if not member.isfile():
            return
        try:
            members.extract(member, into, set_attrs=True, filter="data")
        except tarfile.FilterError as error:
            self._reports.unreadable(f"{self.path / ARCHIVE}: left out: {error}")


def is_archived(path: Path) -> bool:
    """Whether what the planner and DAGMan wrote lies in an archive, and not beside it."""
    return os.path.isfile(path / ARCHIVE) and not any(path.glob("*.dag"))
