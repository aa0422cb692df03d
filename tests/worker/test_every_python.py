"""A whole job, on every Python the worker must run on."""

import hashlib
import json
import os
import subprocess

import pytest
import yaml


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


TAG = """
wc -l < f.a > count.a
echo '{"tags": {"lines": 3, "type": "counts"}, "file": "count.a"}' >> "$HOOFPRINT_METADATA"
echo done >&2
"""


def test_a_job_stages_in_runs_tags_and_stages_out(site, python, web) -> None:
    site.python = python
    site.options = ("-W", "error")
    source = site.file("in/f.a", "one\ntwo\nthree\n")
    fetched = web.serves("/f.b", b"from the web")
    kept = site.root / "out" / "count.a"
    ended = site.run(
        make_directories=[{"site": "local", "url": (site.root / "shared/deep").as_uri()}],
        stage_in=[
            site.transfer("f.a", source.as_uri(), sha256=sha256(source.read_bytes()), size=14),
            site.transfer("f.b", fetched),
        ],
        verify=[{"lfn": "f.a", "path": "f.a", "sha256": sha256(source.read_bytes()), "size": 14}],
        tasks=[site.shell(TAG)],
        outputs=[{"lfn": "count.a", "path": "count.a"}],
        stage_out=[site.transfer("count.a", site.scratch / "count.a", to=kept, role="output")],
        removals=[{"lfn": "f.a", "site": "local", "url": (site.scratch / "f.a").as_uri()}],
        register=[{"lfn": "count.a", "site": "local", "url": kept.as_uri()}],
    )
    assert (ended.code, ended.stdout, ended.stderr) == (0, "", "")
    assert (site.root / "shared/deep").is_dir()
    assert kept.read_bytes().strip() == b"3"
    assert not (site.scratch / "f.a").exists()
    names = [fact["fact"] for fact in ended.facts]
    assert (names[0], names[-1]) == ("started", "finished")
    assert {fact["lfn"]: fact["protocol"] for fact in ended.of("transfer")} == {
        "f.a": "file",
        "f.b": "http",
        "count.a": "file",
    }
    assert {(fact["lfn"], fact["role"]) for fact in ended.of("computed")} == {
        ("f.b", "input"),
        ("count.a", "output"),
    }
    assert ended.one("metadata")["tags"] == [{"key": "lines", "value": 3}, {"key": "type", "value": "counts"}]
    assert ended.one("registered")["sha256"] == sha256(kept.read_bytes())
    assert ended.one("finished") == {
        "fact": "finished",
        "time": ended.facts[-1]["time"],
        "exit_raw": 0,
        "phase": None,
        "stderr_tail": None,
    }
    assert yaml.safe_load(ended.record.partition("------")[0])[0]["mainjob"]["status"]["raw"] == 0
    assert sorted(os.listdir(site.scratch)) == ["count.a", "f.b"]


def test_a_failing_job_is_told_with_its_last_words(site, python) -> None:
    site.python = python
    ended = site.run(tasks=[site.shell("echo first; echo it went wrong >&2; exit 3")])
    assert ended.code == 1
    assert ended.one("finished")["exit_raw"] == 3 << 8
    assert ended.one("finished")["phase"] == "tasks"
    assert ended.one("finished")["stderr_tail"] == "it went wrong\n"
    assert ended.problems == "task ID1 (demo): exited with 3"
    assert ended.stderr == "hoofprint-worker: demo_ID1: tasks: task ID1 (demo): exited with 3\n"


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_names_beyond_ascii_work_in_every_locale(site, python, locale) -> None:
    site.python, site.options = python, ("-X", "utf8=0")
    site.environment["LC_ALL"] = locale
    name = "größe 数.txt"
    source = site.file(name, "x")
    ended = site.run(
        stage_in=[site.transfer(name, source.as_uri())],
        verify=[{"lfn": name, "path": name}],
        tasks=[
            site.task(
                "/bin/sh", "-c", 'test -f "$1" && echo "$V" > "$2"', "sh", name, "ä", environment={"V": "é"}
            )
        ],
        outputs=[{"lfn": "ä", "path": "ä"}],
    )
    assert (ended.code, ended.problems) == (0, "")
    assert (site.scratch / "ä").read_text("utf-8") == "é\n"
    assert ended.one("transfer")["lfn"] == name
    assert {fact["path"] for fact in ended.of("computed")} == {
        str(site.scratch / name),
        str(site.scratch / "ä"),
    }
    record = yaml.safe_load(ended.record.partition("------")[0])[0]
    assert name in record["mainjob"]["argument_vector"]
    assert record["files"]["ä"]["sha256"] == sha256("é\n".encode())


def test_an_order_can_come_on_standard_input(site, python) -> None:
    order = site.order(tasks=[site.task("/bin/true")])
    command = [python, "-I", str(site.worker), "run"]
    ended = subprocess.run(command, input=json.dumps(order), text=True, capture_output=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert (site.root / "demo.facts.000").exists()
