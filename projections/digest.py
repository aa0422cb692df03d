"""Digests of views: equal for equal contents, on SQLite and on PostgreSQL, after any order of folding."""

from collections.abc import Mapping
from hashlib import sha256

import msgspec
from sqlalchemy import Connection, Table, select

from projections.groups import Group

_ROWS_AT_ONCE = 10_000


def digest_group(connection: Connection, group: Group) -> Mapping[str, str]:
    """The SHA-256 of each table of a group, by the table's name.

    Every column counts: keys are functions of names, and nothing in a table tells when it was folded.
    """
    return {table.name: digest_table(connection, table) for table in group.metadata.sorted_tables}


def digest_table(connection: Connection, table: Table) -> str:
    """The SHA-256 of a table's rows in key order."""
    digest = sha256()
    encoder = msgspec.msgpack.Encoder()
    rows = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(
        select(table).order_by(*table.primary_key)
    )
    for row in rows:
        digest.update(encoder.encode(tuple(row)))
    return digest.hexdigest()
