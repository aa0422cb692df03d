"""The commands, one module each, in the order in which help lists them."""

import keyword
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

import typer


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: its name, which is its module's and its function's; a ``group`` is a Typer of commands.

    Where Python keeps the name for itself, module and function have an underscore behind it.
    """

    name: str
    panel: str
    group: bool = False

    @property
    def python_name(self) -> str:
        """The name of module and function."""
        return f"{self.name}_" if keyword.iskeyword(self.name) else self.name


_RUN, _LOOK, _SEARCH, _KEEP = "Plan and run", "Look at runs", "Find and tag", "Keep and serve"
ENTRIES = (
    Entry("plan", _RUN),
    Entry("explain", _RUN),
    Entry("run", _RUN),
    Entry("status", _LOOK),
    Entry("analyze", _LOOK),
    Entry("statistics", _LOOK),
    Entry("jobstate", _LOOK),
    Entry("exitcode", _LOOK),
    Entry("find", _SEARCH),
    Entry("lineage", _SEARCH),
    Entry("tag", _SEARCH),
    Entry("import", _KEEP),
    Entry("follow", _KEEP),
    Entry("log", _KEEP, group=True),
    Entry("views", _KEEP, group=True),
    Entry("config", _KEEP),
    Entry("serve", _KEEP),
    Entry("token", _KEEP),
)


def register(app: typer.Typer, arguments: Sequence[str]) -> None:
    """Give the application the commands that the arguments may mean.

    A database toolkit and a GraphQL library take longer to load than most commands take to run: only what is
    named is loaded; where nothing known is named, everything is, for help and suggestions.
    """
    named = [entry for entry in ENTRIES if entry.name in arguments]
    for entry in named or ENTRIES:
        module = import_module(f"{__name__}.{entry.python_name}")
        if entry.group:
            app.add_typer(module.app, name=entry.name, rich_help_panel=entry.panel)
        else:
            app.command(entry.name, rich_help_panel=entry.panel)(getattr(module, entry.python_name))
