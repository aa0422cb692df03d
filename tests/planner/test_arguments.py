"""Arguments: joined by blanks, split by shell quoting rules, never seen by a shell."""

import shlex

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from planner.arguments import split_arguments


@pytest.mark.parametrize(
    ("items", "words"),
    [
        (["-l", "part.a"], ["-l", "part.a"]),
        (["-o f.inter"], ["-o", "f.inter"]),
        (["'a b' c"], ["a b", "c"]),
        (["-m", '"it\'s"'], ["-m", "it's"]),
        (['"a \\"b\\" \\$c"'], ['a "b" \\$c']),
        (["a\\ b"], ["a b"]),
        (["x''y"], ["xy"]),
        (["''"], [""]),
        (["; rm -rf ~"], [";", "rm", "-rf", "~"]),
        (["$HOME", "`id`", "a|b"], ["$HOME", "`id`", "a|b"]),
        (["  ", "a", "\t b\n"], ["a", "b"]),
        ([], []),
        (["don't panic"], ["don't", "panic"]),
        (['5" disk'], ['5"', "disk"]),
        (["back\\"], ["back\\"]),
    ],
)
def test_items_are_joined_and_split_like_a_shell_does_without_its_expansions(
    items: list[str], words: list[str]
) -> None:
    assert split_arguments(items) == tuple(words)


def test_literal_items_are_words_as_they_are() -> None:
    assert split_arguments(["a b", "'c'", ""], literal=True) == ("a b", "'c'", "")


@given(st.lists(st.text(alphabet="ab \t\n'\"\\$;~", max_size=8), max_size=6))
def test_splitting_never_fails_and_agrees_with_posix_wherever_quotes_are_closed(items: list[str]) -> None:
    words = split_arguments(items)
    try:
        expected = shlex.split(" ".join(items), posix=True)
    except ValueError:
        assume(False)
    assert words == tuple(expected)


@given(st.lists(st.text(min_size=1, max_size=8), max_size=6))
def test_quoted_words_come_back_as_they_were(words: list[str]) -> None:
    assert split_arguments([shlex.quote(word) for word in words]) == tuple(words)
