"""How a bulk writer finds the length of its transactions."""

from eventlog.pace import AIM, LEAST, MOST, Pace


def test_transactions_become_longer_while_they_are_quick_and_shorter_where_they_are_not() -> None:
    pace = Pace()
    assert pace.events == LEAST
    for _ in range(10):
        pace.note(pace.events, AIM / 10)
    assert pace.events == MOST
    pace.note(pace.events, AIM * 0.9)
    assert pace.events == MOST
    pace.note(pace.events, AIM * 2)
    assert pace.events == MOST // 2
    for _ in range(10):
        pace.note(1, AIM * 20)
    assert pace.events == LEAST


def test_a_short_transaction_says_nothing_of_long_ones() -> None:
    pace = Pace()
    pace.note(1, 0.0001)
    assert pace.events == LEAST
