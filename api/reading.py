"""Questions to the views from asynchronous code: in threads, under the request's time budget."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from anyio import to_thread
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from api.errors import TimeBudgetError
from projections.store import ViewStore

T = TypeVar("T")

_STEPS_BETWEEN_LOOKS = 20_000


class Reader:
    """The views, for the length of one request."""

    def __init__(self, store: ViewStore, budget: float) -> None:
        self._store = store
        self._budget = budget
        self._deadline = time.monotonic() + budget

    async def ask(self, group: str, question: Callable[[Connection], T]) -> T:
        """The answer to a question, asked on a read transaction of its own in a thread.

        Raises TimeBudgetError when the request's time is over; the database stops working then, too.
        """
        return await to_thread.run_sync(self._answer, group, question)

    async def ask_both(self, question: Callable[[Connection, Connection], T]) -> T:
        """As ``ask``, for a question to the ``runs`` and the ``data`` views."""
        return await to_thread.run_sync(self._answer_from_both, question)

    def _answer_from_both(self, question: Callable[[Connection, Connection], T]) -> T:
        return self._answer("runs", lambda runs: self._answer("data", lambda data: question(runs, data)))

    def _answer(self, group: str, question: Callable[[Connection], T]) -> T:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise self.over_budget()
        with self._store.reading(group) as connection:
            try:
                with _bounded(connection, left):
                    return question(connection)
            except DBAPIError as error:
                if time.monotonic() >= self._deadline:
                    raise self.over_budget() from error
                raise

    def over_budget(self) -> TimeBudgetError:
        """The error for a request whose time is over."""
        return TimeBudgetError(
            f"the request took longer than the {self._budget:g} s that one request may take;"
            " ask for less, or narrow the filter"
        )


@contextmanager
def _bounded(connection: Connection, seconds: float) -> Iterator[None]:
    if connection.dialect.name == "postgresql":
        limit = text("SELECT set_config('statement_timeout', :limit, true)")
        connection.execute(limit, {"limit": f"{max(1, int(seconds * 1000))}ms"})
        yield
        return
    driver: Any = connection.connection.driver_connection
    deadline = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)
