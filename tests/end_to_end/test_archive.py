"""A real run, archived: read by others, imported elsewhere, let go of, rebuilt, redacted."""

import json
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import fastavro
import pytest

READ_BY_OTHERS = """
import sys
for room in ("eventlog", "planner", "worker", "monitor", "projections", "api", "hoofprint"):
    sys.modules[room] = None
import glob, json, fastavro
for path in sorted(glob.glob(sys.argv[1] + "/*.avro")):
    with open(path, "rb") as file:
        for event in fastavro.reader(file):
            print(json.dumps([event["id"], event["type"], event["fact"]]))
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the folder of the finished run is kept, so that it is run once."""
    return tmp_path_factory.mktemp("ran") / "split"


@pytest.fixture
def ran(project, kept: Path, request: pytest.FixtureRequest):
    """The split example, planned and run."""
    if kept.exists():
        shutil.copytree(kept, project.folder, dirs_exist_ok=True)
        return project
    split = request.getfixturevalue("split")
    planned = split.json("plan", "workflow.yml")
    split.call("run", planned["run"], "--quiet")
    shutil.copytree(project.folder, kept)
    return split


def digests(project) -> dict[str, dict[str, str]]:
    return project.json("views", "digest")


def test_the_archive_of_a_run_is_read_by_others_and_says_what_the_log_says(ran) -> None:
    told = ran.json("log", "export", "handed-over", "--run", "latest")
    command = [sys.executable, "-c", READ_BY_OTHERS, "handed-over"]
    read = subprocess.run(command, cwd=ran.folder, capture_output=True, text=True, check=True)
    events = [json.loads(line) for line in read.stdout.splitlines()]
    shown = [json.loads(line) for line in ran.call("log", "show", "latest", "--json").stdout.splitlines()]
    assert events == [[event["id"], event["type"], event["fact"]] for event in shown]
    assert len(events) == told["events"]
    assert ran.json("log", "verify-archive", "handed-over")["archive"]["compared"] == len(events)


def test_an_archive_imported_into_another_log_folds_to_the_same_views(ran) -> None:
    ran.call("log", "export", "archive")
    other = ("--home", str(ran.folder / "other"))
    added = ran.json(*other, "log", "import", str(ran.folder / "archive"))["events"]
    assert added == ran.json("log", "export", "archive")["events"] > 30
    assert ran.json(*other, "log", "import", "archive")["events"] == 0
    assert ran.json(*other, "views", "digest") == digests(ran)
    refused = ran.call("log", "import", "archive", expect=2)
    assert "archive of this very log" in refused.stderr


def test_views_are_rebuilt_from_archive_and_log_after_a_release(ran) -> None:
    before = digests(ran)
    head = int(ran.json("log", "info")["head"].removeprefix("0:"))
    early = ran.call("log", "release", "archive", "--until", f"0:{head}", expect=3)
    assert "holds no archive" in early.stderr
    ran.call("log", "export", "archive", "--until", f"0:{head - 10}")
    short = ran.call("log", "release", "archive", "--until", f"0:{head}", expect=2)
    assert "log export" in short.stderr
    ran.call("log", "release", "archive", "--until", f"0:{head - 10}")
    assert ran.json("log", "info")["earliest"] == f"0:{head - 10}"
    lost = ran.call("views", "rebuild", "runs", expect=1)
    assert "HOOFPRINT_ARCHIVE" in lost.stderr

    ran.environment["HOOFPRINT_ARCHIVE"] = str(ran.folder / "archive")
    assert ran.json("log", "info")["earliest"] == "0:0"
    for group in ("runs", "data"):
        told = ran.json("views", "rebuild", group, "--grace", "0")
        assert told == {"group": group, "position": f"0:{head}"}
    assert digests(ran) == before
    assert ran.json("views", "verify")["holds"]


def test_a_release_waits_for_the_views(ran) -> None:
    head = ran.json("log", "info")["head"]
    ran.call("log", "export", "archive")
    empty = ("--views", str(ran.folder / "empty"))
    refused = ran.call(*empty, "log", "release", "archive", "--until", head, expect=2)
    assert "views fold" in refused.stderr
    assert ran.json("log", "info")["earliest"] == "0:0"


def test_a_damaged_archive_fails_its_verification(ran) -> None:
    ran.call("log", "export", "archive")
    (segment,) = (ran.folder / "archive").glob("*.avro")
    content = bytearray(segment.read_bytes())
    content[-100] ^= 1
    segment.write_bytes(content)
    done = ran.call("log", "verify-archive", "archive", expect=1)
    assert "SHA-256" in done.stdout


@pytest.mark.parametrize("is_released", [False, True])
def test_a_redacted_secret_is_nowhere_afterwards(ran, is_released: bool) -> None:
    secret = "hunter2-is-the-password"
    ran.call("tag", "count.txt.a", f"password={secret}")
    ran.call("find", f'password = "{secret}"')
    archive = ran.folder / "archive"
    ran.call("log", "export", "archive")
    if is_released:
        ran.call("log", "release", "archive", "--until", ran.json("log", "info")["head"])
    ran.environment["HOOFPRINT_ARCHIVE"] = str(archive)
    kept = [ran.folder / "home", archive]
    assert {path.parent.name for path in files_with(secret, kept)} >= {"home", "archive", "views"}

    arguments = ("--run", "latest", "--type", "MetadataRegistered", "--matching", secret)
    done = ran.json("log", "redact", *arguments, "--reason", "a password")
    assert len(done["events"]) == 1
    assert files_with(secret, kept) == []
    assert ran.json("views", "verify")["holds"]
    assert ran.json("log", "verify-archive", "archive")["holds"]
    shown = [json.loads(line) for line in ran.call("log", "show", "latest", "--json").stdout.splitlines()]
    (tombstone,) = (event for event in shown if "redacted" in event)
    assert (tombstone["type"], tombstone["id"]) == ("MetadataRegistered", done["events"][0])
    assert tombstone["redacted"]["reason"] == "a password"
    assert "redacted by" in ran.call("log", "show", "latest").stdout
    again = ran.call("log", "redact", *arguments, "--reason", "a password", expect=3)
    assert "no event is like that" in again.stderr


def test_a_redaction_names_its_events_one_way_or_the_other(ran) -> None:
    for arguments in ([], ["not-an-id"], ["--run", "latest"], ["--matching", "x"]):
        done = ran.call("log", "redact", *arguments, "--reason", "test", expect=2)
        assert "event" in done.stderr


def files_with(secret: str, folders: list[Path]) -> list[Path]:
    """The files that hold these bytes, compressed or not."""
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path for path in paths if secret.encode() in contents(path)]


def contents(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix == ".avro":
        return content + repr(list(fastavro.reader(BytesIO(content)))).encode()
    return content


@pytest.mark.realdata
def test_a_submit_directory_names_the_run_that_is_archived(project, realdata: Path) -> None:
    runs = realdata / "submit-dirs"
    failure = str(runs / "process_wf_failure")
    project.call("import", failure, str(runs / "process_wf_success"))
    told = project.json("log", "export", "handed-over", "--run", failure)
    assert told["events"] == len(project.call("log", "show", failure, "--json").stdout.splitlines())
