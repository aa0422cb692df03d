"""two-projectors: how much faster two followers fold four partitions of Kafka into PostgreSQL than one does.

python -m benchmarks.two_projectors [--events N] [--broker HOST:PORT]

Each ``hoofprint views follow`` is a process of its own, as its user starts it. Measured from the first batch
that readers see to the last; a planning chunk counts as one event here. Afterwards both stores must have the
same digests.
"""

import argparse
import time
import uuid
from collections.abc import Mapping
from contextlib import ExitStack, closing
from itertools import islice

from sqlalchemy import create_engine, make_url, text

from benchmarks.event_mix import event_mix
from benchmarks.report import judge, print_environment, print_verdict
from benchmarks.servers import follower, kafka, postgres
from eventlog.kafka import KafkaLog
from eventlog.log import Position
from projections.digest import digest_group
from projections.groups import GROUPS
from projections.store import ViewStore

_AT_ONCE = 5_000
_LOOK_EVERY = 0.1


def main() -> None:
    """Measure and print."""
    options = _options()
    with ExitStack() as started:
        address = started.enter_context(kafka(options.broker))
        location = f"kafka://{address}/two-projectors-{uuid.uuid4().hex[:8]}?partitions=4"
        with closing(KafkaLog.open(location)) as log:
            told = event_mix(options.events, jobs_per_run=200)
            while part := list(islice(told, _AT_ONCE)):
                log.append(part)
            head = log.head()
        server = started.enter_context(postgres(None))
        rates, digests = {}, []
        for number in (1, 2):
            url = _database(server, f"by_{number}")
            with closing(ViewStore.open(url)) as store:
                rates[number] = _rate(location, url, store, head, followers=number)
                digests.append(_digests(store))
    print_environment("kafka-python", "psycopg", events=options.events, partitions=4)
    for number, rate in rates.items():
        print(f"followers: {number}, {rate:,.0f} events/s")
    verdict = judge("two-projectors", rates[2] / rates[1], "times one", bar=1.0, more_is_better=True)
    print_verdict(verdict)
    if digests[0] != digests[1]:
        raise SystemExit("the views of one follower and of two differ")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Two followers against one.")
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--broker", help="HOST:PORT of a broker; a topic is made and stays")
    return parser.parse_args()


def _database(server: str, name: str) -> str:
    """The URL of a new database on a server."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _rate(location: str, url: str, store: ViewStore, head: Position, *, followers: int) -> float:
    """Events a second with so many followers, from the first batch to the last."""
    with ExitStack() as running:
        for _ in range(followers):
            running.enter_context(follower(location, url))
        while not (first := _folded(store)):
            time.sleep(_LOOK_EVERY)
        start = time.perf_counter()
        while not all(store.checkpoint(group.name).position.reaches(head) for group in GROUPS):
            time.sleep(_LOOK_EVERY)
        seconds = time.perf_counter() - start
    return (sum(head.offsets.values()) - first) / seconds


def _folded(store: ViewStore) -> int:
    return min(sum(store.checkpoint(group.name).position.offsets.values()) for group in GROUPS)


def _digests(store: ViewStore) -> Mapping[str, str]:
    found = {}
    for group in GROUPS:
        with store.reading(group.name) as connection:
            found |= {f"{group.name}.{name}": it for name, it in digest_group(connection, group).items()}
    return found


if __name__ == "__main__":
    main()
