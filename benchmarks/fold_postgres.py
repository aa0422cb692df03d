"""fold-postgres: log -> all views in PostgreSQL, in events a second, decoding included, one process.

python -m benchmarks.fold_postgres [--events N] [--store URL]

The bars: 20,000 events a second at 10 million events, and 80 % of the first million's rate in the last.
Without ``--store``, the URL of an empty database, a server with fsync is started and stopped.
"""

from sqlalchemy import create_engine, text

from benchmarks.fold import fold_options, measure
from benchmarks.servers import postgres
from projections.store import ViewStore

_SETTINGS = ("server_version", "fsync", "synchronous_commit", "shared_buffers", "max_wal_size")


def main() -> None:
    """Measure and print."""
    parser = fold_options("Folding into PostgreSQL.")
    parser.add_argument("--store", help="the URL of an empty database")
    options = parser.parse_args()
    with postgres(options.store) as url:
        store = ViewStore.open(url)
        measure("fold-postgres", store, options.events, holds_at=0.8, **server_settings(url))
        store.close()


def server_settings(url: str) -> dict[str, object]:
    """What decides over a server's speed."""
    engine = create_engine(url)
    with engine.connect() as connection:
        settings = {name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in _SETTINGS}
    engine.dispose()
    return settings


if __name__ == "__main__":
    main()
