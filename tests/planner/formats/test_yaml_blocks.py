"""What is read line by line is what the whole parser reads."""

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.formats import yaml_tree
from planner.formats.source import Source
from planner.formats.yaml_blocks import Unusual, read_blocks, read_items
from planner.formats.yaml_nodes import Node, Section

WORKFLOW = b"""pegasus: '5.0'
name: two
jobs:
- type: job
  name: keg
  id: ID1
  arguments: [-a, top, "it's", 10, 1.50, a:b]
  metadata: {}
  uses:
    - {lfn: f.a, type: input}
    - {lfn: f.b, type: output, stageOut: true, size: null}
- type: job
  name: keg -x
  id: ID2
  stdout:
  arguments:
  - -T60
  - 'it''s' """

VALUES = [
    *(
        "x",
        "a b",
        "-1",
        "null",
        "~",
        "''",
        '"q r"',
        "[]",
        "{}",
        "[a, b]",
        "{k: v, l: ''}",
        "a, b",
        "[a",
        "{a",
    ),
    *(
        "a: b",
        "a #b",
        "[a, ]",
        "{a: b, a: c}",
        "[[a]]",
        "{a: [b]}",
        "[ a ]",
        "[a ,b]",
        "[a: b]",
        "&a x",
        "*a",
    ),
    *(
        "!t x",
        "|",
        ">",
        '"a\\n"',
        "é",
        "\t",
        "http://x",
        "- x",
        "---",
        "...",
        "?",
        "? a",
        "[x?y]",
        "%",
        "@",
        "=",
    ),
]
LINES = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "", "  ", "    ", " "]),
        st.sampled_from(["", "- ", "-", "- - "]),
        st.sampled_from(
            ["a: ", "b: ", "c:", "a:", "null: ", "", "'a': ", "a.b: ", "c.: ", "#", "# a: ", "---", "..."]
        ),
        st.sampled_from(["", "", *VALUES]),
    ),
)


def shown(node: Node) -> object:
    if isinstance(node, Section):
        return ("mapping", node.line, [(key, shown(value)) for key, value in node.items()])
    return [shown(item) for item in node] if isinstance(node, list) else node


def read_whole(data: bytes, monkeypatch: pytest.MonkeyPatch) -> Node:
    def refuse(data: bytes) -> Node:
        raise Unusual

    with monkeypatch.context() as patch:
        patch.setattr(yaml_tree, "read_blocks", refuse)
        return yaml_tree.parse_tree(Source("w.yml", data))


@given(st.lists(LINES, min_size=1, max_size=7))
def test_whatever_is_read_line_by_line_the_whole_parser_reads_alike(lines: list[str]) -> None:
    data = "\n".join(lines).encode()
    try:
        read = read_blocks(data)
    except Unusual:
        return
    with pytest.MonkeyPatch.context() as patch:
        assert shown(read) == shown(read_whole(data, patch))


@given(st.lists(LINES, min_size=1, max_size=7))
def test_items_read_one_by_one_are_those_of_the_list(lines: list[str]) -> None:
    data = [f"{line}\n".encode() for line in lines]
    try:
        root = read_blocks(b"".join(data))
    except Unusual:
        with pytest.raises(Unusual):
            list(read_items(data, "a"))
        return
    items = root.get("a") if isinstance(root, Section) else None
    if isinstance(items, list):
        assert shown(list(read_items(data, "a"))) == shown(items)
    else:
        with pytest.raises(Unusual):
            list(read_items(data, "a"))


def test_of_a_list_no_more_than_two_items_are_in_memory() -> None:
    document = [
        "b:",
        *(f"- x{number}" for number in range(50)),
        "a:",
        *(f"- {number}" for number in range(50)),
    ]
    lines = iter(f"{line}\n".encode() for line in document)
    items = read_items(lines, "a")
    assert next(items) == "0"
    assert next(lines) == b"- 2\n"
    with pytest.raises(StopIteration):
        # what was taken away is not there
        next(item for item in items if item == "2")


def test_what_programs_write_is_read_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    data = WORKFLOW.replace(b"  - 'it''s' ", b"  - 'its'\n")
    root = cast(Section, read_blocks(data))
    assert shown(root) == shown(read_whole(data, monkeypatch))
    assert root["name"] == "two"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "a: b\na: c",
            "null: x",
            "a: b\n  c: d",
            "a: b\n  c",
            "a: b # why",
            "a: b\n\n  c",
            "a: b\n# why\n  c",
            "# \x07",
            "a: b\n---",
            "{a: b}",
            "- ",
        ),
        *("a: {b: c, b: d}", "a: [b: c]", "a: {b}", "a: [b, c", "a: [b}", 'a: "\\0"', "a: 'it''s'", "a: é"),
        *(
            "a: &b c",
            "a: *b",
            "a: !!str b",
            "a: |",
            "a\tb: c",
            "a: b\r",
            "--- a",
            "? a",
            "a: b: c",
            "- a\nb: c",
        ),
        "\n".join(f"{'  ' * depth}a:" for depth in range(70)),
        f"a: {'x' * (1024**2 + 1)}",
    ],
)
def test_what_is_not_beyond_doubt_is_left_to_the_whole_parser(text: str) -> None:
    with pytest.raises(Unusual):
        read_blocks(text.encode())
