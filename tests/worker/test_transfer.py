"""Bringing files to where they are needed."""

import hashlib
import os
import stat

import pytest


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_copied_file_gets_a_computed_digest_when_none_was_known(site) -> None:
    source = site.file("f.a", "content")
    ended = site.run(stage_in=[site.transfer("f.a", source.as_uri())])
    known = ended.one("computed")
    assert (known["sha256"], known["size"], known["role"]) == (sha256(b"content"), 7, "input")
    assert (known["path"], known["site"]) == (str(site.scratch / "f.a"), "local")
    moved = ended.one("transfer")
    assert (moved["ok"], moved["linked"], moved["tries"], moved["size"]) == (True, False, 1, 7)
    assert (moved["source"], moved["source_site"], moved["message"]) == (source.as_uri(), "s0", None)
    assert ended.of("verified") == []


def test_a_copied_file_is_verified_when_its_digest_was_known(site) -> None:
    source = site.file("f.a", "content")
    ended = site.run(stage_in=[site.transfer("f.a", source.as_uri(), sha256=sha256(b"content"))])
    checked = ended.one("verified")
    assert (checked["ok"], checked["expected"], checked["found"]) == (
        True,
        sha256(b"content"),
        sha256(b"content"),
    )
    assert ended.of("computed") == []


def test_a_corrupted_source_never_lands_and_the_message_names_file_expected_and_found(site) -> None:
    source = site.file("f.a", "corrupted")
    wanted = sha256(b"content")
    site.file("scratch/f.a", "of an earlier attempt")
    ended = site.run(
        stage_in=[site.transfer("f.a", source.as_uri(), sha256=wanted, size=7)],
        tasks=[site.shell("touch ran")],
    )
    assert ended.code == 1
    found = sha256(b"corrupted")
    assert (
        ended.problems
        == f"input f.a: expected sha256 {wanted} (7 bytes), found {found} (9 bytes) at {source}"
    )
    assert (site.scratch / "f.a").read_text() == "of an earlier attempt"
    assert os.listdir(site.scratch) == ["f.a"]
    checked = ended.one("verified")
    assert (checked["ok"], checked["expected"], checked["found"], checked["path"]) == (
        False,
        wanted,
        found,
        str(source),
    )
    assert ended.one("finished")["phase"] == "stage_in"
    assert ended.one("finished")["exit_raw"] == 1 << 8
    assert "raw: 256" in ended.record


def test_a_wrong_size_alone_is_a_corruption_too(site) -> None:
    ended = site.run(stage_in=[site.transfer("f.a", site.file("f.a", "content").as_uri(), size=8)])
    assert "expected any content (8 bytes), found" in ended.problems


def test_the_next_source_is_taken_when_one_is_corrupted_or_missing(site) -> None:
    bad, good = site.file("bad", "corrupted"), site.file("good", "content")
    missing = site.root / "missing"
    ended = site.run(
        stage_in=[
            site.transfer("f.a", missing.as_uri(), bad.as_uri(), good.as_uri(), sha256=sha256(b"content"))
        ]
    )
    assert ended.code == 0
    assert [(fact["ok"], fact["site"]) for fact in ended.of("verified")] == [(False, "s1"), (True, "local")]
    moved = ended.one("transfer")
    assert (moved["source"], moved["source_site"], moved["tries"]) == (good.as_uri(), "s2", 3)
    assert ended.of("problem") == []


def test_a_missing_source_is_tried_again_and_then_told(site) -> None:
    ended = site.run(stage_in=[site.transfer("f.a", (site.root / "missing").as_uri())])
    assert ended.problems == f"input f.a: {site.root}/missing does not exist (tried 2 times)"
    assert (ended.one("transfer")["ok"], ended.one("transfer")["tries"]) == (False, 2)


@pytest.mark.parametrize("link", [False, True])
def test_a_directory_is_refused_at_once(site, link) -> None:
    (site.root / "folder").mkdir()
    ended = site.run(stage_in=[site.transfer("f.a", (site.root / "folder").as_uri(), link=link)])
    assert ended.problems == f"input f.a: {site.root}/folder is a directory"


def test_all_transfers_that_fail_are_told_not_only_the_first(site) -> None:
    good = site.file("good", "x").as_uri()
    moves = [site.transfer(f"f.{n}", (site.root / f"no{n}").as_uri()) for n in range(5)]
    ended = site.run(stage_in=[*moves, site.transfer("good", good)], transfer={"tries": 1, "threads": 3})
    assert len(ended.of("problem")) == 5
    assert {fact["lfn"] for fact in ended.of("transfer") if fact["ok"]} == {"good"}


def test_many_files_are_brought_by_several_threads(site) -> None:
    moves = []
    for number in range(60):
        source = site.file(f"in/{number}", f"content {number}")
        moves.append(site.transfer(f"deep/{number % 7}/f.{number}", source.as_uri()))
    ended = site.run(stage_in=moves, transfer={"threads": 8})
    assert ended.code == 0
    assert len(ended.of("transfer")) == len(ended.of("computed")) == 60
    for number in range(60):
        assert (site.scratch / f"deep/{number % 7}/f.{number}").read_text() == f"content {number}"


