"""The invocation record: YAML for those who parse it, lines for those who do not."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker.block_yaml import data_lines, key_lines, listed, plain, quoted

MULTIPART = "---------------pegasus-multipart\n"
# What readers of records look for, wherever it stands.
RAW = re.compile(r"raw: ([0-9]+)")
TELLTALE = re.compile(r"integrity_error: |\[cluster-|\[seqexec-|<status|<invocation|- invocation:")
HOSTILE = [
    "raw: 5",
    "integrity_error: x",
    "[cluster-summary failed=9]",
    '<status raw="7">',
    "- invocation: True",
]

texts = (
    st.text() | st.sampled_from(HOSTILE) | st.text(alphabet="raw: 1[-\n\t '\"#%&*!|>{}\\\x7f\x85\u2028😀\x00")
)


def records(text: str) -> list[dict[str, Any]]:
    """Split a record as its line-by-line readers do, and parse each part."""
    parts = re.split(r"(?m)^(?=\[cluster-)|^(?=-{15}pegasus-multipart\n)", text)
    return [
        yaml.safe_load(part)[0] for part in parts for part in [_unbracketed(part)] if part.startswith("- inv")
    ]


def _unbracketed(part: str) -> str:
    return part.partition("\n")[2] if part.startswith("[cluster-task") else part


def multipart(text: str) -> dict[str, Any]:
    _, document = text.split(MULTIPART)
    return {key: value for item in yaml.safe_load(document) for key, value in item.items()}


@given(texts)
def test_any_text_comes_back_from_a_quoted_scalar_that_no_reader_of_lines_misreads(text: str) -> None:
    scalar = quoted(text)
    assert scalar.isascii()
    assert "\n" not in scalar
    assert not RAW.search(scalar)
    assert not TELLTALE.search(scalar)
    assert yaml.safe_load(f"- {scalar}") == [text]


@given(texts)
def test_a_text_written_plainly_is_read_as_that_text(text: str) -> None:
    assert yaml.safe_load(f"key: {plain(text)}") == {"key": text}


@pytest.mark.parametrize(
    "word", ["true", "No", "NULL", "y", "12", "1.5", "1e3", "~", "", "a: b", "a #b", "2023-01-01"]
)
def test_a_word_yaml_would_take_for_a_value_stays_a_word(word: str) -> None:
    assert yaml.safe_load(f"key: {plain(word)}") == {"key": word}


@given(texts, texts)
def test_any_text_can_be_a_key(key: str, value: str) -> None:
    long = key + "k" * 2000
    for name in (key, long):
        lines = [
            "files:",
            *key_lines(name, 2),
            f"    lfn: {quoted(value)}",
            *key_lines("other" + long, 2),
            "    n: 1",
        ]
        assert yaml.safe_load("\n".join(lines)) == {"files": {name: {"lfn": value}, "other" + long: {"n": 1}}}


@given(st.lists(texts, max_size=5))
def test_arguments_come_back_one_by_one(arguments: list[str]) -> None:
    lines = ["argument_vector:", *listed(arguments, 2), "procs:"]
    assert yaml.safe_load("\n".join(lines)) == {"argument_vector": arguments or None, "procs": None}


printed = (
    st.binary()
    | texts.map(lambda text: text.encode("utf-8", "replace"))
    | st.from_regex(rb"[ -~\n]*", fullmatch=True)
)


@given(printed)
def test_anything_a_program_printed_comes_back_and_misleads_no_reader_of_lines(data: bytes) -> None:
    lines = ["stdout:", "  size: 1", *data_lines(data, 2), "stderr:"]
    text = "\n".join(lines)
    assert text.isascii()
    assert not RAW.search(text)
    assert not TELLTALE.search(text)
    assert all(line.startswith((" ", "std")) or not line for line in text.split("\n"))
    told = yaml.safe_load(text)["stdout"].get("data", "")
    assert told == data.decode("utf-8", "replace")


def test_a_plain_message_is_printed_as_a_block_a_person_can_read() -> None:
    assert data_lines(b"first\n\n  second\n", 6) == ["      data: |", "        first", "", "          second"]
    assert data_lines(b"no end", 0) == ["data: |-", "  no end"]


def test_a_record_tells_what_kickstart_tells(site) -> None:
    site.environment["CONDOR_JOBID"] = "3.0"
    ended = site.run(
        tasks=[site.shell("echo hi; echo oh >&2; printf abc > f", stdin=None)],
        outputs=[{"lfn": "f", "path": "f"}],
    )
    (record,) = records(ended.record)
    invocation = ended.one("invocation")
    assert (record["invocation"], record["version"]) == (True, 3.0)
    assert record["transformation"] == "demo"
    assert (record["derivation"], record["resource"], record["wf-label"]) == ("ID1", "local", "demo")
    assert record["wf-stamp"] == "2026-11-22T10:00:00+00:00"
    assert (record["cwd"], record["jobids"]) == (str(site.scratch), {"condor": 3.0})
    main = record["mainjob"]
    assert main["status"] == {"raw": 0, "regular_exitcode": 0}
    assert (main["pid"], main["executable"]["file_name"]) == (invocation["pid"], "/bin/sh")
    assert main["executable"]["size"] == os.stat("/bin/sh").st_size
    assert main["argument_vector"] == invocation["argv"]
    assert main["usage"]["maxrss"] == invocation["maxrss"]
    assert abs(main["usage"]["utime"] - invocation["utime"] / 1e6) < 0.001
    assert abs(main["start"].timestamp() - invocation["start"] / 1e6) < 0.002
    assert abs(main["duration"] - invocation["duration"] / 1e6) < 0.001
    output = record["files"]["f"]
    assert (output["lfn"], output["output"], output["size"]) == ("f", True, 3)
    assert output["sha256"] == ended.one("computed")["sha256"]
    assert (record["files"]["stdout"]["data"], record["files"]["stderr"]["data"]) == ("hi\n", "oh\n")
    assert record["files"]["stdin"]["file_name"] == "/dev/null"
    assert record["machine"]["cpu_count"] == os.cpu_count()
    assert record["machine"]["uname_system"] == "linux"


# The keys kickstart 5.0.5 writes that have a meaning for a job (the processes of the whole host have none).
KEYS = {
    "": "invocation version start duration transformation derivation resource wf-label wf-stamp interface "
    "hostaddr hostname pid uid user gid group umask mainjob jobids cwd usage machine files",
    "mainjob": "start duration pid usage status executable argument_vector procs",
    "machine": "page-size uname_system uname_nodename uname_release uname_machine ram_total ram_free "
    "ram_shared ram_buffer swap_total swap_free cpu_count cpu_speed cpu_vendor cpu_model load_min1 load_min5",
}
USAGE = "utime stime maxrss minflt majflt nswap inblock outblock msgsnd msgrcv nsignals nvcsw nivcsw"


def test_a_record_has_the_keys_of_kickstart_and_reads_line_by_line(site) -> None:
    ended = site.run(tasks=[site.shell("exit 2")])
    (record,) = records(ended.record)
    for part, keys in KEYS.items():
        assert set(keys.split()) <= set(record[part] if part else record)
    assert set(record["usage"]) == set(record["mainjob"]["usage"]) == set(USAGE.split())
    lines = ended.record.splitlines()
    assert lines[:2] == ["- invocation: True", "  version: 3.0"]
    assert "      raw: 512" in lines
    assert "      regular_exitcode: 2" in lines
    assert all(line[:1] in (" ", "-", "") for line in lines)
    assert RAW.findall(ended.record) == ["512"]


@pytest.mark.realdata
def test_a_record_has_every_key_of_a_real_one(site, realdata: Path) -> None:
    real_path = realdata / "submit-dirs/process_wf_success/00/00/ls_ID0000001.out.000"
    (real,) = records(real_path.read_text())
    ended = site.run(
        tasks=[site.task("/bin/ls", "-l", "/", stdout="listing.txt")],
        outputs=[{"lfn": "listing.txt", "path": "listing.txt"}],
    )
    (ours,) = records(ended.record)
    host_wide = {"procs_total", "procs_running", "procs_sleeping", "procs_other", "procs_vmsize", "procs_rss"}
    host_wide |= {"task_sleeping", "task_other"}
    assert set(real) == set(ours)
    assert set(real["mainjob"]) == set(ours["mainjob"])
    assert set(real["mainjob"]["executable"]) == set(ours["mainjob"]["executable"])
    assert set(real["machine"]) - host_wide <= set(ours["machine"])
    assert set(real["files"]["listing.txt"]) == set(ours["files"]["listing.txt"])
    assert set(real["files"]["stdout"]) == set(ours["files"]["stdout"])
    assert set(real["files"]["stderr"]) == set(ours["files"]["stderr"])
    assert set(real["files"]) - {"metadata"} == set(ours["files"])


def test_a_task_killed_by_a_signal_is_told_with_it(site) -> None:
    ended = site.run(tasks=[site.shell("kill -TERM $$")])
    assert records(ended.record)[0]["mainjob"]["status"] == {
        "raw": 15,
        "signalled_signal": 15,
        "signalled_name": "SIGTERM",
        "corefile": False,
    }


def test_several_tasks_make_a_cluster_whose_summary_counts_them(site) -> None:
    tasks = [site.shell("echo 1", id="A"), site.shell("exit 1", id="B]"), site.shell("echo 3", id="C")]
    ended = site.run(tasks=tasks, outputs=[])
    assert [record["derivation"] for record in records(ended.record)] == ["A", "B]"]
    lines = [line for line in ended.record.splitlines() if line.startswith("[")]
    assert [line.split()[0] for line in lines] == ["[cluster-task", "[cluster-task", "[cluster-summary"]
    assert "status=256," in lines[1]
    assert ' tasks=2, succeeded=1, failed=1, extra=0, start="' in lines[2]


def test_a_job_without_tasks_tells_of_itself(site) -> None:
    source = site.file("f.a", "content")
    ended = site.run(stage_in=[site.transfer("f.a", source.as_uri())], kind="stage-in")
    (record,) = records(ended.record)
    assert (record["transformation"], record["derivation"]) == ("hoofprint::stage-in", "null")
    assert record["mainjob"]["status"]["raw"] == 0
    assert record["files"]["f.a"]["output"] is True


def test_what_the_worker_did_itself_goes_by_the_name_that_the_order_gives_the_job(site) -> None:
    (record,) = records(site.run(kind="stage-in-tx", transformation="hoofprint::transfer").record)
    assert record["transformation"] == "hoofprint::transfer"
    missing = [{"lfn": "f.a", "path": "f.a"}]
    ended = site.run(tasks=[site.task("/bin/true")], verify=missing, transformation="wc")
    assert [record["transformation"] for record in records(ended.record)] == ["wc"]


def test_a_job_without_files_has_no_key_for_them(site) -> None:
    (record,) = records(site.run(kind="cleanup").record)
    assert "files" not in record
    assert record["mainjob"]["status"]["raw"] == 0


def test_a_failure_beside_the_tasks_has_a_record_of_its_own(site) -> None:
    ended = site.run(tasks=[site.task("/bin/true")], outputs=[{"lfn": "f", "path": "f"}])
    first, second = records(ended.record)
    assert (first["mainjob"]["status"]["raw"], second["mainjob"]["status"]["raw"]) == (0, 256)
    assert second["transformation"] == "hoofprint::outputs"
    assert second["files"]["stderr"]["data"] == ended.problems + "\n"
    assert "succeeded=1, failed=1" in ended.record


def test_transfers_and_verifications_are_told_in_sections_of_their_own(site) -> None:
    good, bad = site.file("good", "content"), site.file("bad", "corrupted")
    wanted = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
    ended = site.run(stage_in=[site.transfer('f"a', bad.as_uri(), good.as_uri(), sha256=wanted)])
    told = multipart(ended.record)
    failed, succeeded = told["integrity_verification_attempts"]
    assert (failed["success"], failed["sha256_expected"], failed["pfn"]) == (False, wanted, str(bad))
    assert (succeeded["success"], succeeded["lfn"], succeeded["sha256"]) == (True, 'f"a', wanted)
    assert (told["integrity_summary"]["succeeded"], told["integrity_summary"]["failed"]) == (1, 1)
    (moved,) = told["transfer_attempts"]
    assert (moved["src_url"], moved["success"], moved["bytes"]) == (good.as_uri(), True, 7)


def test_an_output_named_like_a_stream_does_not_take_its_place(site) -> None:
    ended = site.run(
        tasks=[site.shell("echo printed; printf x > stdout; printf y > stderr")],
        outputs=[{"lfn": "stdout", "path": "stdout"}, {"lfn": "stderr", "path": "stderr"}],
    )
    files = records(ended.record)[0]["files"]
    assert files["stdout"]["data"] == "printed\n"
    assert (files["./stdout"]["lfn"], files["./stderr"]["lfn"]) == ("stdout", "stderr")


def test_a_long_stream_is_cut_in_the_record(site) -> None:
    ended = site.run(tasks=[site.shell("seq 1 100000")])
    stdout = records(ended.record)[0]["files"]["stdout"]
    assert stdout["data_truncated"] is True
    assert len(stdout["data"]) == 256 * 1024


nasty = st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    arguments=st.lists(nasty | st.sampled_from(HOSTILE), max_size=4), printed=nasty | st.sampled_from(HOSTILE)
)
def test_no_argument_and_no_output_of_a_task_spoils_its_record(
    site, arguments: list[str], printed: str
) -> None:
    body = 'printf %s "$0"; exit 3'
    ended = site.run(tasks=[site.task("/bin/sh", "-c", body, printed, *arguments)])
    (record,) = records(ended.record)
    assert record["mainjob"]["argument_vector"] == ["-c", body, printed, *arguments]
    assert record["files"]["stdout"].get("data", "") == printed
    assert RAW.findall(ended.record) == ["768"]
