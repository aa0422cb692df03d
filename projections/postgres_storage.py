"""Views in PostgreSQL: a schema per generation and one row per group that names the live one."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import URL, Column, Connection, MetaData, Table, Text, create_engine, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateSchema, DropSchema

from eventlog.errors import UnavailableError
from projections import bookkeeping, postgres_locks
from projections.groups import Group
from projections.postgres_locks import PostgresClaims, generation_lock
from projections.storage import GenerationGoneError, generation_name, generation_number, process_name

_SCHEMA = "hoofprint"
_CREATION_LOCK = 0x486F6F66
_IDLE_TRANSACTION = "60s"
_LONGEST_NAME = 63
_PATIENCE: Mapping[str, int] = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""When a server that is silent counts as out of reach: libpq's settings, which would wait for hours."""

_ACTIVE = Table(
    "active",
    MetaData(schema=_SCHEMA),
    Column("group_name", Text, primary_key=True),
    Column("generation", Text, nullable=False),
)
_NUMBERS = Table(
    "generations",
    _ACTIVE.metadata,
    Column("generation", Text, primary_key=True),
)


class PostgresStorage:
    """One database; the swap is one row, so that it never waits for readers."""

    def __init__(self, url: URL) -> None:
        self._url = url
        # by its name the sessions of one store are found: those of a follower that hangs are ended
        name = f"hoofprint {secrets.token_hex(4)} {process_name()}"[:_LONGEST_NAME]
        self._engine = create_engine(
            url,
            pool_size=16,
            max_overflow=16,
            pool_pre_ping=True,
            connect_args={
                **{setting: value for setting, value in _PATIENCE.items() if setting not in url.query},
                "application_name": name,
            },
        )
        try:
            with self._engine.begin() as connection:
                self._lock_creation(connection)
                connection.execute(CreateSchema(_SCHEMA, if_not_exists=True))
                _ACTIVE.metadata.create_all(connection)
        except OperationalError as error:
            self._engine.dispose()
            reason = str(error.orig).strip().splitlines()[0]
            raise UnavailableError(
                f"the views' database {self.location} is out of reach: {reason}"
            ) from error

    @property
    def location(self) -> str:
        """The database's URL, without password."""
        return self._url.render_as_string(hide_password=True)

    @property
    def folds_side_by_side(self) -> bool:
        """Yes: while the server works for one group, the other's rows are made."""
        return True

    def live(self, group: Group) -> str | None:
        """The generation that the group's row names."""
        with self._engine.connect() as connection:
            return _live(connection, group)

    def ensure_live(self, group: Group) -> None:
        """Make the first generation where there is none; of several processes one does."""
        with self._engine.begin() as connection:
            if _live(connection, group) is not None:
                return
            self._lock_creation(connection)
            if _live(connection, group) is None:
                _point(connection, group, _create(connection, group))

    def create(self, group: Group) -> str:
        """Make a new schema with the group's tables, under the next free number."""
        with self._engine.begin() as connection:
            self._lock_creation(connection)
            return _create(connection, group)

    def activate(self, group: Group, generation: str) -> None:
        """Let the group's row name another generation."""
        with self._engine.begin() as connection:
            _point(connection, group, generation)

    def generations(self, group: Group) -> Sequence[str]:
        """The generations that have a schema."""
        with self._engine.connect() as connection:
            names = connection.execute(select(_NUMBERS.c.generation)).scalars().all()
        return sorted((n for n in names if n.startswith(f"{group.name}-")), key=generation_number)

    def drop(self, group: Group, generation: str) -> bool:
        """Drop the generation's schema, unless somebody is in it."""
        with self._engine.begin() as connection:
            alone = func.pg_try_advisory_xact_lock(generation_lock(generation))
            if not connection.execute(select(alone)).scalar_one():
                return False
            connection.execute(_NUMBERS.delete().where(_NUMBERS.c.generation == generation))
            connection.execute(DropSchema(_schema(generation), cascade=True, if_exists=True))
        return True

    def rebuilding(self, group: Group) -> AbstractContextManager[None]:
        """Be the only session that rebuilds a group."""
        return postgres_locks.rebuilding(self._engine, group)

    def claims(self) -> PostgresClaims:
        """Become one of the followers of this database."""
        return PostgresClaims(self._engine)

    @contextmanager
    def reading(self, group: Group, generation: str | None) -> Iterator[Connection]:
        """A read-only transaction that sees one state throughout."""
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self._engine.connect().execution_options(**options) as connection, connection.begin():
            _enter(connection, generation or _live(connection, group) or "")
            yield connection

    @contextmanager
    def writing(self, group: Group, generation: str) -> Iterator[Connection]:
        """A transaction in the generation's schema."""
        with self._engine.begin() as connection:
            _enter(connection, generation)
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _lock_creation(self, connection: Connection) -> None:
        connection.execute(select(func.pg_advisory_xact_lock(_CREATION_LOCK)))


def _live(connection: Connection, group: Group) -> str | None:
    return connection.execute(
        select(_ACTIVE.c.generation).where(_ACTIVE.c.group_name == group.name)
    ).scalar_one_or_none()


def _point(connection: Connection, group: Group, generation: str) -> None:
    statement = insert(_ACTIVE).values(group_name=group.name, generation=generation)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["group_name"], set_={"generation": generation})
    )


def _create(connection: Connection, group: Group) -> str:
    names = connection.execute(select(_NUMBERS.c.generation)).scalars()
    numbers = [generation_number(name) for name in names if name.startswith(f"{group.name}-")]
    generation = generation_name(group, max(numbers, default=0) + 1)
    connection.execute(_NUMBERS.insert().values(generation=generation))
    connection.execute(CreateSchema(_schema(generation)))
    connection.execute(select(func.set_config("search_path", _schema(generation), True)))
    group.metadata.create_all(connection)
    bookkeeping.metadata.create_all(connection)
    return generation


def _schema(generation: str) -> str:
    return f"{_SCHEMA}_{generation.replace('-', '_')}"


def _enter(connection: Connection, generation: str) -> None:
    """Work in the generation's schema until the transaction ends, and keep it from being dropped."""
    schema = _schema(generation)
    inside = func.pg_try_advisory_xact_lock_shared(generation_lock(generation))
    there = func.to_regclass(f"{schema}.{bookkeeping.CHECKPOINTS.name}").is_not(None)
    # a projector that hangs must not keep the others from the rows that it has locked
    patience = func.set_config("idle_in_transaction_session_timeout", _IDLE_TRANSACTION, True)
    path = func.set_config("search_path", schema, True)
    row = connection.execute(select(inside, path, patience)).one()
    if not row[0] or not connection.execute(select(there)).scalar_one():
        raise GenerationGoneError(f"the views {generation} were dropped meanwhile: ask again")
