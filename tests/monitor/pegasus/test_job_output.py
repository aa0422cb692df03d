"""What jobs leave in their output files: kickstart records in YAML and XML, clusters, sections, and junk."""

import tracemalloc
from pathlib import Path

import pytest

from monitor.pegasus.submit_directory.job_output import JobOutput, read_job_output
from monitor.pegasus.submit_directory.kickstart_yaml import record_from_yaml

RECORD = """\
- invocation: True
  version: 3.0
  start: 2023-03-03T22:24:20.615-08:00
  duration: 0.099
  transformation: "ls"
  derivation: "ID1"
  resource: "condorpool"
  hostname: node1
  mainjob:
    start: 2023-03-03T22:24:20.709-08:00
    duration: 0.005
    usage:
      utime: 0.001
      stime: 0.004
      maxrss: 2980
    status:
      raw: 0
      regular_exitcode: 0
    executable:
      file_name: /usr/bin/ls
      mode: 0o100755
    argument_vector:
      - "-l"
      - "it's \\"quoted\\""
    procs:
  cwd: /tmp
  machine:
    uname_system: linux
    ram_total: 1024
  files:
    "a b.txt":
      lfn: "a b.txt"
      size: 5
      output: True
      sha256: abc
      checksum_timing: 0.30
    stdout:
      temporary_name: /tmp/x
      data_truncated: false
      data: |
        first: line

        - invocation: not a record
    stderr:
      size: 0
"""
XML = """\
<?xml version="1.0" encoding="ISO-8859-1"?>
<invocation xmlns="http://pegasus.isi.edu/schema/invocation" version="2.1"
  start="2008-05-30T14:38:48.432-07:00" duration="0.002" transformation="ns::ls:1" derivation="ID1"
  resource="local" hostaddr="128.125.230.95" hostname="intensity" user="root">
  <mainjob start="2008-05-30T14:38:48.432-07:00" duration="1.250" pid="3">
    <usage utime="0.002" stime="0.010" minflt="232" majflt="0"/>
    <status raw="256"><regular exitcode="1"/></status>
    <statcall error="0"><file name="/bin/hostname"/><statinfo size="16176"/></statcall>
    <argument-vector><arg nr="1">-a</arg><arg nr="2">b c</arg></argument-vector>
  </mainjob>
  <cwd>/scratch</cwd>
  <usage utime="9.000" stime="9.001"/>
  <machine page-size="4096"><uname system="linux" release="2.6" machine="x86_64"/>
    <ram total="521076736"/><cpu count="4" speed="2600" vendor="Genuine">Xeon</cpu></machine>
  <statcall error="0" id="stdout"><data>hello
</data></statcall>
  <statcall error="0" id="final" lfn="f.b"><statinfo size="5" user="root"/>
    <checksum type="sha256" value="abc" timing="0.1"/></statcall>
</invocation>
"""


@pytest.fixture
def reports() -> list[str]:
    return []


@pytest.fixture
def read(tmp_path: Path, reports: list[str]):
    def read(text: str | bytes) -> JobOutput:
        path = tmp_path / "job.out.000"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_job_output(path, reports.append)

    return read


def test_a_record_in_kickstarts_own_style(read, reports) -> None:
    (record,) = read(RECORD).records
    assert record.values["mainjob.start"] == "2023-03-03T22:24:20.709-08:00"
    assert record.values["mainjob.usage.utime"] == "0.001"
    assert record.values["mainjob.status.raw"] == "0"
    assert record.values["cwd"] == "/tmp"
    assert record.arguments == ["-l", 'it\'s "quoted"']
    assert record.outputs()["a b.txt"]["checksum_timing"] == "0.30"
    assert record.stdout == "first: line\n\n- invocation: not a record\n"
    assert reports == []


def test_the_line_reader_and_a_whole_yaml_reader_say_the_same(read) -> None:
    (by_line,) = read(RECORD).records
    by_yaml = record_from_yaml(RECORD)
    assert by_line.arguments == by_yaml.arguments
    assert by_line.stdout == by_yaml.stdout
    assert by_line.values.items() <= by_yaml.values.items()
    assert by_line.files["a b.txt"].items() <= by_yaml.files["a b.txt"].items()


@pytest.mark.realdata
def test_both_readers_say_the_same_of_every_real_record(realdata: Path, reports: list[str]) -> None:
    paths = sorted((realdata / "submit-dirs").rglob("*.out.[0-9][0-9][0-9]"))
    assert len(paths) > 30
    for path in paths:
        output = read_job_output(path, reports.append)
        text = path.read_text().partition("---------------pegasus-multipart")[0]
        for record in output.records:
            whole = record_from_yaml(text[text.index("- invocation:") :])
            assert record.values.items() <= whole.values.items(), path
            assert (record.arguments, record.stdout, record.stderr) == (
                whole.arguments,
                whole.stdout,
                whole.stderr,
            ), path
            assert record.files.keys() == whole.files.keys(), path
    assert reports == []


