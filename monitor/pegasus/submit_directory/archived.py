"""A submit directory in one compressed file: as ``pegasus-submitdir archive`` leaves it, or packed whole."""

import errno
import lzma
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from eventlog.errors import InputError, UnavailableError
from monitor.pegasus.records import Record, RecordSource
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory.braindump import braindump_path, is_submit_directory

ARCHIVE = "archive.tar.gz"
_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_GROWTH = 300
"""Times that a run is larger than its archive, at most: records alike come to 50, zeros to 1,000."""
_ALLOWED = 1 << 30
"""Bytes that any archive may unpack to."""
_KEPT_FREE = 256 << 20
"""Bytes of the temporary folder's disk that are left to others."""
_ABOUT_NAMES = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EILSEQ)
_BROKEN = (tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError)

Opened = Callable[[Path, Reports, str | None], RecordSource]


class ArchivedSubmitDirectory:
    """The submit directory ``path``, archived or packed: unpacked while it is read, and then ``opened``."""

    def __init__(self, path: Path, reports: Reports, timezone: str | None, opened: Opened) -> None:
        self.path = path
        self._archive = path if is_packed(path) else path / ARCHIVE
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
            archive = str(self._archive)
            reports = Reports(lambda message: self._reports.tell(message.replace(scratch, archive)))
            try:
                yield from self._opened(self._found(Path(scratch)), reports, self._timezone).records()
            finally:
                self._reports.unreadable_lines += reports.unreadable_lines

    def _found(self, scratch: Path) -> Path:
        """The submit directory in what was unpacked: the one nearest to the top, of the root workflow."""
        folders = (Path(folder) for folder, _, _ in os.walk(scratch))
        found = sorted(filter(is_submit_directory, folders), key=lambda folder: (len(folder.parts), folder))
        if not found:
            raise InputError(f"{self._archive}: no submit directory of Pegasus in it: no braindump.yml")
        return found[0]

    def _unpack(self, into: Path) -> None:
        noted = braindump_path(self.path)
        if noted is not None:
            # It stays beside the archive.
            shutil.copyfile(noted, into / noted.name)
        try:
            with tarfile.open(self._archive, "r|*") as members:
                for member in self._within_bounds(members, into):
                    self._unpack_one(members, member, into)
        except _BROKEN as error:
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise self._no_room(into) from error
            self._reports.unreadable(f"{self._archive}: broken: what stands before that is read: {error}")

    def _within_bounds(self, members: tarfile.TarFile, into: Path) -> Iterator[tarfile.TarInfo]:
        """Files of the archive, as long as they are no more than an archive of that size may hold."""
        allowed = max(_ALLOWED, _GROWTH * self._archive.stat().st_size)
        unpacked = 0
        for member in members:
            unpacked += tarfile.BLOCKSIZE + member.size
            if unpacked > allowed:
                self._reports.unreadable(
                    f"{self._archive}: unpacks to more than {allowed >> 20:,} MiB, which no run does: "
                    f"what stands before {member.name!r:.200} is read"
                )
                return
            if member.isfile():
                if member.size + _KEPT_FREE > shutil.disk_usage(into).free:
                    raise self._no_room(into)
                yield member

    def _unpack_one(self, members: tarfile.TarFile, member: tarfile.TarInfo, into: Path) -> None:
        try:
            members.extract(member, into, set_attrs=True, filter="data")
        except tarfile.FilterError as error:
            self._reports.unreadable(f"{self._archive}: left out: {error}")
        except OSError as error:
            if error.errno not in _ABOUT_NAMES:
                raise
            self._reports.unreadable(f"{self._archive}: left out: {member.name!r:.200}: {error.strerror}")

    def _no_room(self, into: Path) -> UnavailableError:
        return UnavailableError(
            f"{self._archive} cannot be unpacked in {into.parent}, which has too little room: "
            "set TMPDIR to a folder that has more"
        )


def is_archived(path: Path) -> bool:
    """Whether what the planner and DAGMan wrote lies in an archive, and not beside it."""
    return os.path.isfile(path / ARCHIVE) and not any(path.glob("*.dag"))


def is_packed(path: Path) -> bool:
    """Whether this is a file into which a directory may have been packed."""
    return path.name.endswith(_ENDINGS) and os.path.isfile(path)
