"""Nothing starts on a corrupted file, and every output is known by its digest."""

import hashlib

import pytest


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_no_task_starts_when_an_input_is_corrupted(site) -> None:
    site.file("scratch/f.a", "corrupted")
    site.file("scratch/f.b", "content")
    wanted = sha256(b"content")
    ended = site.run(
        verify=[
            {"lfn": "f.a", "path": "f.a", "sha256": wanted, "size": 7},
            {"lfn": "f.b", "path": "f.b", "sha256": wanted, "size": 7},
            {"lfn": "f.c", "path": "f.c", "sha256": wanted, "size": 7},
        ],
        tasks=[site.shell("touch ran")],
    )
    assert ended.code == 1
    assert not (site.scratch / "ran").exists()
    assert {fact["lfn"]: fact["ok"] for fact in ended.of("verified")} == {"f.a": False, "f.b": True}
    found = sha256(b"corrupted")
    assert ended.problems.splitlines() == [
        f"input f.a: expected sha256 {wanted} (7 bytes), found {found} (9 bytes) at {site.scratch}/f.a",
        f"input f.c: {site.scratch}/f.c does not exist",
    ]
    assert (ended.one("finished")["phase"], ended.one("finished")["exit_raw"]) == ("verify", 1 << 8)


def test_an_input_without_a_digest_must_only_be_there(site) -> None:
    site.file("scratch/f.a", "whatever")
    absolute = site.file("elsewhere", "x")
    ended = site.run(verify=[{"lfn": "f.a", "path": "f.a"}, {"lfn": "f.b", "path": str(absolute)}])
    assert (ended.code, ended.of("verified")) == (0, [])
    assert site.run(verify=[{"lfn": "f.c", "path": "f.c"}]).code == 1


@pytest.mark.parametrize("make", ["mkfifo f.a", "mkdir f.a"])
def test_what_is_no_regular_file_is_told_and_never_waited_for(site, make) -> None:
    ended = site.run(tasks=[site.shell(make)], outputs=[{"lfn": "f.a", "path": "f.a"}])
    assert ended.code == 1
    kind = "no regular file" if "fifo" in make else "a directory"
    assert ended.problems == f"output f.a: {site.scratch}/f.a is {kind}, though the tasks ended well"


def test_outputs_get_their_digest_and_size(site) -> None:
    ended = site.run(
        tasks=[site.shell("printf abc > one; mkdir d; : > d/two")],
        outputs=[{"lfn": "one", "path": "one"}, {"lfn": "d/two", "path": "d/two"}],
    )
    assert {fact["lfn"]: (fact["sha256"], fact["size"], fact["role"]) for fact in ended.of("computed")} == {
        "one": (sha256(b"abc"), 3, "output"),
        "d/two": (sha256(b""), 0, "output"),
    }


def test_a_missing_output_fails_the_job_unless_it_is_optional(site) -> None:
    optional = [{"lfn": "log", "path": "log", "optional": True}]
    assert site.run(tasks=[site.task("/bin/true")], outputs=optional).code == 0
    ended = site.run(tasks=[site.task("/bin/true")], outputs=[*optional, {"lfn": "count", "path": "count"}])
    assert ended.code == 1
    assert ended.problems == f"output count: {site.scratch}/count does not exist, though the tasks ended well"
    assert ended.one("finished")["phase"] == "outputs"
    assert "raw: 256" in ended.record


def test_an_optional_output_that_was_not_written_is_neither_brought_out_nor_registered(site) -> None:
    kept = site.root / "kept"
    ended = site.run(
        tasks=[site.task("/bin/true")],
        outputs=[{"lfn": "log", "path": "log", "optional": True}],
        stage_out=[site.transfer("log", site.scratch / "log", to=kept, role="output")],
        register=[{"lfn": "log", "site": "local", "url": kept.as_uri()}],
    )
    assert (ended.code, ended.of("transfer"), ended.of("registered")) == (0, [], [])


def test_an_optional_file_that_nobody_made_is_left_out_by_the_jobs_that_move_and_register_it(site) -> None:
    there, gone = site.file("scratch/there", "abc"), site.scratch / "gone"
    moves = [
        site.transfer(path.name, path, to=site.root / "kept" / path.name, role="output", optional=True)
        for path in (gone, there)
    ]
    ended = site.run(stage_out=moves, kind="stage-out-tx")
    assert ended.code == 0
    assert [(fact["lfn"], fact["tries"]) for fact in ended.of("transfer")] == [("there", 1)]
    registrations = [
        {"lfn": name, "site": "local", "url": (site.root / "kept" / name).as_uri(), "optional": True}
        for name in ("gone", "there")
    ]
    ended = site.run(register=registrations, kind="registration")
    assert (ended.code, [fact["lfn"] for fact in ended.of("registered")]) == (0, ["there"])


def test_an_optional_file_that_somebody_made_must_not_be_lost(site) -> None:
    lost = site.transfer("log", site.scratch / "log", to=site.root / "kept", role="output")
    ended = site.run(stage_out=[{**lost, "optional": True, "sha256": sha256(b"abc")}])
    assert ended.code == 1
    assert ended.problems == f"output log: {site.scratch}/log does not exist (tried 2 times)"


def test_an_optional_file_that_is_there_but_cannot_be_read_fails_the_job(site) -> None:
    (site.scratch / "log").mkdir(parents=True)
    moves = [site.transfer("log", site.scratch / "log", to=site.root / "kept", role="output", optional=True)]
    ended = site.run(stage_out=moves)
    assert (ended.code, ended.problems) == (1, f"output log: {site.scratch}/log is a directory")


def test_an_optional_file_is_looked_for_at_each_of_its_places(site, web) -> None:
    web.refuses("/log", 404)
    second = site.file("second", "abc")
    gone = site.transfer("log", site.root / "gone", web.url + "/log", role="input", optional=True)
    found = site.transfer("note", site.root / "gone", second, role="input", optional=True)
    ended = site.run(stage_in=[gone, found])
    assert (ended.code, [fact["lfn"] for fact in ended.of("transfer")]) == (0, ["note"])


def test_an_optional_replica_that_nobody_can_look_at_is_not_registered(site) -> None:
    far = {"lfn": "log", "site": "far", "url": "gsiftp://far/log", "optional": True}
    ended = site.run(register=[far, {**far, "lfn": "sure", "optional": False}])
    assert [fact["lfn"] for fact in ended.of("registered")] == ["sure"]


def test_a_file_that_cannot_be_read_is_told_with_the_reason(site) -> None:
    site.file("scratch/f.a", "a file, no directory")
    ended = site.run(verify=[{"lfn": "f.b", "path": "f.a/f.b"}])
    assert ended.problems == f"input f.b: {site.scratch}/f.a/f.b cannot be read: Not a directory"
