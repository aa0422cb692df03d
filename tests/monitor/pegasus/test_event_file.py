"""Event files: the quoting of BP, and what is broken in them."""

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.errors import InputError
from monitor.pegasus.event_file import LONGEST_LINE, EventFile, looks_like_event_file
from monitor.pegasus.event_lines import EventLines, parse_fields
from monitor.pegasus.records import Record
from monitor.pegasus.reports import MOST_LINES, Reports
from monitor.pegasus.translation.values import UnfitValueError

RUN = "11111111-0000-0000-0000-000000000001"
PLAN = f"ts=2026-01-02T03:04:05.000000Z event=stampede.wf.plan level=Info xwf.id={RUN} dax.label=sums\n"


def read(path: Path, content: str | bytes) -> tuple[list[Record], list[str]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    told: list[str] = []
    return list(EventFile(path, Reports(told.append)).records()), told


def line(fields: str, event: str = "task.info") -> str:
    return f"ts=2026-01-02T03:04:06.250000Z event=stampede.{event} level=Info xwf.id={RUN} {fields}\n"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("argv=plain", "plain"),
        ("argv=", ""),
        ('argv=""', ""),
        ('argv="-a  1 -b=2"', "-a  1 -b=2"),
        (r'argv="say \"yes, no\" now"', 'say "yes, no" now'),
        (r'argv="C:\data\in put"', r"C:\data\in put"),
        ('argv="tab\tand é"', "tab\tand é"),
        ("argv=$RETURN", "$RETURN"),
        ('argv="it\'s"', "it's"),
    ],
)
def test_a_value_is_read_as_it_was_meant(tmp_path: Path, written: str, value: str) -> None:
    records, told = read(tmp_path / "run.bp", PLAN + line(f"task.id=t1 {written} type=1"))
    assert not told
    assert records[1].fields == {"task.id": "t1", "argv": value, "type": "1"}


def test_a_record_knows_its_time_run_root_and_place(tmp_path: Path) -> None:
    root = "22222222-0000-0000-0000-000000000002"
    path = tmp_path / "run.bp"
    plan = PLAN.replace("dax.label=sums", f"root.xwf.id={root} dax.label=sums")
    records, _ = read(path, plan + line("task.id=t1"))
    assert records[1] == Record("task.info", 1_767_323_046_250_000, RUN, root, {"task.id": "t1"}, f"{path}:2")


def test_what_every_event_repeats_is_read_once(tmp_path: Path) -> None:
    repeated = f" root.xwf.id={RUN} dax=/w.yml wf.user=ada\n"
    lines = [line(f"task.id=t{number}").rstrip() + repeated for number in range(3)]
    records, told = read(tmp_path / "run.bp", "".join(lines))
    assert [record.fields["task.id"] for record in records] == ["t0", "t1", "t2"]
    assert {record.root for record in records} == {RUN}
    assert not told


def test_what_stands_behind_the_repeated_fields_is_read_of_each_event(tmp_path: Path) -> None:
    behind = f" root.xwf.id={RUN} dax=/w.yml wf.user=ada jobtype=compute req_cpus=1\n"
    lines = [line(f"job.id=t{number}", event="job_inst.composite").rstrip() + behind for number in range(3)]
    records, told = read(tmp_path / "run.bp", "".join(lines))
    assert [record.fields["req_cpus"] for record in records] == ["1", "1", "1"]
    assert not told


def test_words_like_the_repeated_ones_within_a_value_are_that_value(tmp_path: Path) -> None:
    argv = f"see root.xwf.id={RUN} x"
    lines = [line(f'task.id=t{number} argv="{argv}"') for number in range(3)]
    records, told = read(tmp_path / "run.bp", "".join(lines))
    assert [record.fields["argv"] for record in records] == [argv] * 3 or len(told) == 3


def test_a_planners_file_has_no_prefix_and_quotes_everything(tmp_path: Path) -> None:
    text = f'ts=1970-02-07T01:36:56.592124Z event=task.info xwf.id={RUN} task.id="t1" argv="-o x y"\n'
    records, told = read(tmp_path / "run.static.bp", text)
    assert not told
    assert records[0].event == "task.info"
    assert records[0].fields == {"task.id": "t1", "argv": "-o x y"}


def test_an_event_without_a_workflow_belongs_to_the_one_spoken_of_last(tmp_path: Path) -> None:
    text = PLAN + "ts=2026-01-02T03:04:05.000000Z event=stampede.static.start level=Info\n"
    records, told = read(tmp_path / "run.bp", text)
    assert not told
    assert records[1].run == RUN


def test_half_a_last_line_is_left_out_and_told(tmp_path: Path) -> None:
    path = tmp_path / "run.bp"
    records, told = read(path, PLAN + line("task.id=t1 argv=long")[:-8])
    assert len(records) == 1
    assert told == [f"{path}:2: the file ends in half a line; import it again when it is complete"]


