"""Shell hooks: a command that runs when something happens to a workflow, a job or a transformation."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, Self

from hoofprint.errors import WrongTypeError
from hoofprint.metadata import Described
from hoofprint.names import check_text
from hoofprint.yaml_text import Node


class EventType(Enum):
    """What a hook waits for."""

    NEVER = "never"
    START = "start"
    ERROR = "error"
    SUCCESS = "success"
    END = "end"
    ALL = "all"


class ShellHook(NamedTuple):
    """One command and what it waits for."""

    event: EventType
    command: str


class Hooked(Described):
    """Something that hooks can be hung on; it carries metadata and profiles as well."""

    __slots__ = ("hooks",)

    def __init__(self) -> None:
        super().__init__()
        self.hooks: tuple[ShellHook, ...] = ()

    def add_shell_hook(self, event_type: EventType, cmd: str) -> Self:
        """Run the shell command `cmd` when `event_type` happens."""
        if not isinstance(event_type, EventType):
            raise WrongTypeError("shell hook", event_type, "an EventType such as EventType.END")
        self.hooks = (*self.hooks, ShellHook(event_type, check_text(cmd, "shell hook's command")))
        return self


def hooks_node(hooks: tuple[ShellHook, ...]) -> dict[str, Node]:
    """Return the hooks as the workflow file has them."""
    return {"shell": [{"_on": hook.event.value, "cmd": hook.command} for hook in hooks]}
