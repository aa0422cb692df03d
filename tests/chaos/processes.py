"""Processes of ours that are killed, made to hang, and started again."""

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
COMMAND = ("-m", "hoofprint")


class EndedError(AssertionError):
    """A process ended though nobody had asked it to, or otherwise than it should."""


class Process:
    """One program at a time; what it prints is kept in files, across all its lives."""

    def __init__(self, name: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.out, self.err = folder / f"{name}.out", folder / f"{name}.err"
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self.out.touch()

    def start(self, *program: str) -> None:
        """Begin a life: ``python PROGRAM…``."""
        assert self._process is None, f"{self.name} runs already"
        with self.out.open("ab") as out, self.err.open("ab") as err:
            self._process = subprocess.Popen(
                [sys.executable, *program], stdout=out, stderr=err, cwd=CHECKOUT, env=dict(self._environment)
            )

    def ended(self) -> int | None:
        """The exit code of a life that ended by itself; None while it goes on."""
        if self._process is None:
            return None
        code = self._process.poll()
        if code is not None:
            self._process = None
        return code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; one that ended meanwhile gets none."""
        if self._process is not None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def wait(self, seconds: float) -> int:
        """The exit code; raises EndedError where it does not end in time."""
        if self._process is None:
            return 0
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise EndedError(f"{self.name} did not end within {seconds} s\n{self.last_words()}") from error
        self._process = None
        return code

    def require(self, code: int, allowed: Sequence[int]) -> None:
        """Raise EndedError for an exit code that this process may not have."""
        if code not in allowed:
            raise EndedError(f"{self.name} ended with {code}\n{self.last_words()}")

    def last_words(self) -> str:
        """The end of what it said on stderr."""
        return self.err.read_text(errors="replace")[-3000:] if self.err.exists() else ""
