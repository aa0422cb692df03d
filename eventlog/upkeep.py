"""What a log may be able to do beside appending and reading: take records over, let go of them, redact."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from eventlog.log import EventLog, Position, Record


@runtime_checkable
class ImportableLog(EventLog, Protocol):
    """A log that takes over another log's records as they were."""

    def append_records(
        self, records: Sequence[Record], *, origin: uuid.UUID, schemas: Mapping[int, str]
    ) -> int:
        """Append records of the log ``origin``, ids, order, ``recorded`` and bodies kept.

        ``schemas`` are the writer schemas of their bodies by fingerprint. Positions count afresh. Records
        that are there already are left out; returns how many were added. Raises InputError where this log
        holds events that are not of ``origin``.
        """
        ...


@runtime_checkable
class TruncatableLog(EventLog, Protocol):
    """A log that can let go of its beginning."""

    def truncate_before(self, position: Position) -> Position:
        """Remove what lies before a position for good; returns the first position that is left.

        The last event may stay, where the log needs it to know how positions go on.
        """
        ...


@runtime_checkable
class RedactableLog(EventLog, Protocol):
    """A log that can put tombstones where secrets were."""

    def redaction_pending(self) -> bool:
        """Whether a redaction began and ``settle_redaction`` has not been called since."""
        ...

    def redact(self, records: Sequence[Record], tombstone: bytes) -> int:
        """Put a tombstone in place of these events' bodies; returns how many had another body.

        When it returns, the old bytes are nowhere in what the log keeps. Calling it again after a crash,
        with or without the records, completes that.
        """
        ...

    def settle_redaction(self) -> None:
        """Say that everything that was made of the redacted events is gone too."""
        ...
