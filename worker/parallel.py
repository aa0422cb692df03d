"""Does one thing to many files at once."""

import time
from typing import TYPE_CHECKING, Callable, Dict, List, Sequence, TypeVar

from worker.stopping import Stop

if TYPE_CHECKING:
    from threading import Thread

A = TypeVar("A")
B = TypeVar("B")

_LEAVING = 2.0  # seconds threads get to clean up once the worker is told to end


def each(function: Callable[[A], B], items: Sequence[A], threads: int, stop: Stop) -> List[B]:
    """Call a function for every item and give the results in the order of the items.

    With several threads all items are tried even if one raises; then the first exception is raised.
    Raises Stopped soon after the worker is told to end.
    """
    if threads == 1 or len(items) < 2:
        return [function(item) for item in items]
    results: Dict[int, B] = {}
    errors: List[Exception] = []
    todo = list(enumerate(items))[::-1]

    def work() -> None:
        while stop.signal is None:
            try:
                index, item = todo.pop()
            except IndexError:
                return
            try:
                results[index] = function(item)
            except Exception as error:
                errors.append(error)

    _finish(_started(work, min(threads, len(items))), stop)
    stop.check()
    if errors:
        raise errors[0]
    return [results[index] for index in range(len(items))]


def _started(work: Callable[[], None], number: int) -> "List[Thread]":
    from threading import Thread  # most jobs have one file or none, and every job pays for its imports

    # Daemons: one that hangs in a read must not keep a worker alive that was told to end.
    threads = [Thread(target=work, daemon=True) for _ in range(number)]
    for thread in threads:
        thread.start()
    return threads


def _finish(threads: "List[Thread]", stop: Stop) -> None:
    patience = None
    for thread in threads:
        while thread.is_alive():
            thread.join(0.1)  # in slices: the main thread is the one that hears signals
            if stop.signal is not None:
                patience = patience or time.monotonic() + _LEAVING
                if time.monotonic() > patience:
                    return
