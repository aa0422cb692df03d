"""What commands print: tables for people, JSON for programs, both on stdout."""

import dataclasses
import json
import shutil
import sys
from codecs import lookup
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from io import TextIOWrapper
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.table import Table

_WIDTH_WITHOUT_TERMINAL = 160


def console() -> Console:
    """The console for results; wide when the output goes into a file or a pipe, so that no cell is cut."""
    if sys.stdout.isatty():
        return Console(highlight=False, markup=False)
    width = shutil.get_terminal_size().columns
    return Console(highlight=False, markup=False, width=max(width, _WIDTH_WITHOUT_TERMINAL))


def error_console() -> Console:
    """The console for progress and messages."""
    return Console(stderr=True, highlight=False, markup=False)


def escape_what_stdout_lacks() -> None:
    """Show characters that the encoding of stdout lacks (that of the locale C, say) by their numbers."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def print_json(value: object) -> None:
    """Print one JSON document: dataclasses as objects, times and durations as the integers they are."""
    sys.stdout.write(json_text(value, indent=2 if sys.stdout.isatty() else None) + "\n")


def json_text(value: object, *, indent: int | None = None) -> str:
    """One JSON document as text: dataclasses as objects, times and durations as the integers they are."""
    return json.dumps(value, default=_plain, indent=indent, ensure_ascii=not _has_every_character())


def _has_every_character() -> bool:
    return lookup(sys.stdout.encoding or "ascii").name.startswith("utf")


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (UUID, Path)):
        return str(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()) -> Table:
    """A plain table; columns named in ``right`` are aligned right."""
    made = Table(box=None, pad_edge=False, header_style="bold", show_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*("" if cell is None else printable(str(cell)) for cell in row))
    return made


def facts(pairs: Mapping[str, object]) -> Table:
    """A two-column list of names and values; empty values are left out."""
    made = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    made.add_column(style="bold")
    made.add_column(overflow="fold")
    for name, value in pairs.items():
        if value not in (None, ""):
            made.add_row(name, printable(str(value)))
    return made


def printable(text: str) -> str:
    """Foreign text made harmless for a terminal: control characters are shown, not obeyed."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def when(microseconds: int | None) -> str:
    """A time for people: local date and time to the second; ``-`` when there is none."""
    if microseconds is None:
        return "-"
    return datetime.fromtimestamp(microseconds / 1e6, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def size_text(size: int | None) -> str:
    """A size for people, in binary units."""
    if size is None:
        return "-"
    if size < 1024:
        return f"{size} B"
    number, units = float(size), ("KiB", "MiB", "GiB", "TiB", "PiB")
    for unit in units:
        number /= 1024
        if number < 1024 or unit == units[-1]:
            return f"{number:.1f} {unit}"
    raise AssertionError("unreachable")


def duration_text(microseconds: int | None) -> str:
    """A duration for people, in the words of the statistics tables: ``2 hrs, 5 mins, 3.20 secs``."""
    if microseconds is None:
        return "-"
    seconds = microseconds / 1e6
    if seconds < 60:
        return f"{seconds:.2f} secs"
    whole = round(seconds)
    days, rest = divmod(whole, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    parts = [(days, "day"), (hours, "hr"), (minutes, "min"), (left, "sec")]
    shown = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in parts if count]
    return ", ".join(shown)
