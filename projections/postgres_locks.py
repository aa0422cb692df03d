"""Advisory locks on PostgreSQL: they end with the session that holds them, however it ends."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, PendingRollbackError

from projections.groups import Group
from projections.keys import text_key
from projections.storage import BusyError, process_name

logger = logging.getLogger(__name__)

_REBUILDS, _MEMBERS, _PARTITIONS = 0x486F01, 0x486F02, 0x486F03
_HOLDERS = text("""
    SELECT objid, application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = :kind
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")
_EXPEL = text("""
    SELECT pg_terminate_backend(other.pid, 1000)
    FROM pg_locks JOIN pg_stat_activity AS holder USING (pid)
        JOIN pg_stat_activity AS other USING (datid, application_name)
    WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = :kind AND objid = :number
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND other.pid <> pg_backend_pid() AND (other.pid = holder.pid OR (
            other.xact_start IS NOT NULL AND other.wait_event_type = 'Client'
            AND other.state_change < clock_timestamp() - make_interval(secs => :idle)
        ))
""")
"""Ends the session with a partition's lock, and those of the same store whose transactions wait for it."""


def generation_lock(generation: str) -> int:
    """The lock that everybody shares who is in a generation, and that who drops it has alone."""
    return text_key(f"hoofprint generation {generation}")


@contextmanager
def rebuilding(engine: Engine, group: Group) -> Iterator[None]:
    """Hold the lock of a group's rebuild; raises BusyError that says who has it."""
    connection = _session(engine)
    number = text_key(group.name) & 0x7FFFFFFF
    try:
        if not _try(connection, _REBUILDS, number):
            holders = connection.execute(_HOLDERS, {"kind": _REBUILDS}).all()
            holder = next((name for objid, name in holders if objid == number), None)
            raise BusyError(f"{holder or 'somebody'} rebuilds the {group.name} views; try again afterwards")
        name = text("SELECT set_config('application_name', :name, false)")
        connection.execute(name, {"name": process_name()[:60]})
        yield
    finally:
        _end(connection)


class PostgresClaims:
    """Claims as locks of one session."""

    def __init__(self, engine: Engine) -> None:
        self._connection = _session(engine)
        _try(self._connection, _MEMBERS, secrets.randbits(31))

    def members(self) -> int:
        """How many sessions say that they follow."""
        return len(self._connection.execute(_HOLDERS, {"kind": _MEMBERS}).all())

    def take(self, partition: int) -> bool:
        """Claim a partition; False where another session has it."""
        return _try(self._connection, _PARTITIONS, partition)

    def release(self, partition: int) -> None:
        """Let others have a partition."""
        query = text("SELECT pg_advisory_unlock(:kind, :number)")
        self._connection.execute(query, {"kind": _PARTITIONS, "number": partition})

    def expel(self, partition: int, idle: float) -> None:
        """End the session that has this partition, and the transactions that its process left open."""
        self._connection.execute(_EXPEL, {"kind": _PARTITIONS, "number": partition, "idle": idle})

    def close(self) -> None:
        """End the session."""
        _end(self._connection)


def _session(engine: Engine) -> Connection:
    """A connection that the pool never gets back: its locks end when it is closed."""
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.detach()
    return connection


def _end(connection: Connection) -> None:
    try:
        # the server notices the end of a session only a moment later
        connection.execute(text("SELECT pg_advisory_unlock_all()"))
    except (DBAPIError, PendingRollbackError):
        logger.info("the session of a lock was lost; its locks went with it")
    finally:
        connection.close()


def _try(connection: Connection, kind: int, number: int) -> bool:
    query = text("SELECT pg_try_advisory_lock(:kind, :number)")
    return bool(connection.execute(query, {"kind": kind, "number": number}).scalar_one())
