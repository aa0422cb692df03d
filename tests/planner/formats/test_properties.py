from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile

from hypothesis import given
from hypothesis import strategies as st

from planner.formats import read_properties

Write = Callable[..., Path]
Refusal = Callable[..., str]
TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="$"))


def escaped(text: str) -> str:
    """Write every character that could mean something as an escape of UTF-16 units, as Java does."""
    units = text.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


@given(st.dictionaries(TEXT.filter(bool), TEXT))
def test_what_java_would_write_is_read_back(properties: dict[str, str]) -> None:
    with NamedTemporaryFile("w") as file:
        file.write("".join(f"{escaped(key)}={escaped(value)}\n" for key, value in properties.items()))
        file.flush()

        assert read_properties(file.name) == properties


def test_separators_comments_and_continuation_lines_are_those_of_java(write: Write) -> None:
    path = write(
        "# comment = 1\n! comment\n\n"
        "a=1\n b : 2\nc 3\nd\ne=\n"
        "long = one \\\n    two \\\n  # three\n"
        "key\\ with\\=signs = v = w : x\n"
        "path = C\\:\\\\temp\\tx\r\n"
        "last = end\\"
    )

    assert read_properties(path) == {
        "a": "1",
        "b": "2",
        "c": "3",
        "d": "",
        "e": "",
        "long": "one two # three",
        "key with=signs": "v = w : x",
        "path": "C:\\temp\tx",
        "last": "end",
    }


def test_another_property_is_filled_in_once_and_an_unknown_one_stays(write: Write) -> None:
    path = write("home=/h\nbin=${home}/bin\ndeep=${bin}/x\nno=${user.home}/y\nself=${self}\n")

    assert read_properties(path) == {
        "home": "/h",
        "bin": "/h/bin",
        "deep": "${home}/bin/x",
        "no": "${user.home}/y",
        "self": "${self}",
    }


def test_ranks_of_a_regex_selector_keep_their_backslashes_when_doubled(write: Write) -> None:
    path = write("pegasus.selector.replica=Regex\npegasus.selector.replica.regex.rank.1=file:///.*\\\\.gz\n")

    assert read_properties(path) == {
        "pegasus.selector.replica": "Regex",
        "pegasus.selector.replica.regex.rank.1": "file:///.*\\.gz",
    }


def test_latin_1_is_read_where_utf_8_is_not(write: Write) -> None:
    assert read_properties(write(b"a=\xe9\n")) == {"a": "é"}
    assert read_properties(write("a=é\n")) == {"a": "é"}


def test_a_property_without_a_name_is_refused_with_its_line(write: Write, refusal: Refusal) -> None:
    assert (
        refusal(read_properties, write("a=1\n=2\n", "p")) == "p:2: a property has no name; write name=value"
    )
