"""Directories, removals, registrations, and what happens when the worker cannot leave its account."""

import os
import pwd

import pytest


def test_directories_are_made_with_those_above_them_and_may_exist(site) -> None:
    wanted = [{"site": "local", "url": (site.root / name).as_uri()} for name in ("a/b/c", "a", "scratch")]
    assert site.run(make_directories=wanted, kind="create-dir").code == 0
    assert (site.root / "a/b/c").is_dir()


def test_a_directory_that_cannot_be_made_is_told(site) -> None:
    blocked = site.file("blocked", "").joinpath("x")
    ended = site.run(make_directories=[{"site": "local", "url": blocked.as_uri()}])
    assert (ended.code, ended.one("finished")["phase"]) == (1, "directories")
    assert ended.problems == f"directory {blocked.as_uri()} cannot be made: Not a directory"


def test_a_task_finds_the_folders_that_its_outputs_go_into(site) -> None:
    task = {"id": "T", "transformation": "cp", "executable": "/bin/cp", "argv": ["/etc/hostname", "a/b/out"]}
    ended = site.run(tasks=[task], outputs=[{"lfn": "a/b/out", "path": "a/b/out"}])
    assert (ended.code, ended.one("computed")["lfn"]) == (0, "a/b/out")


def test_a_directory_on_another_protocol_is_refused(site) -> None:
    ended = site.run(make_directories=[{"site": "s", "url": "gsiftp://host/scratch"}])
    assert ended.problems == "no way to make a directory at gsiftp://host/scratch; known is file://"


def removal(url: str, **keys: object) -> dict[str, object]:
    return {"lfn": "f.a", "site": "local", "url": url, **keys}


def test_removing_a_missing_file_is_fine(site) -> None:
    ended = site.run(removals=[removal((site.root / "gone").as_uri())], kind="cleanup")
    assert (ended.code, ended.one("removed")["ok"]) == (0, True)


def test_only_a_recursive_removal_takes_a_directory_away(site) -> None:
    site.file("folder/deep/file", "x")
    url = (site.root / "folder").as_uri()
    ended = site.run(removals=[removal(url)])
    assert (ended.code, ended.one("removed")["ok"]) == (0, False)
    assert "only a recursive removal takes it away" in ended.problems
    assert (site.root / "folder/deep/file").exists()
    assert site.run(removals=[removal(url, recursive=True, lfn=None)]).one("removed")["ok"] is True
    assert not (site.root / "folder").exists()


def test_a_link_to_a_directory_is_removed_and_the_directory_stays(site) -> None:
    kept = site.file("folder/file", "x")
    (site.root / "link").symlink_to(site.root / "folder")
    site.run(removals=[removal((site.root / "link").as_uri(), recursive=True)])
    assert not (site.root / "link").is_symlink()
    assert kept.exists()


@pytest.mark.parametrize("url", ["file:///", "/", "file:////", "file:///tmp", "file:///./tmp"])
def test_what_is_too_near_the_root_is_never_removed(site, url) -> None:
    ended = site.run(removals=[removal(url, recursive=True)])
    assert ended.one("removed")["ok"] is False
    assert "too near the root" in ended.problems


def test_a_removal_that_fails_leaves_the_job_in_order(site) -> None:
    ended = site.run(removals=[removal("s3://bucket/f.a"), removal((site.file("x", "") / "y").as_uri())])
    assert ended.code == 0
    assert [fact["ok"] for fact in ended.of("removed")] == [False, False]
    assert "no way to remove s3://bucket/f.a" in ended.problems
    assert "Not a directory" in ended.problems


def test_a_replica_that_is_not_there_cannot_be_registered(site) -> None:
    there = site.file("there", "abc")
    ended = site.run(
        register=[
            {"lfn": "a", "site": "local", "url": there.as_uri()},
            {"lfn": "b", "site": "local", "url": (site.root / "not-there").as_uri()},
            {"lfn": "c", "site": "web", "url": "https://host.invalid/c"},
        ]
    )
    assert ended.code == 1
    assert ended.problems == f"b cannot be registered: {site.root}/not-there does not exist"
    assert [(fact["lfn"], fact["size"], fact["sha256"]) for fact in ended.of("registered")] == [
        ("a", 3, None),
        ("c", None, None),
    ]


def test_the_facts_are_left_even_if_the_record_cannot_be(site) -> None:
    (site.root / "demo.out.000").mkdir()
    order = site.order(tasks=[site.task("/bin/true")])
    process = site.start(order)
    process.communicate()
    facts = (site.root / "demo.facts.000").read_text()
    assert '"phase": "record"' in facts
    assert '"fact": "finished"' in facts.splitlines()[-1]


def test_a_worker_that_cannot_leave_its_facts_fails(site) -> None:
    ended = site.run(tasks=[site.task("/bin/true")], facts="/proc/no/facts")
    assert ended.code == 1
    assert "hoofprint-worker: " in ended.stderr
    assert "/proc/no" in ended.stderr


def test_a_work_directory_that_cannot_be_made_fails_the_job_with_an_account(site) -> None:
    ended = site.run(tasks=[site.task("/bin/true")], directory="/proc/no/scratch")
    assert ended.code == 1
    assert ended.problems.startswith("directory /proc/no/scratch cannot be made: ")
    assert ended.one("finished")["phase"] == "directories"


def test_started_tells_of_the_machine(site) -> None:
    started = site.run(tasks=[site.task("/bin/true")]).one("started")
    assert started["hostname"] == os.uname().nodename
    assert started["user"] == pwd.getpwuid(os.getuid()).pw_name
    assert (started["system"], started["release"]) == ("linux", os.uname().release)
    assert (started["cpu_count"], started["directory"]) == (os.cpu_count(), str(site.scratch))
    assert started["ram"] == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert started["ip"].count(".") == 3
