import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.lfn import InvalidLfnError, check_lfn

SEGMENTS = st.text(
    st.characters(blacklist_categories=("Cc", "Cs"), blacklist_characters="/"), min_size=1, max_size=20
).filter(lambda segment: segment not in (".", ".."))


@given(st.lists(SEGMENTS, min_size=1, max_size=5))
def test_a_relative_path_of_plain_segments_is_an_lfn(segments: list[str]) -> None:
    assert check_lfn("/".join(segments)) == "/".join(segments)


@pytest.mark.parametrize(
    ("lfn", "reason"),
    [
        ("", "an LFN is empty"),
        ("../../etc/x", '"../../etc/x" climbs out of the work directory'),
        ("a/../b", "climbs out"),
        ("..", "climbs out"),
        ("/etc/passwd", "is an absolute path"),
        (".", 'has an empty segment or "."'),
        ("a/./b", 'has an empty segment or "."'),
        ("a//b", 'has an empty segment or "."'),
        ("a/", 'has an empty segment or "."'),
        ("a\nb", "control character"),
        ("a\0b", "control character"),
        ("x" * 4097, "has 4097 characters"),
    ],
)
def test_an_lfn_that_could_leave_its_directory_is_refused(lfn: str, reason: str) -> None:
    with pytest.raises(InvalidLfnError) as refused:
        check_lfn(lfn)

    assert reason in str(refused.value)
