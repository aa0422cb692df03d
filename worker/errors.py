"""The worker's own exceptions, each with a message for a person."""

from typing import Sequence


class WorkerError(Exception):
    """Something the worker can explain."""


class OrderError(WorkerError):
    """The order cannot be read; the message names the place in it and what would be right."""


class Stopped(WorkerError):
    """The worker was told to end by a signal."""

    def __init__(self, signal: int) -> None:
        super().__init__("terminated by signal %d" % signal)
        self.signal = signal


class UnreadableFile(WorkerError):
    """A file that should be there is missing, no regular file, or not readable."""

    def __init__(self, message: str, missing: bool = False) -> None:
        super().__init__(message)
        self.missing = missing


class TransferFailed(WorkerError):
    """One source could not be brought to the destination.

    `hopeless` says that trying it again is useless, `missing` that there is no such file.
    """

    def __init__(self, message: str, hopeless: bool = False, missing: bool = False) -> None:
        super().__init__(message)
        self.hopeless = hopeless
        self.missing = missing


class JobFailed(WorkerError):
    """A phase failed and ends the job.

    `messages` say why, one for each thing that went wrong; `exit_raw` is the wait status the job ends with.
    """

    def __init__(self, messages: Sequence[str], exit_raw: int = 1 << 8) -> None:
        super().__init__("; ".join(messages))
        self.messages = tuple(messages)
        self.exit_raw = exit_raw
