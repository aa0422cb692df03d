"""What readers of foreign traces have to say to a person: one line for each thing that could not be read."""

from collections.abc import Callable
from dataclasses import dataclass

MOST_LINES = 20
"""Messages of one kind; what comes after them is counted."""


@dataclass(slots=True)
class Reports:
    """Passes messages on as they come, the first few of each kind, and counts what was unreadable."""

    tell: Callable[[str], None]
    unreadable_lines: int = 0
    _told: int = 0

    def unreadable(self, message: str) -> None:
        """Something was left out; the message names file and line, or table and row."""
        self.unreadable_lines += 1
        if self.unreadable_lines <= MOST_LINES:
            self.tell(message)
        elif self.unreadable_lines == MOST_LINES + 1:
            self.tell("more lines that cannot be read are only counted")

    def note(self, message: str) -> None:
        """Something was read in a way that one should know."""
        if self._told < MOST_LINES:
            self._told += 1
            self.tell(message)
