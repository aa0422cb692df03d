"""Fetching files from a web server."""

import hashlib
import os

import pytest


def test_a_file_is_fetched_and_its_digest_computed(site, web) -> None:
    body = os.urandom(3_000_000)
    ended = site.run(stage_in=[site.transfer("f.a", web.serves("/f.a", body))])
    assert (site.scratch / "f.a").read_bytes() == body
    assert ended.one("transfer")["protocol"] == "http"
    assert ended.one("computed")["sha256"] == hashlib.sha256(body).hexdigest()


def test_a_missing_file_is_not_asked_for_again_and_the_next_source_is_taken(site, web) -> None:
    gone, good = web.refuses("/gone", 404), web.serves("/good", b"content")
    ended = site.run(stage_in=[site.transfer("f.a", gone, good)])
    assert ended.code == 0
    assert (ended.one("transfer")["source"], ended.one("transfer")["tries"]) == (good, 2)
    assert web.asked == ["/gone", "/good"]


def test_a_file_nobody_has_fails_at_once_with_the_status(site, web) -> None:
    ended = site.run(stage_in=[site.transfer("f.a", web.refuses("/gone", 404))])
    assert ended.problems == f"input f.a: {web.url}/gone: HTTP status 404 Not Found"
    assert web.asked == ["/gone"]


def test_a_server_that_is_busy_is_asked_again(site, web) -> None:
    web.refuses("/f.a", 503)
    ended = site.run(stage_in=[site.transfer("f.a", web.serves("/f.a", b"content"))])
    assert (ended.code, ended.one("transfer")["tries"]) == (0, 2)
    assert web.asked == ["/f.a", "/f.a"]


def test_a_body_that_ends_early_is_no_file_and_is_fetched_again(site, web) -> None:
    web.cuts_off("/f.a", b"half", announced=8)
    ended = site.run(stage_in=[site.transfer("f.a", web.serves("/f.a", b"complete"))])
    assert (ended.code, ended.one("transfer")["tries"]) == (0, 2)
    assert (site.scratch / "f.a").read_bytes() == b"complete"


def test_a_body_that_always_ends_early_leaves_nothing_at_the_destination(site, web) -> None:
    ended = site.run(stage_in=[site.transfer("f.a", web.cuts_off("/f.a", b"half", announced=8))])
    assert ended.code == 1
    assert ended.problems == f"input f.a: {web.url}/f.a: body ended after 4 of 8 bytes (tried 2 times)"
    assert os.listdir(site.scratch) == []


def test_a_corrupted_download_may_be_better_the_next_time(site, web) -> None:
    web.serves("/f.a", b"c0rrupted")
    wanted = hashlib.sha256(b"content").hexdigest()
    ended = site.run(stage_in=[site.transfer("f.a", web.serves("/f.a", b"content"), sha256=wanted)])
    assert ended.code == 0
    assert [(fact["ok"], fact["path"]) for fact in ended.of("verified")] == [
        (False, f"{web.url}/f.a"),
        (True, str(site.scratch / "f.a")),
    ]


def test_a_redirection_is_followed_to_another_web_address(site, web) -> None:
    def elsewhere(handler) -> None:
        handler.send_response(302)
        handler.send_header("Location", web.url + "/there")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    web.serves("/there", b"content")
    ended = site.run(stage_in=[site.transfer("f.a", web.answers_with("/here", elsewhere))])
    assert (ended.code, (site.scratch / "f.a").read_bytes()) == (0, b"content")


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/f"])
def test_a_redirection_to_anything_but_the_web_is_refused(site, web, target) -> None:
    def elsewhere(handler) -> None:
        handler.send_response(302)
        handler.send_header("Location", target)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    ended = site.run(
        stage_in=[site.transfer("f.a", web.answers_with("/here", elsewhere))], transfer={"tries": 1}
    )
    assert ended.code == 1
    assert not (site.scratch / "f.a").exists()


def test_a_server_that_is_not_there_is_told(site) -> None:
    ended = site.run(stage_in=[site.transfer("f.a", "http://127.0.0.1:9/f.a")], transfer={"tries": 1})
    assert ended.problems.startswith("input f.a: http://127.0.0.1:9/f.a: ")
    assert "refused" in ended.problems


def test_an_answer_that_is_no_http_is_told(site, web) -> None:
    url = web.answers_with("/f.a", lambda handler: handler.wfile.write(b"\x00\x01 nonsense\r\n\r\n"))
    ended = site.run(stage_in=[site.transfer("f.a", url)], transfer={"tries": 1})
    assert ended.code == 1
    assert ended.problems.startswith(f"input f.a: {url}: ")


def test_an_address_with_a_blank_is_no_url(site) -> None:
    ended = site.run(stage_in=[site.transfer("f.a", "http://127.0.0.1:9/a b")])
    assert "no valid URL" in ended.problems
    assert ended.one("transfer")["tries"] == 1


def test_a_fetched_program_can_be_executed(site, web) -> None:
    url = web.serves("/tool", b"#!/bin/sh\necho ran > out\n")
    ended = site.run(stage_in=[site.transfer("tool", url, executable=True)], tasks=[site.task("tool")])
    assert (ended.code, (site.scratch / "out").read_text()) == (0, "ran\n")


def test_many_files_are_fetched_at_once(site, web) -> None:
    moves = [site.transfer(f"f.{n}", web.serves(f"/{n}", b"%d" % n)) for n in range(20)]
    assert site.run(stage_in=moves, transfer={"threads": 8}).code == 0
    assert [(site.scratch / f"f.{n}").read_bytes() for n in range(20)] == [b"%d" % n for n in range(20)]
