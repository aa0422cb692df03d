"""Collecting what is wrong with a file, so that its author sees all of it at once."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import TypeAlias

from eventlog.errors import InputError

MOST_SHOWN = 20

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands in a document: keys and positions from the root."""

LONGEST_MESSAGE = 500
_unprintable = re.compile(r"[^\x20-\x7e\xa1-\ud7ff\ue000-\U0010ffff]")

Locate: TypeAlias = Callable[[Collection[Path]], Mapping[Path, int]]
"""Finds the lines (from 1) of paths."""


class Problems:
    """The problems of one file, each at a line (from 1) or at a path whose line is looked up later."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: list[tuple[int | Path, str]] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, place: int | Path, text: str) -> None:
        """Note one problem."""
        self._found.append((place, one_line(text)))

    def hint(self, word: str, known: Iterable[str]) -> str:
        """Return what ``suggest`` says; nothing for a problem that will not be shown, for it costs time."""
        return suggest(word, known) if len(self._found) < MOST_SHOWN else ""

    def raise_any(self, locate: Locate | None = None) -> None:
        """Raise InputError with one line a problem, in the file's order; return when there is none."""
        if not self._found:
            return
        shown = self._found[:MOST_SHOWN]
        paths = {place for place, _ in shown if isinstance(place, tuple)}
        lines = locate(paths) if locate and paths else {}
        numbered = sorted(
            ((lines.get(place, 0) if isinstance(place, tuple) else place, text) for place, text in shown),
            key=lambda entry: entry[0],
        )
        raise InputError("\n".join([*self._rendered(numbered), *self._rest()]))

    def _rendered(self, numbered: Iterable[tuple[int, str]]) -> list[str]:
        texts = (f"{self.file}:{line}: {text}" if line else f"{self.file}: {text}" for line, text in numbered)
        return list(dict.fromkeys(texts))

    def _rest(self) -> list[str]:
        hidden = len(self._found) - MOST_SHOWN
        return [f"and {hidden} more"] if hidden > 0 else []


def one_line(text: str) -> str:
    """Return a message fit for a terminal: control characters escaped, overlong ones cut."""
    shown = text if len(text) <= LONGEST_MESSAGE else f"{text[:LONGEST_MESSAGE]}…"
    return _unprintable.sub(lambda match: ascii(match[0])[1:-1], shown)


def suggest(word: str, known: Iterable[str]) -> str:
    """Return the end of a message: the known word nearest to ``word``, or all when they are few."""
    candidates = sorted(known)
    near = get_close_matches(word[:100], candidates, n=1)
    if not near:
        near = [name for name in candidates if name.lower() == word.lower()]
    if near:
        return f'; did you mean "{near[0]}"?'
    if 0 < len(candidates) <= MOST_SHOWN:
        return f"; known are {', '.join(candidates)}"
    return ""
