"""How a number becomes a cell: Pegasus' rounding, so that a column reads the same as in its own tables."""

_MICROSECONDS = 1_000_000
_MINUTE = 60 * _MICROSECONDS
_UNITS = (("year", 31_536_000), ("day", 86_400), ("hr", 3_600), ("min", 60), ("sec", 1))
_COMPONENTS = 2


def seconds(microseconds: int | None, of: int = 1) -> str:
    """Seconds with at most three decimals, divided by ``of`` for a mean; a dash where there are none."""
    return "-" if microseconds is None else str(round(microseconds / _MICROSECONDS / of, 3))


def all_decimals(microseconds: int | None) -> str:
    """Seconds with every decimal they have; empty where there are none."""
    return "" if microseconds is None else str(microseconds / _MICROSECONDS)


def six_decimals(microseconds: int | None) -> str:
    """Seconds to the microsecond; empty where there are none."""
    return "" if microseconds is None else f"{microseconds / _MICROSECONDS:.6f}"


def three_decimals(microseconds: int) -> str:
    """Seconds to the millisecond."""
    return f"{microseconds / _MICROSECONDS:.3f}"


def megabytes(kibibytes: float | None) -> str:
    """Memory in units of 1,024 KiB with at most three decimals; a dash where nothing was measured."""
    return str(round(kibibytes / 1024, 3)) if kibibytes else "-"


def percent(share: float | None) -> str:
    """A share of one core in percent with at most two decimals; a dash where nothing was measured."""
    return f"{round(share * 100.0, 2)}%" if share else "-"


def words(microseconds: int | None) -> str:
    """A duration in its two greatest units, cut off below; under a minute in decimals of seconds."""
    if microseconds is None:
        return "-"
    if microseconds < _MINUTE:
        short = round(microseconds / _MICROSECONDS, 2)
        return f"{short} {_unit('sec', short)}"
    left, parts = microseconds // _MICROSECONDS, list[str]()
    for name, size in _UNITS:
        number, left = divmod(left, size)
        if (number or parts) and len(parts) < _COMPONENTS:
            parts.append(f"{number} {_unit(name, number)}")
    return ", ".join(parts)


def wall_words(microseconds: int | None) -> str:
    """A workflow's wall time in words: as any duration, but under a minute with both decimals."""
    if microseconds is None or microseconds >= _MINUTE:
        return words(microseconds)
    short = round(microseconds / _MICROSECONDS, 2)
    return f"{short:.2f} {_unit('sec', short)}"


def _unit(name: str, number: float) -> str:
    return name if number == 1 else f"{name}s"
