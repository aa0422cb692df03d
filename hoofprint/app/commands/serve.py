"""``hoofprint serve``: GraphQL, dashboard and metrics, folding while it runs."""

from pathlib import Path
from typing import Annotated

import typer

from hoofprint.app.as_of import past_as_of
from hoofprint.app.commands.options import AsOf
from hoofprint.app.following import follow_patiently
from hoofprint.app.house import House


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
    as_of: AsOf = None,
) -> None:
    """Serve GraphQL, a dashboard and metrics, and fold what is new while serving.

    / is the dashboard, /graphql the query page and endpoint, /metrics for Prometheus, /healthz and /readyz
    for whoever watches. The address is printed on stdout once requests are answered. Ctrl-C ends it.
    With --as-of everything is as it was then, and stays so: nothing is folded, nothing can be said,
    and every page says which moment it shows.
    """
    # loaded where it serves: a GraphQL library takes longer to load than the help takes to read
    from api.server import build_app
    from api.server import serve as serve_app
    from api.settings import ServerSettings

    house: House = context.obj
    tokens = token_file or (Path(house.settings["token_file"]) if house.settings["token_file"] else None)
    past = None if as_of is None else past_as_of(house, as_of)
    settings = ServerSettings(
        host=host,
        port=port,
        token_file=tokens,
        actor=house.settings["actor"],
        namespace=house.settings["namespace"],
        follow=None if past else lambda stop: follow_patiently(house, stop),
        as_of=past.told if past else None,
        spool=house.spool_metrics,
        introspection=introspection,
    )
    log, views = (past.log, past.views) if past else (house.prompt_log, house.folded())
    serve_app(build_app(log, views, settings), host, port)
