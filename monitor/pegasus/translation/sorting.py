"""Sorting more than memory is to hold: what is too much lies in a temporary file, sorted in runs."""

import pickle
import tempfile
import weakref
from collections.abc import Iterator
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import IO, Generic, TypeVar

from eventlog.errors import UnavailableError

MOST_IN_MEMORY = 1 << 15
"""Items that one sorter keeps in memory: about 15 MB."""

_A_BLOCK = 1 << 10
"""Items that are read back at once, of each sorted run."""

T = TypeVar("T")
# no two have the same place, so that items themselves are never compared
_Placed = tuple[str, int, T]


class Sorter(Generic[T]):
    """Takes items in any order and gives them back by key, those of one key in the order of their coming."""

    def __init__(self, most_in_memory: int = MOST_IN_MEMORY) -> None:
        self._most = most_in_memory
        self._count = 0
        self._waiting: list[_Placed[T]] = []
        self._file: IO[bytes] | None = None
        # where the blocks of each sorted run begin
        self._runs: list[list[int]] = []

    def add(self, key: str, item: T) -> None:
        """Keep an item. Raises UnavailableError where there is no room for the temporary file."""
        self._waiting.append((key, self._count, item))
        self._count += 1
        if len(self._waiting) >= self._most:
            try:
                self._put_aside()
            except OSError as error:
                raise UnavailableError(
                    f"a large plan cannot be sorted in {tempfile.gettempdir()}: {error.strerror}: set TMPDIR "
                    "to a folder that has room"
                ) from error

    def groups(self) -> Iterator[tuple[str, list[T]]]:
        """Every key, sorted, with its items. To be asked once, when everything was added."""
        self._waiting.sort()
        sources = [*map(self._read, self._runs), iter(self._waiting)]
        for key, items in groupby(merge(*sources), key=itemgetter(0)):
            yield key, [item for _, _, item in items]

    def _put_aside(self) -> None:
        if self._file is None:
            # open as long as the sorter is
            self._file = tempfile.TemporaryFile(prefix="hoofprint-")  # noqa: SIM115
            weakref.finalize(self, self._file.close)
        self._waiting.sort()
        blocks = []
        for start in range(0, len(self._waiting), _A_BLOCK):
            blocks.append(self._file.tell())
            pickle.dump(self._waiting[start : start + _A_BLOCK], self._file, pickle.HIGHEST_PROTOCOL)
        self._runs.append(blocks)
        self._waiting.clear()

    def _read(self, blocks: list[int]) -> Iterator[_Placed[T]]:
        if self._file is not None:
            for block in blocks:
                self._file.seek(block)
                # nobody else has a name for this file
                yield from pickle.load(self._file)  # noqa: S301
