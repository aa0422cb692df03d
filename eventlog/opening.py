"""Opens the log that a setting names."""

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from eventlog.errors import InputError
from eventlog.log import EventLog
from eventlog.sqlite import SqliteLog

_SCHEME = re.compile(r"([a-z][a-z0-9+.]*):")


def open_log(location: str) -> EventLog:
    """The event log at ``sqlite:PATH`` (or plain PATH) or ``kafka://HOST:PORT/TOPIC``, made if need be.

    Raises InputError for another scheme, and what ``SqliteLog.open`` and ``KafkaLog.open`` raise.
    """
    scheme = _SCHEME.match(location)
    opener = _OPENERS.get(scheme[1] if scheme else "sqlite")
    place = location[scheme.end() :] if scheme else location
    if opener is None or not place:
        raise InputError(
            f"{location!r} names no event log: HOOFPRINT_LOG is written sqlite:PATH or kafka://HOST:PORT/TOPIC"
        )
    return opener(place)


def is_remote(location: str) -> bool:
    """Whether the log at this location may be out of reach while this host works on."""
    scheme = _SCHEME.match(location)
    return scheme is not None and scheme[1] == "kafka"


def _open_sqlite(place: str) -> EventLog:
    return SqliteLog.open(Path(place).expanduser())


def _open_kafka(place: str) -> EventLog:
    if find_spec("kafka") is None:
        raise InputError("a log on Kafka needs more than the base: pip install 'hoofprint[kafka]'")
    # only now, since its library takes long to load and is an extra
    from eventlog.kafka import KafkaLog

    return KafkaLog.open(f"kafka:{place}")


_OPENERS: dict[str, Callable[[str], EventLog]] = {"sqlite": _open_sqlite, "kafka": _open_kafka}