def test_a_link_points_to_the_source_and_is_verified_through_it(site) -> None:
    source = site.file("f.a", "content")
    ended = site.run(stage_in=[site.transfer("f.a", source.as_uri(), link=True, sha256=sha256(b"content"))])
    assert os.readlink(site.scratch / "f.a") == str(source)
    assert (ended.one("transfer")["linked"], ended.one("transfer")["protocol"]) == (True, "symlink")
    assert ended.one("verified")["ok"] is True


def test_no_link_is_made_to_a_corrupted_source(site) -> None:
    source = site.file("f.a", "corrupted")
    ended = site.run(stage_in=[site.transfer("f.a", source.as_uri(), link=True, sha256=sha256(b"content"))])
    assert ended.code == 1
    assert not os.path.lexists(site.scratch / "f.a")


def test_a_link_of_an_earlier_attempt_is_replaced_by_the_copy_that_is_wanted_now(site) -> None:
    source = site.file("f.a", "content")
    site.run(stage_in=[site.transfer("f.a", source.as_uri(), link=True)])
    ended = site.run(stage_in=[site.transfer("f.a", source.as_uri())])
    assert ended.code == 0
    assert not (site.scratch / "f.a").is_symlink()
    assert source.read_text() == "content"


@pytest.mark.parametrize("link", [False, True])
def test_a_file_that_is_in_place_already_stays_and_is_verified(site, link) -> None:
    place = site.file("scratch/f.a", "content")
    ended = site.run(stage_in=[site.transfer("f.a", place.as_uri(), sha256=sha256(b"content"), link=link)])
    assert (ended.code, place.read_text(), place.is_symlink()) == (0, "content", False)
    assert ended.one("verified")["ok"] is True


def test_a_copy_keeps_the_mode_and_an_executable_gets_its_bit(site) -> None:
    private = site.file("private", "x")
    private.chmod(0o600)
    tool = site.file("tool", "x")
    tool.chmod(0o644)
    site.run(
        stage_in=[
            site.transfer("private", private.as_uri()),
            site.transfer("tool", tool.as_uri(), executable=True),
        ]
    )
    assert stat.S_IMODE((site.scratch / "private").stat().st_mode) == 0o600
    assert stat.S_IMODE((site.scratch / "tool").stat().st_mode) == 0o755


def test_a_file_url_is_percent_decoded_and_a_bare_path_is_not(site) -> None:
    odd = site.file("a b%20#?.txt", "odd")
    ended = site.run(stage_in=[site.transfer("one", odd.as_uri()), site.transfer("two", str(odd))])
    assert ended.code == 0
    assert (site.scratch / "one").read_text() == (site.scratch / "two").read_text() == "odd"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("gsiftp://host/f", "no protocol brings gsiftp:// to file://"),
        ("https://user:s3cret@host/f", "https://***@host/f: a user or password in a URL is not supported"),
    ],
)
def test_a_source_nobody_can_fetch_is_told_without_secrets(site, source, says) -> None:
    ended = site.run(stage_in=[site.transfer("f.a", source)])
    assert says in ended.problems
    assert "s3cret" not in str(ended.facts) + ended.record + ended.stderr


def test_an_output_is_read_again_where_it_was_brought(site) -> None:
    kept = site.root / "kept/deep/count"
    ended = site.run(
        tasks=[site.shell("echo 3 > count")],
        outputs=[{"lfn": "count", "path": "count"}],
        stage_out=[site.transfer("count", site.scratch / "count", to=kept, role="output")],
    )
    assert kept.read_text() == "3\n"
    checked = ended.one("verified")
    assert (checked["role"], checked["ok"], checked["path"]) == ("output", True, str(kept))
    assert checked["expected"] == checked["found"] == ended.one("computed")["sha256"]


def test_an_output_that_changed_after_its_digest_was_taken_is_not_brought_out(site) -> None:
    kept = site.root / "kept"
    source = site.file("count", "4\n")
    ended = site.run(
        stage_out=[site.transfer("count", source, to=kept, role="output", sha256=sha256(b"3\n"))],
        kind="stage-out",
    )
    assert ended.code == 1
    assert ended.problems.startswith(f"output count: expected sha256 {sha256(b'3' + bytes([10]))}, found")
    assert not kept.exists()


def test_a_destination_that_cannot_be_written_is_told(site) -> None:
    blocked = site.file("blocked", "a file, no directory")
    ended = site.run(
        stage_out=[site.transfer("f", site.file("f", "x"), to=blocked / "f", role="output")],
        transfer={"tries": 1},
    )
    assert ended.problems.startswith(f"output f: {blocked}/f: ")
