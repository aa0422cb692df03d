"""What a server needs to know beyond log and views."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from eventlog.errors import InputError
from eventlog.event import DEFAULT_NAMESPACE

Follow = Callable[[threading.Event], None]
"""Folds what is new until the event is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """``actor`` speaks for callers without a token; ``follow`` folds in a thread while the server runs.

    ``as_of`` is the moment that log and views show, in words, None where they are those of now; ``spool``
    tells what waits on this host for the log, by the names of ``/metrics``; ``time_budget`` is in seconds for
    one request; ``introspection`` lets callers read the schema.
    """

    host: str = "127.0.0.1"
    port: int = 8420
    token_file: Path | None = None
    actor: str = "local"
    namespace: str = DEFAULT_NAMESPACE
    follow: Follow | None = None
    as_of: str | None = None
    spool: Callable[[], Mapping[str, float]] = dict
    time_budget: float = 10.0
    introspection: bool = True


def is_loopback(host: str) -> bool:
    """Whether only processes of this machine reach a server bound to this host."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def require_safe(settings: ServerSettings) -> None:
    """Raise InputError for a server that everybody could reach and that asks nobody for a token."""
    if settings.token_file is None and not is_loopback(settings.host):
        raise InputError(
            f"--host {settings.host} lets other machines in, and no token file is set:"
            " set HOOFPRINT_TOKEN_FILE, or serve on 127.0.0.1"
        )
