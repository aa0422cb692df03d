"""``hoofprint token``: who may ask a server that others can reach."""

from pathlib import Path
from typing import Annotated

import typer

from api.tokens import Scope, add_token
from eventlog.errors import InputError
from hoofprint.app.commands.options import Json
from hoofprint.app.house import House
from hoofprint.app.output import console, error_console, print_json


def token(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who uses it: becomes the actor of events.")],
    scope: Annotated[
        list[Scope] | None, typer.Option("--scope", help="May be repeated. Default: read.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAMESPACE", help="Limit to it; may be repeated.")
    ] = None,
    token_file: Annotated[Path | None, typer.Option(help="[$HOOFPRINT_TOKEN_FILE]")] = None,
    as_json: Json = False,
) -> None:
    """Make a token, append its digest to the token file, and print its secret, this once.

    To revoke it, delete its table from the file: a running server sees that at once.
    """
    house: House = context.obj
    path = token_file or (Path(house.settings["token_file"]) if house.settings["token_file"] else None)
    if path is None:
        raise InputError("name the token file: --token-file FILE, or HOOFPRINT_TOKEN_FILE")
    scopes = scope or [Scope.READ]
    secret = add_token(path, name, frozenset(scopes), tuple(only) if only else None)
    if as_json:
        print_json({"name": name, "secret": secret, "scopes": scopes, "namespaces": only, "file": path})
        return
    console().print(secret)
    error_console().print(f"send it as 'Authorization: Bearer …'; its digest is in {path}")
