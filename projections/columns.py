"""Column types and column builders that every projection shares."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, Text

# Byte order on both databases: cursors and merges must not depend on a server's locale.
NAME = Text().with_variant(Text(collation="C"), "postgresql")
# SQLite gives 64 bits to INTEGER as well, and only INTEGER keeps its fast comparisons.
KEY = BigInteger().with_variant(Integer(), "sqlite")
NUMBER = KEY
REAL: Double[float] = Double()

# Rows that several facts write one after the other stay on their page, and out of their indexes' way.
ROOM_FOR_PARTS = {"fillfactor": "70"}


def key(name: str, *, primary: bool = True) -> Column[int]:
    """A 63-bit key column (``projections.keys``)."""
    return Column(name, KEY, primary_key=primary, nullable=False, autoincrement=False)


def named(name: str) -> Column[str]:
    """A text column that is part of the primary key."""
    return Column(name, NAME, primary_key=True, nullable=False)


def counted(name: str) -> Column[int]:
    """An integer column that is part of the primary key."""
    return Column(name, NUMBER, primary_key=True, nullable=False, autoincrement=False)


def text(name: str, *, required: bool = False) -> Column[str]:
    """A text column."""
    return Column(name, NAME, nullable=not required)


def number(name: str) -> Column[int]:
    """An integer column: microseconds, bytes, counts, raw exit codes."""
    return Column(name, NUMBER)


def real(name: str) -> Column[float]:
    """A double precision column."""
    return Column(name, REAL)


def flag(name: str, *, default: bool | None = None) -> Column[bool]:
    """A boolean column."""
    options: dict[str, Any] = {}
    if default is not None:
        options = {"server_default": "1" if default else "0", "nullable": False}
    return Column(name, Boolean(create_constraint=False), **options)


def version(name: str = "version") -> Column[int]:
    """What guards a part of a row: the highest wins; -1 where the part was never written."""
    return Column(name, NUMBER, nullable=False, server_default="-1")
