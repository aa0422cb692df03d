"""``hoofprint serve``: GraphQL, dashboard and metrics, folding while it runs."""

import logging
import threading
from pathlib import Path
from typing import Annotated

import typer

from api.server import build_app
from api.server import serve as serve_app
from api.settings import ServerSettings
from eventlog.errors import UnavailableError
from eventlog.opening import open_log
from hoofprint.app.house import House
from projections.projector import Projector
from projections.store import ViewStore

_FOLD_EVERY = 0.05  # seconds; mutations wait for what they said to be visible
_logger = logging.getLogger("hoofprint.serve")


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on. Not loopback: needs a token file.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option("--port", "-p", min=0, max=65535, help="0 takes a free one.")] = 8420,
    token_file: Annotated[
        Path | None, typer.Option(help="Accepted tokens. [$HOOFPRINT_TOKEN_FILE]; see hoofprint token")
    ] = None,
    introspection: Annotated[bool, typer.Option(help="Let callers read the GraphQL schema.")] = True,
) -> None:
    """Serve GraphQL, a dashboard and metrics, and fold what is new while serving.

    / is the dashboard, /graphql the query page and endpoint, /metrics for Prometheus, /healthz and /readyz
    for whoever watches. The address is printed on stdout once requests are answered. Ctrl-C ends it.
    """
    house: House = context.obj
    tokens = token_file or (Path(house.settings["token_file"]) if house.settings["token_file"] else None)
    settings = ServerSettings(
        host=host,
        port=port,
        token_file=tokens,
        actor=house.settings["actor"],
        namespace=house.settings["namespace"],
        follow=lambda stop: follow(house, stop),
        introspection=introspection,
    )
    serve_app(build_app(house.log, house.folded(), settings), host, port)


def follow(house: House, stop: threading.Event) -> None:
    """Fold what is new until told to stop; connections of its own, since it is a thread of its own."""
    log = open_log(house.settings["log"])
    store = ViewStore.open(house.settings["views"])
    try:
        projector = Projector(log, store)
        while not stop.wait(_FOLD_EVERY):
            try:
                projector.catch_up()
            except UnavailableError as error:
                _logger.warning("cannot fold now, trying again: %s", error)
    finally:
        store.close()
        log.close()
