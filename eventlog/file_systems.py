"""Which file system a folder lies on: SQLite's locks and shared memory need a local one."""

from pathlib import Path

from eventlog.errors import InputError

# Names as in /proc/mounts. Several hosts mount these, and none keeps SQLite's shared memory the same on all.
NETWORK_FILE_SYSTEMS = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "coda",
    "lustre", "gpfs", "mmfs", "beegfs", "beegfs_nodev", "fhgfs", "panfs", "wekafs", "orangefs", "pvfs2",
    "ceph", "fuse.ceph", "fuse.ceph-fuse", "glusterfs", "fuse.glusterfs", "fuse.juicefs", "fuse.moosefs",
    "fuse.sshfs", "fuse.s3fs", "fuse.goofys", "fuse.gcsfuse", "fuse.rclone", "davfs", "fuse.davfs2",
})  # fmt: skip
MOUNTS = Path("/proc/self/mounts")


def require_local_file_system(path: Path, setting: str, *, mounts: Path = MOUNTS) -> None:
    """Raise InputError, naming the setting to change, where ``path`` lies on a network file system.

    Where the system does not say what is mounted (no ``mounts`` file), every folder counts as local.
    """
    try:
        text = mounts.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return
    kind = file_system_of(path.absolute().resolve(), text)
    if kind in NETWORK_FILE_SYSTEMS:
        raise InputError(
            f"{path} lies on a network file system ({kind}), where SQLite loses data: "
            f"set {setting} to a place on a local disk of this host"
        )


def file_system_of(path: Path, mounts: str) -> str:
    """The type of the file system that holds an absolute path, by the text of /proc/mounts; empty if none."""
    found, depth = "", -1
    for line in mounts.splitlines():
        _, point, kind, *_ = line.split(" ")
        mounted_on = Path(_unescape(point))
        # A later mount on the same point covers the earlier one, hence >=.
        if path.is_relative_to(mounted_on) and len(mounted_on.parts) >= depth:
            found, depth = kind, len(mounted_on.parts)
    return found


def _unescape(point: str) -> str:
    """A mount point without the octal escapes that /proc/mounts uses for blanks and backslashes."""
    for escaped, plain in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        point = point.replace(escaped, plain)
    return point
