import gzip
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from planner.formats import read_workflow

Write = Callable[..., Path]
Refusal = Callable[..., str]

HEAD = "pegasus: '5.0'\nname: w\n"
# without a time of writing: it becomes the test's name
CUT_OFF_GZIP = gzip.compress(b"name: w\n" * 1000, mtime=0)[:-9]
ALIAS_BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 12)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "workflow.yml: the file is empty"),
        (b"\n  \n", "workflow.yml: the file is empty"),
        (b"# only a comment\n", "workflow.yml: this is no workflow in Pegasus 5 YAML"),
        (b"[1]\n", "workflow.yml: this is no workflow in Pegasus 5 YAML or JSON, or in DAX XML; it begins"),
        (b"\x7fELF\x02\x01\x01\x00\x00\x00", "workflow.yml: the file is binary, not text"),
        (b"a: " + b"x" * 5000 + b"\x00", "workflow.yml: the file is binary, not text"),
        (b'a: b\nc: "x\\0y"\n', "workflow.yml:2: a text holds a NUL character"),
        (b'{"a":\n "\\u0000"}', "workflow.yml:2: a text holds a NUL character"),
        (b'{"a": "\\ud800"}', "workflow.yml:1: not well-formed JSON: found invalid Unicode"),
        (
            b"name: caf\xe9\n",
            "workflow.yml:1: not a text: incomplete UTF-8 octet sequence; save the file as UTF-8",
        ),
        (b"a: b\nc: \x01\n", "workflow.yml:2: not a text: control characters are not allowed"),
        (b"a:\n\t- b\n", "workflow.yml:2: not well-formed YAML: the line is indented with a tab"),
        (b"a: [1\nb: 2\n", "workflow.yml:2: not well-formed YAML: did not find expected ',' or ']'"),
        (
            b"a: b: c\n",
            "workflow.yml:1: not well-formed YAML: mapping values are not allowed in this context",
        ),
        (b"name: a\njobs: 1\nname: b\n", 'workflow.yml:3: key "name" is given twice, first on line 1'),
        (
            b"a:\n- b: 1\n  c: [1,\n     2]\n  b: 2\n",
            'workflow.yml:5: key "b" is given twice, first on line 2',
        ),
        (b"b: 1\n[1]: a\n", "workflow.yml:2: a key is a list or mapping; a text is wanted"),
        (b"{{a}}: b\n", "workflow.yml:1: a key is a list or mapping; a text is wanted"),
        (b"b: 1\n~: a\n", "workflow.yml:2: a key is not a text; quote it"),
        (b"a: b\n---\nc: d\n", "workflow.yml:2: a second document starts here; one is wanted"),
        (
            b"a: !!python/object/apply:os.system [x]\n",
            'workflow.yml:1: tag "!!python/object/apply:os.system"',
        ),
        (b"a: !!binary aGVsbG8=\n", 'workflow.yml:1: tag "!!binary" is not accepted'),
        (b"a: *b\n", 'workflow.yml:1: alias "*b" refers to nothing; there is no "&b" before it'),
        (b"a: &a\n  - *a\n", 'workflow.yml:2: alias "*a" stands inside of what it refers to'),
        (b"a: " + b"[" * 100_000, "workflow.yml:1: nested more than 64 deep"),
        (b"a: '" + b"x" * 1_100_000 + b"'\n", "workflow.yml:1: a text of 1100000 characters"),
        (ALIAS_BOMB.encode(), 'workflow.yml:6: alias "*a4": aliases expand the document beyond reason'),
        (b"\x1f\x8b\x08junk", "workflow.yml: damaged gzip file"),
        (CUT_OFF_GZIP, "workflow.yml: damaged gzip file: it ends too early"),
    ],
)
def test_a_hostile_or_broken_document_is_refused_with_one_line(
    write: Write, refusal: Refusal, content: bytes, message: str
) -> None:
    refused = refusal(read_workflow, write(content))

    assert refused.startswith(message)
    assert "\n" not in refused


def test_a_gzip_bomb_is_not_unpacked(write: Write, refusal: Refusal) -> None:
    bomb = gzip.compress(b"x" * 64 * 1024**2)

    assert "unpacks to more than 400 times its size" in refusal(read_workflow, write(bomb))


def test_a_missing_file_is_named(tmp_path: Path, refusal: Refusal) -> None:
    message = refusal(read_workflow, tmp_path / "none.yml")

    assert message == "none.yml: cannot be read: No such file or directory"


def test_a_directory_is_no_file(tmp_path: Path, refusal: Refusal) -> None:
    (tmp_path / "w.yml").mkdir()

    assert refusal(read_workflow, tmp_path / "w.yml") == "w.yml: this is a directory; a file is wanted"


def test_harmless_aliases_are_followed(write: Write) -> None:
    jobs = "".join(f"- {{type: job, id: j{number}, name: t, profiles: *p}}\n" for number in range(100))
    path = write(HEAD + "profiles: &p {env: {A: b}}\njobs:\n" + jobs)

    workflow = read_workflow(path)

    assert all(job.profiles == {"env": {"A": "b"}} for job in workflow.jobs)


def test_a_problem_inside_an_alias_is_told_at_the_line_of_the_alias(write: Write, refusal: Refusal) -> None:
    text = HEAD + "x-shared: &p {evn: {A: b}}\njobs:\n- type: job\n  id: a\n  name: t\n  profiles: *p\n"

    assert refusal(read_workflow, write(text)) == (
        'workflow.yml:8: job a: profiles: unknown key "evn"; did you mean "env"?'
    )


def test_utf_16_with_a_byte_order_mark_is_read(write: Write) -> None:
    text = HEAD + "jobs:\n- {type: job, id: ä, name: t}\n"

    assert read_workflow(write(text.encode("utf-16"))).jobs[0].id == "ä"


def test_a_small_file_takes_little_memory_though_a_large_one_might_come(write: Write) -> None:
    path = write(HEAD + "jobs:\n- {type: job, id: a, name: t}\n")
    script = (
        "import resource, sys\n"
        "from planner.formats import read_workflow\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "print(read_workflow(sys.argv[1]).name)\n"
    )
    command, rooms = [sys.executable, "-c", script, str(path)], Path(__file__).parents[3]
    ended = subprocess.run(command, cwd=rooms, capture_output=True, text=True, check=False)
    assert ended.stderr == ""
    assert ended.stdout == "w\n"


def test_a_workflow_is_read_through_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    jobs = "".join(f"- {{type: job, id: job{number}, name: transformation}}\n" for number in range(40_000))
    writer = threading.Thread(target=pipe.write_text, args=(f"{HEAD}jobs:\n{jobs}",))
    writer.start()
    assert len(read_workflow(pipe).jobs) == 40_000
    writer.join()
