"""Which names are taken, and what is said of the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoofprint import File, Job, Workflow, WorkflowError, WrongTypeError
from hoofprint.names import check_lfn, check_version


@pytest.mark.parametrize(
    "lfn",
    [
        "f.a",
        "a/b/c.txt",
        "..a",
        "a..b",
        "a/..b",
        "...",
        "with blank",
        "é/日本",
        "a:b",
        "-x",
        ".hidden",
        "a//b",
        "1",
    ],
)
def test_a_relative_name_below_its_directory_is_taken_as_it_is(lfn):
    assert File(lfn).lfn == lfn


@pytest.mark.parametrize(
    ("lfn", "said"),
    [
        ("", "LFN is empty"),
        ("/etc/passwd", "absolute; give a relative name"),
        ("../../etc/x", "climbs out of the work directory"),
        ("a/../../b", "climbs out of the work directory"),
        ("..", "climbs out of the work directory"),
        ("a/..", "climbs out of the work directory"),
        (".", "names a directory"),
        ("a/", "names a directory"),
        ("a\nb", "control character"),
        ("a\x00", "control character"),
        ("a\n", "control character"),
    ],
)
def test_a_name_that_could_lead_elsewhere_is_refused_with_the_reason(lfn, said):
    with pytest.raises(WorkflowError, match=said):
        File(lfn)


@given(st.text(alphabet="ab./\n", max_size=8))
def test_the_short_way_for_ordinary_names_takes_nothing_that_the_rules_refuse(text):
    dangerous = (
        not text
        or text.startswith("/")
        or ".." in text.split("/")
        or text.endswith("/")
        or text == "."
        or "\n" in text
    )
    if dangerous:
        with pytest.raises(WorkflowError):
            check_lfn(text)
    else:
        assert check_lfn(text) == text


@pytest.mark.parametrize("lfn", [None, 1, b"f.a", ["f.a"]])
def test_an_lfn_that_is_not_text_is_refused_as_a_wrong_type(lfn):
    with pytest.raises(WrongTypeError, match=r"LFN: .* given .* a string is wanted"):
        File(lfn)


def test_errors_are_also_the_builtin_ones_that_scripts_catch():
    with pytest.raises(ValueError, match="empty"):
        File("")
    with pytest.raises(TypeError):
        File(1)


@pytest.mark.parametrize("name", ["a b", "a/b", "", "wörk", "a.b", "a\n"])
def test_a_workflow_name_or_job_id_of_other_characters_is_refused(name):
    with pytest.raises(WorkflowError, match="letters, digits, '-' and '_'"):
        Workflow(name)
    with pytest.raises(WorkflowError, match="letters, digits, '-' and '_'"):
        Job("wc", _id=name)


@pytest.mark.parametrize("version", ["1", "4.0", "5.0.1"])
def test_a_version_has_one_to_three_numbers(version):
    assert check_version(version, "wc") == version


@pytest.mark.parametrize("version", ["", "v1", "1.2.3.4", "1.", "latest"])
def test_another_version_is_refused_with_an_example(version):
    with pytest.raises(WorkflowError, match=r"such as '5\.0\.1'"):
        check_version(version, "wc")


def test_files_are_equal_by_lfn_and_size_is_a_number_of_bytes():
    assert File("a", size=3) == File("a")
    assert len({File("a"), File("a"), File("b")}) == 2
    assert str(File("a/b")) == "a/b"
    with pytest.raises(WrongTypeError, match="number of bytes"):
        File("a", size="3")
    with pytest.raises(WorkflowError, match="number of bytes"):
        File("a", size=-1)
