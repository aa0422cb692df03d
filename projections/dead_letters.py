"""Dead letters: the events that could not be folded, listed, and tried again when that may succeed."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from eventlog.errors import NotFoundError, SchemaError
from eventlog.log import EventLog, Position, Record
from projections.bookkeeping import DEAD_LETTERS, DeadLetter, bury, take_dead_letter
from projections.decoding import Decoder
from projections.folding import describe, fold_decoded
from projections.groups import GROUPS, Group
from projections.store import ViewStore

_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class KeptLetter:
    """One event that a group could not fold, where it stands on the log, and why."""

    group: str
    partition: int
    offset: int
    type: str
    event_id: str
    subject: str
    error: str

    @property
    def position(self) -> str:
        """The event's place, as ``partition:offset``."""
        return f"{self.partition}:{self.offset}"


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of a letter that was tried again; ``error`` is empty where its rows are in now."""

    letter: KeptLetter
    error: str


def list_dead_letters(store: ViewStore) -> Sequence[KeptLetter]:
    """The dead letters of every group, in log order."""
    found = []
    for group in GROUPS:
        with store.reading(group.name) as connection:
            rows = connection.execute(select(DEAD_LETTERS).order_by(*DEAD_LETTERS.primary_key)).all()
        found += [
            KeptLetter(group.name, row.partition, row.offset, row.type, row.event_id, row.subject, row.error)
            for row in rows
        ]
    return found


def retry_dead_letters(log: EventLog, store: ViewStore, *, event_id: str | None = None) -> Sequence[Retried]:
    """Fold dead letters again, all or those of one event, each in a transaction of its own.

    A letter goes together with the rows that it brings; one that fails again stays, with its new error.
    Raises NotFoundError where no letter is of that event.
    """
    chosen = [letter for letter in list_dead_letters(store) if event_id in (None, letter.event_id)]
    if event_id is not None and not chosen:
        raise NotFoundError(
            f"no dead letter is of event {event_id}; `hoofprint views dead-letters` lists them all"
        )
    decoder, groups = Decoder(log), {group.name: group for group in GROUPS}
    return [_retry(log, store, decoder, groups[letter.group], letter) for letter in chosen]


def _retry(log: EventLog, store: ViewStore, decoder: Decoder, group: Group, letter: KeptLetter) -> Retried:
    record = _record_of(log, letter)
    if record is None:
        return Retried(letter, "the log does not hold the event any more")
    with store.storage.writing(group, store.live(group)) as connection:
        # whoever takes the letter folds it: two that retry at once do not meet
        if not take_dead_letter(connection, letter.partition, letter.offset):
            return Retried(letter, "")
        again = _fold_again(connection, decoder, group, record)
        bury(connection, again)
    return Retried(letter, again[0].error if again else "")


def _fold_again(
    connection: Connection, decoder: Decoder, group: Group, record: Record
) -> Sequence[DeadLetter]:
    try:
        decoded, damaged = decoder.decode_records([record])
    except SchemaError as error:
        return [DeadLetter(record, describe(error))]
    return [*damaged, *fold_decoded(connection, group, decoded)]


def _record_of(log: EventLog, letter: KeptLetter) -> Record | None:
    """The event at the letter's place; the other partitions are passed over."""
    after = Position({**log.head().offsets, letter.partition: letter.offset})
    for record in log.read(after, _AT_ONCE).records:
        if (record.partition, record.offset) == (letter.partition, letter.offset):
            return record
    return None
