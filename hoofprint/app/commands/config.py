"""``hoofprint config``: every setting, its value, and where it came from."""

import typer

from hoofprint.app.commands.options import Json
from hoofprint.app.house import House
from hoofprint.app.output import console, print_json, table


def config(context: typer.Context, as_json: Json = False) -> None:
    """Print every setting, its value, and where it came from.

    A setting is taken from the first of: flag, environment variable, ./hoofprint.toml,
    $XDG_CONFIG_HOME/hoofprint/config.toml, default.
    """
    house: House = context.obj
    values = house.settings.all()
    if as_json:
        print_json({value.setting.key: {"value": value.text, "origin": value.origin} for value in values})
        return
    rows = [(value.setting.key, value.text or "-", value.origin, value.setting.meaning) for value in values]
    console().print(table(("setting", "value", "from", "what it is"), rows))
