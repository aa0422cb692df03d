"""What tasks say through $HOOFPRINT_METADATA."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.facts import Tag
from worker.metadata import Tags, read_metadata

LFNS = frozenset({"count.a", "f.b"})


def read(path: Path, *lines: object) -> tuple[list[Tags], list[str]]:
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return read_metadata(str(path), LFNS)


def test_values_keep_their_types_and_lines_their_order(tmp_path: Path) -> None:
    good, bad = read(
        tmp_path / "m",
        {"tags": {"lines": 100, "ratio": 0.5, "final": True, "type": "counts"}, "file": "count.a"},
        "",
        {"tags": {"experiment": "größe"}},
    )
    assert bad == []
    assert good == [
        Tags("count.a", (Tag("lines", 100), Tag("ratio", 0.5), Tag("final", True), Tag("type", "counts"))),
        Tags(None, (Tag("experiment", "größe"),)),
    ]
    assert [type(tag.value) for tag in good[0].tags] == [int, float, bool, str]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("nonsense", "no JSON"),
        ('{"tags": {"a": NaN}}', "the value of a must be a string, a finite number or a boolean"),
        ('{"tags": {"a": 1e999}}', "the value of a must be"),
        ("[" * 50_000, "no JSON"),
        ([1], 'expected {"tags": {…}}'),
        ({"tags": {"a": 1}, "files": "x"}, 'expected {"tags": {…}}'),
        ({"file": "count.a"}, '"tags" must be an object with at least one key'),
        ({"tags": {}}, '"tags" must be an object with at least one key'),
        ({"tags": {"a": None}}, "the value of a must be"),
        ({"tags": {"a": [1]}}, "the value of a must be"),
        ({"tags": {"a": 2**63}}, "the value of a must be"),
        ({"tags": {"": 1}}, "a key must have 1 to 256 characters, found 0"),
        ({"tags": {"k" * 257: 1}}, "a key must have 1 to 256 characters, found 257"),
        ({"tags": {"a": "v" * 4097}}, "the value of a has 4097 characters; 4096 are allowed"),
        ({"tags": {str(n): 1 for n in range(257)}}, "257 keys; 256 are allowed"),
        ({"tags": {"a": 1}, "file": "other"}, 'file "other" is not one of the job\'s outputs (count.a, f.b)'),
        ({"tags": {"a": 1}, "file": None}, "file null is not one of"),
        ({"tags": {"a": "\ud800"}}, "holds half of a surrogate pair"),
        ({"tags": {"a": "x\0y"}}, "holds a NUL character"),
        ({"tags": {"x\0y": 1}}, "holds a NUL character"),
    ],
)
def test_a_bad_line_is_told_by_number_and_left_out(tmp_path: Path, line: object, says: str) -> None:
    good, bad = read(tmp_path / "m", {"tags": {"a": 1}}, line, {"tags": {"b": 2}})
    assert [tags.tags[0].key for tags in good] == ["a", "b"]
    (message,) = bad
    assert message.startswith(f"$HOOFPRINT_METADATA line 2: {says}")


def test_the_limits_themselves_are_allowed(tmp_path: Path) -> None:
    tags = {"k" * 253 + f"{n:03}": "v" * 4096 for n in range(256)}
    good, bad = read(tmp_path / "m", {"tags": tags})
    assert (len(good[0].tags), bad) == (256, [])


def test_complaints_are_not_endless(tmp_path: Path) -> None:
    good, bad = read(tmp_path / "m", *["x"] * 1000)
    assert (good, len(bad), bad[-1]) == ([], 21, "and 980 more lines like these")


def test_bytes_that_are_no_utf8_are_told(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b'{"tags": {"a": "\xff"}}\n')
    assert read_metadata(str(tmp_path / "m"), LFNS)[1][0].startswith("$HOOFPRINT_METADATA line 1: no JSON")


@given(st.binary(max_size=200))
def test_nothing_a_task_writes_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "anything"
    path.write_bytes(content)
    good, bad = read_metadata(str(path), LFNS)
    assert len(good) + len(bad) <= len(content.split(b"\n"))


def test_a_bad_line_does_not_fail_the_job(site) -> None:
    tell = "; ".join(
        f"echo '{line}' >> $HOOFPRINT_METADATA"
        for line in ('{"tags": {"ok": true}}', "nonsense", '{"tags": {"n": 1}, "file": "f"}')
    )
    ended = site.run(tasks=[site.shell(tell + "; : > f")], outputs=[{"lfn": "f", "path": "f"}])
    assert ended.code == 0
    assert [(fact["target"], fact["name"], fact["tags"]) for fact in ended.of("metadata")] == [
        ("job", None, [{"key": "ok", "value": True}]),
        ("file", "f", [{"key": "n", "value": 1}]),
    ]
    assert ended.one("problem")["phase"] == "metadata"
    assert ended.one("problem")["message"].startswith("$HOOFPRINT_METADATA line 2: no JSON")


def test_all_tasks_of_a_job_write_to_one_file_which_is_gone_afterwards(site) -> None:
    tell = 'echo "{\\"tags\\": {\\"n\\": $N}}" >> $HOOFPRINT_METADATA; echo $HOOFPRINT_METADATA > told'
    ended = site.run(
        tasks=[site.shell(tell, environment={"N": "1"}), site.shell(tell, environment={"N": "2"})]
    )
    assert [fact["tags"] for fact in ended.of("metadata")] == [[{"key": "n", "value": n}] for n in (1, 2)]
    assert not Path((site.scratch / "told").read_text().strip()).exists()


@pytest.mark.parametrize(
    ("trick", "says"),
    [
        ("rm $HOOFPRINT_METADATA", ""),
        ("rm $HOOFPRINT_METADATA; mkfifo $HOOFPRINT_METADATA", "is no regular file"),
        ("rm $HOOFPRINT_METADATA; mkdir $HOOFPRINT_METADATA", "is a directory"),
        ("truncate -s 17M $HOOFPRINT_METADATA", "is larger than"),
    ],
)
def test_a_task_that_spoils_the_file_does_not_spoil_its_job(site, trick: str, says: str) -> None:
    ended = site.run(tasks=[site.shell(trick)])
    assert (ended.code, ended.of("metadata")) == (0, [])
    assert says in ended.problems


def test_the_tags_of_a_task_that_failed_are_not_taken_over(site) -> None:
    ended: Any = site.run(tasks=[site.shell('echo \'{"tags": {"a": 1}}\' >> $HOOFPRINT_METADATA; exit 1')])
    assert (ended.code, ended.of("metadata")) == (1, [])
