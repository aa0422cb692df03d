"""Verification: folds the log afresh into a temporary store and compares what comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from eventlog.log import EventLog, Position
from projections.bookkeeping import DEAD_LETTERS, read_checkpoint
from projections.digest import digest_group
from projections.groups import GROUPS, Group
from projections.projector import Projector, Target
from projections.store import ViewStore
from projections.temporary import temporary_store


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a group's tables are the fold of the log up to ``position``; ``different`` names those not."""

    group: str
    position: Position
    tables: int
    different: tuple[str, ...]
    dead_letters_differ: bool

    @property
    def holds(self) -> bool:
        """Whether everything is equal."""
        return not self.different and not self.dead_letters_differ


def verify_views(log: EventLog, store: ViewStore, *, folder: Path | None = None) -> Sequence[Verdict]:
    """Compare each group's live tables with a clean fold of the log up to where they stand.

    The clean fold is made below ``folder`` (by default where the system keeps temporary files), in SQLite,
    and taken away again.
    """
    with temporary_store("verify", folder) as clean:
        return [_verify(log, store, clean, group) for group in GROUPS]


def _verify(log: EventLog, store: ViewStore, clean: ViewStore, group: Group) -> Verdict:
    with store.reading(group.name) as connection:
        position = read_checkpoint(connection).position
        tables, letters = digest_group(connection, group), _dead_letters(connection)
    fresh = Target(group, clean.live(group))
    Projector(log, clean).fold_into([fresh], position)
    with clean.reading(group.name) as connection:
        expected, expected_letters = digest_group(connection, group), _dead_letters(connection)
    different = tuple(name for name, digest in expected.items() if tables[name] != digest)
    return Verdict(group.name, position, len(expected), different, letters != expected_letters)


def _dead_letters(connection: Connection) -> set[tuple[int, int, str]]:
    columns = (DEAD_LETTERS.c.partition, DEAD_LETTERS.c.offset, DEAD_LETTERS.c.event_id)
    return {(partition, offset, event) for partition, offset, event in connection.execute(select(*columns))}
