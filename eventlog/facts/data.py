"""Data facts: files moved, checked, registered, removed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFinished:
    """One file's transfer ended, well or not; ``tries`` counts the attempts it took."""

    run: str
    job: str
    attempt: int
    lfn: str
    source: str
    destination: str
    source_site: str = ""
    destination_site: str = ""
    protocol: str = ""
    size: int | None = None
    duration: int | None = None
    tries: int = 1
    ok: bool = True
    linked: bool = False
    message: str = ""
    ordinal: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecksumComputed:
    """A digest was computed where none was known; ``role`` is input or output of the job.

    Sources that tell only sums (no file by file record) set ``lfn`` to None and ``count`` to their number;
    a file that is counted in such a sum already has ``count`` 0.
    """

    run: str
    job: str
    attempt: int
    lfn: str | None = None
    role: str = "output"
    pfn: str = ""
    site: str = ""
    sha256: str | None = None
    size: int | None = None
    duration: int | None = None
    count: int = 1
    ordinal: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecksumVerified:
    """A file was held against its known digest; ``ok`` False is corruption, or a file without a digest.

    ``found`` is None when the file was missing. Sums without files as in ``ChecksumComputed``, ``failed``
    of ``count`` of them being wrong. A file whose check is in a sum already has ``count`` 0.
    """

    run: str
    job: str
    attempt: int
    ok: bool
    lfn: str | None = None
    role: str = "input"
    pfn: str = ""
    site: str = ""
    expected: str | None = None
    found: str | None = None
    size: int | None = None
    duration: int | None = None
    count: int = 1
    failed: int = 0
    ordinal: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRegistered:
    """A replica became known: this LFN lies at this PFN on this site.

    ``run`` is empty for a file that no run of ours made; the event's key is then that of (namespace, LFN).
    """

    run: str
    lfn: str
    pfn: str
    site: str
    job: str = ""
    attempt: int = 0
    size: int | None = None
    sha256: str | None = None
    ordinal: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRemoved:
    """A replica is gone."""

    run: str
    pfn: str
    site: str
    lfn: str | None = None
    job: str = ""
    attempt: int = 0
    ordinal: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReuseInvalidated:
    """Somebody said that a file must not be reused: one LFN of one run, or all that a reuse key made.

    A user's mutation carries its idempotency key.
    """

    run: str
    lfn: str | None = None
    reuse_key: str | None = None
    reason: str = ""
    idempotency_key: str = ""
    ordinal: int = 0
    revision: int = 0
