"""What can go wrong while a workflow is written, or while a command of ours runs."""

from __future__ import annotations

from collections.abc import Sequence


class HoofprintError(Exception):
    """Everything that `hoofprint` raises on purpose; the message is meant for a person."""


class WorkflowError(HoofprintError, ValueError):
    """A workflow or a catalog says something that no plan could be made of."""


class DuplicateError(WorkflowError):
    """A name that must be unique was given twice."""


class NotFoundError(WorkflowError, LookupError):
    """A name was asked for that nothing carries."""


class WrongTypeError(WorkflowError, TypeError):
    """A value has a type that its place does not take."""

    def __init__(self, place: str, found: object, wanted: str) -> None:
        super().__init__(f"{place}: {type(found).__name__} given ({found!r:.80}); {wanted} is wanted")


class CommandError(HoofprintError):
    """A `hoofprint` command ended with an exit code that means failure.

    `exit_code` follows the command line's contract: 1 a run or a verification failed, 2 bad input, 3 not
    found, 4 service unreachable, 130 interrupted. `stderr` and `stdout` hold what the command printed.
    """

    def __init__(self, command: Sequence[str], exit_code: int, stdout: str, stderr: str) -> None:
        self.command = tuple(command)
        self.exit_code = exit_code
        self.stdout = stdout
        self.stderr = stderr
        said = stderr.strip() or stdout.strip() or "it printed nothing"
        super().__init__(f"`{' '.join(command)}` ended with exit code {exit_code}: {said}")