@pytest.mark.parametrize(
    "broken",
    [
        "this is no event\n",
        line('task.id=t1 argv="no end'),
        line('task.id=t1 argv="a "b" c"'),
        line("task.id=t1 word argv=x"),
        PLAN.rstrip() + line("task.id=t1"),
        line("task.id=t1").replace("2026-01-02T03:04:06.250000Z", "yesterday"),
        line("task.id=t1").replace("2026-01-02T03:04:06.250000Z", "1e400"),
    ],
)
def test_a_broken_line_is_told_once_and_the_rest_is_read(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "run.bp"
    records, told = read(path, PLAN + broken + line("task.id=t2"))
    assert [record.fields.get("task.id") for record in records] == [None, "t2"]
    assert len(told) == 1
    assert told[0].startswith(f"{path}:2: ")


def test_binary_junk_between_events_is_told_and_passed_over(tmp_path: Path) -> None:
    junk = bytes(range(256)) * 40 + b"\n"
    records, told = read(tmp_path / "run.bp", PLAN.encode() + junk + line("task.id=t1").encode())
    assert [record.event for record in records] == ["wf.plan", "task.info"]
    assert told
    assert all(message.isprintable() and len(message) < 300 for message in told)


def test_nothing_but_junk_is_told_in_a_few_lines_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "run.bp"
    path.write_bytes(b"\x00\xff junk\n" * 500)
    told: list[str] = []
    reports = Reports(told.append)
    assert not list(EventFile(path, reports).records())
    assert len(told) == MOST_LINES + 1
    assert reports.unreadable_lines == 500


def test_text_in_another_encoding_is_kept_as_escapes(tmp_path: Path) -> None:
    path = tmp_path / "run.bp"
    records, told = read(path, PLAN.encode() + line("task.id=caf\xe9").encode("latin-1"))
    assert records[1].fields["task.id"] == "caf\\xe9"
    assert len(told) == 1


def test_nul_characters_become_escapes(tmp_path: Path) -> None:
    records, _ = read(tmp_path / "run.bp", PLAN + line("task.id=a\0b"))
    assert records[1].fields["task.id"] == "a\\x00b"


def test_a_line_of_a_hundred_megabytes_is_passed_over_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "run.bp"
    with path.open("wb") as file:
        file.write(PLAN.encode())
        file.write(line("task.id=t1 argv=").rstrip().encode())
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b"\n" + line("task.id=t2").encode())
    told: list[str] = []
    tracemalloc.start()
    records = list(EventFile(path, Reports(told.append)).records())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [record.fields.get("task.id") for record in records] == [None, "t2"]
    assert len(told) == 1
    assert "a line of 100,000,1" in told[0]
    assert peak < 4 * LONGEST_LINE


def test_only_what_is_wanted_is_parsed(tmp_path: Path) -> None:
    path = tmp_path / "run.bp"
    path.write_text(PLAN + line("no fields at all", event="inv.start") + line("task.id=t1"))
    told: list[str] = []
    records = list(EventFile(path, Reports(told.append), frozenset(("task.info",))).records())
    assert [record.event for record in records] == ["task.info"]
    assert not told


def test_a_file_that_cannot_be_read_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.bp cannot be read"):
        list(EventFile(tmp_path / "gone.bp", Reports(print)).records())


def test_an_event_file_is_known_by_its_name_or_its_first_line(tmp_path: Path) -> None:
    named, nameless, other = tmp_path / "a.bp", tmp_path / "events", tmp_path / "notes"
    named.write_text("")
    nameless.write_text(PLAN)
    other.write_text("ts of something\n")
    assert looks_like_event_file(named)
    assert looks_like_event_file(nameless)
    assert not looks_like_event_file(other)
    assert not looks_like_event_file(tmp_path)


def fields_or_refusal(text: str) -> dict[str, str] | None:
    try:
        return parse_fields(text)
    except UnfitValueError:
        return None


PIECES = st.sampled_from(["a", "=", '"', " ", "\t", "b=", 'c="', ' d="x y" ', ' e="" ', '" ', " f=g "])


@settings(max_examples=500)
@given(pieces=st.lists(PIECES, max_size=8))
def test_an_escape_in_one_value_changes_nothing_about_the_others(pieces: list[str]) -> None:
    quoted = "".join((*pieces, ' y="u v"'))
    expected = fields_or_refusal(quoted)
    escaped = fields_or_refusal(quoted + r' z="\""')
    assert escaped == (None if expected is None else expected | {"z": '"'})


@given(values=st.lists(st.text('ab="\t ', max_size=6), min_size=1, max_size=5))
def test_values_in_quotes_are_read_as_they_were_written(values: list[str]) -> None:
    written = " ".join(
        'v{}="{}"'.format(number, value.replace('"', r"\"")) for number, value in enumerate(values)
    )
    assert parse_fields(written) == {f"v{number}": value for number, value in enumerate(values)}


WORDS = st.sampled_from(
    [
        *("a=b", "a=", 'a="x y"', 'a=""', "=b", "a==b", "word", '"', "ts=1", "event=x", 'a="x"y', "a=é"),
        *("a=\t", ""),
    ]
)


@settings(max_examples=500)
@given(lines=st.lists(st.lists(WORDS, max_size=4), max_size=4))
def test_lines_read_together_say_what_each_says_alone(lines: list[list[str]]) -> None:
    written = [" ".join(("ts=1 event=x", *words)) for words in lines]
    together = EventLines().parse([line.encode() for line in written])
    for line, fields in zip(written, together, strict=True):
        assert fields is None or fields == fields_or_refusal(line)


def test_regular_lines_are_read_together() -> None:
    lines = [f'ts=1 event=x a={number} b="c d" e=é'.encode() for number in range(3)]
    assert None not in EventLines().parse(lines)
    irregular = rb'ts=1 event=x a="say \"no\""'
    assert EventLines().parse([lines[0], irregular, lines[1]])[1] is None
    assert EventLines().parse([lines[0], irregular, lines[1]]).count(None) == 1
