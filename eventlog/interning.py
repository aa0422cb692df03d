"""Numbers in place of the texts that repeat from row to row of the SQLite log: keys and envelopes."""

import sqlite3
from typing import TypeVar

from eventlog.codec import current_format
from eventlog.event import Event

# Facts about files outside runs have a key each: what is remembered must have an end.
REMEMBERED = 100_000

_ADD_ENVELOPE = """
    INSERT INTO envelopes (type, source, namespace, actor) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
_FIND_ENVELOPE = """
    SELECT number FROM envelopes WHERE (type, source, namespace, actor) = (?, ?, ?, ?)
"""

Name = TypeVar("Name")
Value = TypeVar("Value")

Envelope = tuple[str, str, str, str]
"""Type, source, namespace and actor of an event."""


class Numbers:
    """Gives numbers to keys and envelopes, for writing; new ones are added in the caller's transaction.

    A caller whose transaction fails must forget the instance: its new numbers are void.
    """

    def __init__(self) -> None:
        self._keys: dict[str, int] = {}
        self._envelopes: dict[Envelope, int] = {}

    def key(self, connection: sqlite3.Connection, key: str) -> int:
        """The number of a key."""
        number = self._keys.get(key)
        if number is None:
            connection.execute("INSERT INTO keys (key) VALUES (?) ON CONFLICT DO NOTHING", (key,))
            number = _number(connection, "SELECT number FROM keys WHERE key = ?", (key,))
            _remember(self._keys, key, number)
        return number

    def envelope(self, connection: sqlite3.Connection, event: Event) -> int:
        """The number of an event's envelope; a type that this process writes first has its schema stored."""
        envelope = (event.type, event.source, event.namespace, event.actor)
        if envelope not in self._envelopes:
            current = current_format(event.type)
            store_schema(connection, current.fingerprint, current.schema)
        return self.known_envelope(connection, envelope)

    def known_envelope(self, connection: sqlite3.Connection, envelope: Envelope) -> int:
        """The number of an envelope whose body's schema is stored already."""
        number = self._envelopes.get(envelope)
        if number is None:
            connection.execute(_ADD_ENVELOPE, envelope)
            number = _number(connection, _FIND_ENVELOPE, envelope)
            _remember(self._envelopes, envelope, number)
        return number


class Names:
    """Gives keys and envelopes back for their numbers, for reading; they never change once committed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._keys: dict[int, str] = {}
        self._envelopes: dict[int, Envelope] = {}

    def key(self, number: int) -> str:
        """The key of this number."""
        key = self._keys.get(number)
        if key is None:
            (key,) = self._connection.execute("SELECT key FROM keys WHERE number = ?", (number,)).fetchone()
            _remember(self._keys, number, key)
        return key

    def envelope(self, number: int) -> Envelope:
        """The envelope of this number."""
        envelope = self._envelopes.get(number)
        if envelope is None:
            query = "SELECT type, source, namespace, actor FROM envelopes WHERE number = ?"
            envelope = self._connection.execute(query, (number,)).fetchone()
            _remember(self._envelopes, number, envelope)
        return envelope


def signed(fingerprint: int) -> int:
    """A 64-bit fingerprint as SQLite's signed integer."""
    return fingerprint - (1 << 64) if fingerprint >= 1 << 63 else fingerprint


def store_schema(connection: sqlite3.Connection, fingerprint: int, schema: str) -> None:
    """Store a writer's schema (JSON), in the caller's transaction."""
    connection.execute(
        "INSERT INTO schemas VALUES (?, ?) ON CONFLICT DO NOTHING", (signed(fingerprint), schema)
    )


def _number(connection: sqlite3.Connection, query: str, values: tuple[str, ...]) -> int:
    (number,) = connection.execute(query, values).fetchone()
    return int(number)


def _remember(names: dict[Name, Value], name: Name, value: Value) -> None:
    if len(names) >= REMEMBERED:
        names.clear()
    names[name] = value
