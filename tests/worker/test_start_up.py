"""A worker starts for every job: what it does not need it does not import."""

import subprocess
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.errors import WorkerError
from worker.places import leaves_its_directory, path_of, readable, scheme_of, without_credentials

COSTLY = {
    "asyncio",
    "subprocess",
    "ssl",
    "socket",
    "urllib.request",
    "http.client",
    "threading",
    "hashlib",
    "shutil",
}
COSTLY |= {"tempfile", "argparse", "logging", "datetime", "dataclasses", "inspect"}


def test_a_job_that_moves_nothing_imports_nothing_costly(site) -> None:
    site.options = ("-X", "importtime")
    ended = site.run(tasks=[site.task("/bin/true")])
    assert ended.code == 0
    at_once = subprocess.run(
        [site.python, "-I", "-X", "importtime", "-c", "0"], capture_output=True, text=True
    )
    own = _imported(ended.stderr) - _imported(at_once.stderr)
    assert "worker.perform" in own
    assert own & COSTLY == set()
    assert "worker.transfer" not in own


def _imported(listing: str) -> set[str]:
    return {
        line.rpartition("|")[2].strip() for line in listing.splitlines() if line.startswith("import time:")
    }


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_a_file_url_names_the_path_it_was_made_of(name: str) -> None:
    path = PurePosixPath("/") / name.replace("/", "_")
    assert path_of(path.as_uri()) == str(path)
    assert path_of(path.as_uri().replace("file://", "file://localhost")) == str(path)


@pytest.mark.parametrize("url", ["file://host/a", "file:relative", "file:///a%00b"])
def test_a_file_url_that_names_no_path_here_is_refused(url: str) -> None:
    with pytest.raises(WorkerError, match="file:///path"):
        path_of(url)


@pytest.mark.parametrize(
    ("url", "scheme"),
    [("/a:b", "file"), ("FILE:/a", "file"), ("HTTPS://h/f", "https"), ("x-y.z+1:f", "x-y.z+1")],
)
def test_the_protocol_of_a_url_is_what_stands_before_the_colon(url: str, scheme: str) -> None:
    assert scheme_of(url) == scheme


@pytest.mark.parametrize(
    ("path", "leaves"), [("a/b", False), ("..", True), ("a/../b", True), ("a/..b", False), ("/a/..", True)]
)
def test_only_a_part_of_two_dots_leaves_a_directory(path: str, leaves: bool) -> None:
    assert leaves_its_directory(path) is leaves


def test_a_user_and_password_in_a_url_are_masked() -> None:
    assert without_credentials("https://me:s3cret@host/f?x=a@b") == "https://***@host/f?x=a@b"
    assert without_credentials("https://host/f@2") == "https://host/f@2"


def test_a_name_that_is_no_text_is_told_with_replacement_characters() -> None:
    assert readable(b"caf\xe9".decode("utf-8", "surrogateescape")) == "caf\ufffd"
    assert readable("gr\udcc3\udcb6\udcc3\udc9fe") == "größe"
    assert readable("\ud800") == "?"
