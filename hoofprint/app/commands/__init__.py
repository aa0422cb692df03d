"""The commands, one module each, in the order in which help lists them."""

import ast
import keyword
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

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


_HELP = ("--help", "-h")
_COMPLETION = ("COMP_WORDS", "_TYPER_COMPLETE_ARGS")
"""Variables in which shells tell what they want completed."""


def register(app: typer.Typer, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Give the application its commands; loaded are those that the arguments may mean.

    So are those of the words that a shell asks about. A database toolkit and a GraphQL library take longer to
    load than most commands take to run. Of the others help and suggestions need no more than names and
    descriptions.
    """
    words = {*arguments, *(word for name in _COMPLETION for word in environment.get(name, "").split())}
    is_described = _asks_for_descriptions(arguments)
    for entry in ENTRIES:
        if entry.name not in words:
            description = _description(entry) if is_described else ""
            app.command(entry.name, help=description, rich_help_panel=entry.panel)(_described)
            continue
        module = import_module(f"{__name__}.{entry.python_name}")
        if entry.group:
            app.add_typer(module.app, name=entry.name, rich_help_panel=entry.panel)
        else:
            app.command(entry.name, rich_help_panel=entry.panel)(getattr(module, entry.python_name))


def _asks_for_descriptions(arguments: Sequence[str]) -> bool:
    """Whether help that lists all commands may be wanted: no command stands before the wish for help."""
    telling = {*_HELP, *(entry.name for entry in ENTRIES)}
    return next((word for word in arguments if word in telling), _HELP[0]) in _HELP


def _described() -> None:
    """Stands for a command that was not named."""


def _description(entry: Entry) -> str:
    """What a command does: its function's docstring, a group's ``help``, read without loading either."""
    source = Path(__file__).with_name(f"{entry.python_name}.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    if not entry.group:
        functions = (node for node in tree.body if isinstance(node, ast.FunctionDef))
        return next(ast.get_docstring(node) or "" for node in functions if node.name == entry.python_name)
    keywords = (node for node in ast.walk(tree) if isinstance(node, ast.keyword))
    return next(str(ast.literal_eval(node.value)) for node in keywords if node.arg == "help")
