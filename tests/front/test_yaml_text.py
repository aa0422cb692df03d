"""The YAML emitter: whatever it writes is read back as what was meant."""

import math

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from hoofprint.errors import WorkflowError, WrongTypeError
from hoofprint.yaml_text import mapping_lines, number_scalar, quoted, text_scalar

LOADERS = [yaml.CSafeLoader, yaml.SafeLoader]

# What YAML 1.1 or 1.2 readers take for something else than a string, or for syntax.
TEMPTING = [
    "null", "Null", "NULL", "~", "true", "True", "TRUE", "false", "yes", "Yes", "no", "NO", "on", "Off",
    "y", "N", "=", "<<", "-", "--", "---", "...", ":", "?", "|", ">", "%", "@", "`", "&", "*", "!", "#",
    ",", "[", "]", "{", "}", "1", "-1", "+1", "0", "007", "0o7", "0x1F", "0b1", "1_000", "1.5", ".5", "5.",
    "1e3", "1.0e+3", "1e-05", ".inf", "-.inf", "+.Inf", ".nan", ".NaN", "nan", "inf", "12:30:45",
    "190:20:30", "2026-11-22", "2026-11-22T10:00:00Z", "2026-11-22T10:00:00", "-l", "-a:", "a:b", "a#",
    "#a", "a,b", "*a", "&a", "!a", "%a", "@a", "`a", "'a'", '"a"', "[a]", "{a}", "\\", "\\n", "", " ",
    " a", "a ", "a: b", "a #b", "- a", "? a", "a:", "\t", "\n", "a\nb", "\r\n", "\x00", "\x85", "\u2028",
    "\u2029", "\ufeff", "\ufeffa", "\xa0", "\x7f", "\ufffe", "\uffff", "é", "日本", "😀", "a" * 5000,
]  # fmt: skip


def document(node):
    return "".join(mapping_lines(node))


def loaded(text, loader):
    return yaml.load(text.encode("utf-8"), Loader=loader)


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("text", TEMPTING, ids=ascii)
def test_a_string_that_looks_like_something_else_is_read_back_as_that_string(text, loader):
    node = {"value": text, "list": [text, text], "items": [{"first": text}]}
    assert loaded(document(node), loader) == node


@given(st.text())
@example("😀\u2028\x85\ufeff\x00")
def test_any_text_is_read_back_as_the_same_string_by_both_loaders(text):
    for loader in LOADERS:
        assert loaded(f"- {text_scalar(text)}\n", loader) == [text]


@given(st.text(max_size=60))
def test_any_text_may_be_a_key(text):
    assert loaded(document({text: {"inner": text}}), yaml.CSafeLoader) == {text: {"inner": text}}


@given(st.text())
def test_a_quoted_scalar_stays_on_one_line(text):
    assert len(quoted(text).splitlines()) == 1


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_back_as_the_same_number(number):
    for loader in LOADERS:
        back = loaded(f"- {number_scalar(number)}\n", loader)[0]
        assert back == number
        assert type(back) is type(number)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_refused(number):
    with pytest.raises(WorkflowError, match="not a finite number"):
        number_scalar(number)


SCALARS = (
    st.text(max_size=8) | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
)
NODES = st.recursive(
    SCALARS,
    lambda inner: (
        st.dictionaries(st.text(max_size=8), inner, max_size=4)
        | st.lists(SCALARS | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=8), NODES, min_size=1, max_size=4))
def test_any_document_is_read_back_as_it_was(node):
    assert loaded(document(node), yaml.CSafeLoader) == node


def test_a_lone_surrogate_is_refused_with_what_would_be_right():
    with pytest.raises(WorkflowError, match=r"lone surrogate .* decode names as UTF-8"):
        text_scalar("name\udc80")


def test_a_value_that_yaml_text_does_not_know_is_refused():
    with pytest.raises(WrongTypeError, match="NoneType given"):
        document({"key": None})


def test_ordinary_names_stay_plain():
    for text in ("part.a", "wc_ID0000002", "/usr/bin/wc", "group00001/part.001.dat", "a-b"):
        assert text_scalar(text) == text
