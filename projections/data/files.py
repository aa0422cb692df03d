"""Files: one row per (namespace, run, LFN), with what is known of its contents and its producer."""

from sqlalchemy import Column, Computed, Index, Table

from projections.columns import NAME, flag, key, number, text, version
from projections.data.metadata import metadata

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
    # ChecksumComputed, ChecksumVerified, FileRegistered: the last that told its digest, and its size
    version("digest_at"),
    version("digest_tie"),
    text("sha256"),
    version("size_at"),
    version("size_tie"),
    number("size"),
    # ChecksumVerified: the last verdict
    version("verified_at"),
    version("verified_tie"),
    flag("verified_ok"),
    Column("checksum", NAME, Computed(_CHECKSUM, persisted=True)),
    Index("files_by_lfn", "lfn_key", "run_key"),
    Index("files_by_name", "namespace", "lfn", "run_key"),
    Index("files_by_task", "run_key", "task", "lfn_key"),
    Index("files_by_checksum", "namespace", "checksum", "run_key", "lfn_key"),
    Index("files_by_sha256", "sha256"),
)
"""``checksum`` is verified, corrupt, computed or unverified; ``run_key`` of a file that no run made is its
namespace's (``keys.run_key("", namespace)``)."""
