"""How numbers become cells, by Pegasus' rules of rounding."""

from zoneinfo import ZoneInfo

import pytest

from eventlog.errors import InputError
from hoofprint.app.statistics import cells
from hoofprint.app.statistics.question import Level, levels_named
from hoofprint.app.statistics.zones import local_zone
from projections.answers.time_statistics import zone_named

SECOND = 1_000_000


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "-"),
        (0, "0.0 secs"),
        (0.006, "0.01 secs"),
        (1, "1.0 sec"),
        (9.517, "9.52 secs"),
        (59.999, "60.0 secs"),
        (60.9, "1 min, 0 secs"),
        (61, "1 min, 1 sec"),
        (894, "14 mins, 54 secs"),
        (3600, "1 hr, 0 mins"),
        (2 * 86400 + 59, "2 days, 0 hrs"),
        (31_536_000 * 3 + 86400, "3 years, 1 day"),
    ],
)
def test_a_duration_is_told_in_its_two_greatest_units(seconds: float | None, words: str) -> None:
    assert cells.words(None if seconds is None else round(seconds * SECOND)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "-"), (1, "1.00 sec"), (45, "45.00 secs"), (77, "1 min, 17 secs")],
)
def test_a_short_wall_time_has_both_decimals(seconds: int | None, words: str) -> None:
    assert cells.wall_words(None if seconds is None else seconds * SECOND) == words


def test_numbers_are_rounded_to_three_decimals_and_shares_to_two() -> None:
    assert cells.seconds(120_003_000, of=2) == "60.002"
    assert (cells.seconds(991_000), cells.seconds(0), cells.seconds(None)) == ("0.991", "0.0", "-")
    assert cells.three_decimals(1_012_000) == "1.012"
    assert (cells.all_decimals(240_998_000), cells.all_decimals(None)) == ("240.998", "")
    assert (cells.six_decimals(894_000_000), cells.six_decimals(None)) == ("894.000000", "")
    assert (cells.percent(0.10067415730337079), cells.percent(1)) == ("10.07%", "100.0%")
    assert (cells.megabytes(156_876), cells.megabytes(155_648)) == ("153.199", "152.0")


def test_what_measured_nothing_is_a_dash() -> None:
    assert [cells.percent(None), cells.percent(0.0), cells.megabytes(None), cells.megabytes(0)] == ["-"] * 4


def test_levels_are_named_by_our_names_or_those_of_pegasus() -> None:
    assert levels_named("all") == frozenset(Level)
    assert levels_named("wf_stats, JOBS,tf_stats") == {Level.WORKFLOW, Level.JOBS, Level.BREAKDOWN}
    assert levels_named("summary,ti_stats,int_stats") == {Level.SUMMARY, Level.TIME, Level.INTEGRITY}
    with pytest.raises(InputError, match=r"no statistics 'everything'.*breakdown"):
        levels_named("summary,everything")


@pytest.mark.parametrize("name", ["America/New_York", ":America/New_York"])
def test_the_local_zone_is_what_the_environment_names(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", name)
    assert local_zone() == ZoneInfo("America/New_York")


def test_without_a_name_the_local_zone_is_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)
    assert str(local_zone())


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "PST8PDT,M3.2.0,M11.1.0"])
def test_a_zone_that_is_none_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(InputError, match="America/Los_Angeles"):
        zone_named(name)