def test_a_record_in_another_style_is_left_to_a_whole_yaml_reader(read, reports) -> None:
    flow = RECORD.replace(
        "    status:\n      raw: 0\n      regular_exitcode: 0\n", "    status: {raw: 256}\n"
    )
    (record,) = read(flow).records
    assert record.values["mainjob.status.raw"] == "256"
    assert record.values["mainjob.usage.utime"] == "0.001"
    assert reports == []


def test_several_records_cluster_lines_sections_and_junk_in_one_file(read, reports) -> None:
    text = (
        "junk before\n"
        + RECORD
        + '[cluster-task id=1, start="2012-04-20T15:37:48.523-04:00", duration=1.5, status=0, app="/bin/x"]\n'
        + RECORD.replace("raw: 0", "raw: 512")
        + '[cluster-summary stat="ok", tasks=2, succeeded=1, failed=1, duration=2.5, '
        + 'start="2012-04-20T15:37:48.523-04:00", pid=1]\n'
        + "\n---------------pegasus-multipart\n- integrity_summary:\n    succeeded: 2\n    failed: 1\n"
        + "    duration: 0.041\n---------------pegasus-multipart\nlocation:\n  latitude: 34.0\n"
        + "---------------pegasus-multipart\n- transfer_attempts:\n  - lfn: a\n    success: True\n"
        + "  - lfn: b\n    success: False\n"
    )
    output = read(text)
    assert [r.values["mainjob.status.raw"] for r in output.records] == ["0", "512"]
    assert output.tasks[1]["duration"] == "1.5"
    assert output.summary is not None
    assert output.summary["duration"] == "2.5"
    assert output.section("integrity_summary") == [{"succeeded": "2", "failed": "1", "duration": "0.041"}]
    assert [e["lfn"] for e in output.section("transfer_attempts")] == ["a", "b"]
    assert output.section("location") == [{"latitude": "34.0"}]
    assert output.plain.startswith("junk before")
    assert reports == []


def test_an_xml_record_says_the_same_under_the_same_names(read, reports) -> None:
    output = read("junk\n" + XML + XML.replace('raw="256"', 'raw="-1"'))
    first, second = output.records
    assert first.values["mainjob.usage.utime"] == "0.002"
    assert first.values["mainjob.duration"] == "1.250"
    assert first.values["mainjob.status.raw"] == "256"
    assert first.values["mainjob.executable.file_name"] == "/bin/hostname"
    assert first.values["machine.ram_bytes"] == "521076736"
    assert first.values["machine.cpu_model"] == "Xeon"
    assert first.arguments == ["-a", "b c"]
    assert first.stdout == "hello\n"
    assert first.outputs()["f.b"]["sha256"] == "abc"
    assert second.values["mainjob.status.raw"] == "-1"
    assert reports == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            RECORD[: RECORD.index("    status:")],
            "line 1: the kickstart record is cut off: no exit status in it",
        ),
        (RECORD.replace("    usage:", "    usage: [}"), "record at line 1: line 12: no YAML"),
        (XML[: XML.index("<cwd>")], "record at line 2: the kickstart record is cut off"),
        (XML.replace("<cwd>", "<cwd"), "record at line 2: no XML"),
        ("---------------pegasus-multipart\n- a: {b\n", "section at line 1: line"),
    ],
)
def test_what_is_broken_is_told_in_one_line_with_its_place(read, reports, text: str, complaint: str) -> None:
    read(text)
    assert len(reports) == 1
    assert complaint in reports[0]
    assert "job.out.000" in reports[0]
    assert "\n" not in reports[0]


def test_an_xml_bomb_is_refused(read, reports) -> None:
    bomb = '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>\n'
    output = read(bomb + XML.replace("/scratch", "&b;"))
    assert output.records == []
    assert 1 <= len(reports) <= 2
    assert "document type" in reports[0]


@pytest.mark.parametrize("junk", [b"\x00\xff\xfe" * 5000, b"", b"\n" * 100, "é".encode("latin-1") * 9])
def test_binary_junk_is_no_record_and_no_error(read, junk: bytes) -> None:
    assert read(junk).is_silent


def test_a_record_of_a_hundred_megabytes_is_read_in_little_memory(tmp_path: Path, reports) -> None:
    path = tmp_path / "huge.out.000"
    head, _, tail = RECORD.partition("        first: line\n")
    with path.open("w") as file:
        file.write(head)
        for _ in range(100):
            file.write("        " + "x" * 1_000_000 + "\n")
        file.write(tail)
    tracemalloc.start()
    try:
        (record,) = read_job_output(path, reports.append).records
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert record.values["mainjob.status.raw"] == "0"
    assert record.stdout is not None
    assert len(record.stdout) < 70_000
    assert peak < 16_000_000
    assert reports == []
