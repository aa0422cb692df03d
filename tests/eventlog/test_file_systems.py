"""SQLite's files belong on local disks."""

from pathlib import Path

import pytest

from eventlog.errors import InputError
from eventlog.file_systems import file_system_of, require_local_file_system

MOUNTS = r"""
/dev/vda / ext4 rw,relatime 0 0
tmpfs /tmp tmpfs rw 0 0
server:/export/home /home nfs4 rw,vers=4.2 0 0
/dev/sdb /home/alice/scratch xfs rw 0 0
mgs@tcp:/lus /lustre/project\040one lustre rw 0 0
auto.data /data autofs rw 0 0
server:/data /data nfs rw 0 0
alice@host: /mnt/remote fuse.sshfs rw 0 0
nsd /gpfs gpfs rw 0 0
//nas/share /mnt/share cifs rw 0 0
""".strip()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/homestead/log.db", "ext4"),
        ("/home/bob/log.db", "nfs4"),
        ("/home/alice/scratch/log.db", "xfs"),
        ("/lustre/project one/log.db", "lustre"),
        ("/data", "nfs"),
        ("/mnt/remote/x", "fuse.sshfs"),
    ],
)
def test_the_innermost_and_latest_mount_holds_a_path(path: str, kind: str) -> None:
    assert file_system_of(Path(path), MOUNTS) == kind


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    file = tmp_path / "mounts"
    file.write_text(MOUNTS, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/bob/.local/share/hoofprint/log.db", "nfs4"),
        ("/lustre/project one/log.db", "lustre"),
        ("/gpfs/log.db", "gpfs"),
        ("/mnt/remote/log.db", "fuse.sshfs"),
        ("/mnt/share/log.db", "cifs"),
    ],
)
def test_a_network_file_system_is_refused_with_the_setting_to_change(
    mounts: Path, path: str, kind: str
) -> None:
    with pytest.raises(InputError) as refused:
        require_local_file_system(Path(path), "HOOFPRINT_LOG", mounts=mounts)
    assert f"{path} lies on a network file system ({kind})" in str(refused.value)
    assert "set HOOFPRINT_LOG" in str(refused.value)


def test_a_local_file_system_is_accepted(mounts: Path) -> None:
    require_local_file_system(Path("/home/alice/scratch/log.db"), "HOOFPRINT_LOG", mounts=mounts)


def test_where_the_system_does_not_say_what_is_mounted_every_folder_is_local(tmp_path: Path) -> None:
    require_local_file_system(Path("/home/bob/log.db"), "HOOFPRINT_LOG", mounts=tmp_path / "none")
