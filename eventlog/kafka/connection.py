"""How every client of the library reaches a cluster, and how its errors leave: as ours.

This module, ``admin``, ``reader`` and ``sender`` are the only ones that touch kafka-python; it has no types,
so they give it some.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka.errors import (
    KafkaConfigurationError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from eventlog.errors import InputError, UnavailableError
from eventlog.kafka.location import KafkaLocation, server_address

_REQUEST_MS = 10_000


@contextmanager
def errors_of(location: KafkaLocation) -> Iterator[None]:
    """Errors of the library, as ours that name the broker and the setting."""
    try:
        yield
    except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
        # no event is that large: this is how a log refuses everything while it is redacted
        raise UnavailableError(
            f"{location.name} takes no events now: another process redacts it, or max.message.bytes of its "
            "topic was lowered. Try again soon"
        ) from error
    except (KafkaError, OSError) as error:
        raise unavailable(location, _describe(error)) from error


@contextmanager
def settings_of(location: KafkaLocation) -> Iterator[None]:
    """Errors of making a client: it may refuse its settings too, or miss a library for one of them.

    Some broker has taken a connection before; the library does not tell why none answers.
    """
    with errors_of(location):
        try:
            yield
        except KafkaTimeoutError as error:
            raise unavailable(
                location,
                f"it takes connections and does not answer ({_describe(error)}); see whether "
                f"security.protocol, sasl.* and ssl.* are what it asks for{_told(location)}",
            ) from error
        except (KafkaConfigurationError, AssertionError, ValueError, FileNotFoundError) as error:
            raise InputError(
                f"{location.name} cannot be used with these options: {_describe(error)}"
            ) from error


def require_reachable(location: KafkaLocation) -> None:
    """Raise UnavailableError, within the bootstrap timeout, where none of the brokers takes a connection.

    The library would try for the whole time, say less, and leave its sockets open.
    """
    failures = []
    for server in location.servers:
        try:
            with socket.create_connection(
                server_address(server), location.bootstrap_timeout / len(location.servers)
            ):
                return
        except OSError as error:
            failures.append(f"{server}: {error.strerror or error}")
    raise unavailable(location, "; ".join(failures))


def connection_of(location: KafkaLocation) -> dict[str, Any]:
    """The library's settings for reaching a cluster."""
    return {
        "client_id": "hoofprint",
        **location.client,
        "bootstrap_servers": list(location.servers),
        "bootstrap_timeout_ms": milliseconds(location.bootstrap_timeout),
    }


def request_timeout(location: KafkaLocation) -> int:
    """A request's timeout (ms): it must stay below the delivery timeout."""
    return min(_REQUEST_MS, milliseconds(location.delivery_timeout) - 50)


def milliseconds(seconds: float) -> int:
    """Seconds as the library wants them."""
    return round(seconds * 1000)


def unavailable(location: KafkaLocation, reason: str) -> UnavailableError:
    """The error that says where a cluster is out of reach, why, and which setting names it."""
    servers = ", ".join(location.servers)
    return UnavailableError(
        f"Kafka at {servers} is out of reach: {reason}. Start it, or name another log (HOOFPRINT_LOG is "
        f"{location.name})"
    )


def _told(location: KafkaLocation) -> str:
    """What we say to it of these settings, without secrets."""
    protocol, user = (location.client.get(name) for name in ("security_protocol", "sasl_plain_username"))
    return f" (we say {protocol or 'PLAINTEXT'}{f', user {user}' if user else ''})"


def _describe(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:300]}" if text else type(error).__name__
