"""The plugin ``hoofprint`` of a site's own pegasus-monitord: what it sees goes to Hoofprint as it happens.

Every event is first a line of a file on this host, one file a root workflow; ``hoofprint import`` brings
the files into the log, again and again while the workflow runs, in a process of its own. So a log that cannot
be reached, or a Hoofprint that fails, keeps nobody waiting: the file stays, and the next import brings it. A
file that was brought in whole is removed when monitord ends.

Settings are properties: ``pegasus.monitord.plugins.hoofprint.command`` (the command, default ``hoofprint``),
``.directory`` (of the files, default ``$HOOFPRINT_HOME/monitord``), ``.interval`` (seconds between imports).

This module needs the standard library only: monitord and Hoofprint ask for different versions of libraries.
"""

import json
import logging
import os
import shlex
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol, TextIO

PREFIX = "pegasus.monitord.plugins.hoofprint."
SUFFIX = ".jsonl"
_INTERVAL = 10.0
_PATIENCE = 8.0
"""Seconds that the end of monitord waits for the last import; it goes on by itself after them."""

_SHARE = 4.0
"""An import begins no sooner after the last than this many times what that took."""

_log = logging.getLogger("hoofprint.monitord")


class Properties(Protocol):
    """Pegasus' properties, as far as they are asked."""

    def propertyset(self, prefix: str, remove: bool = False) -> Mapping[str, str]:
        """The properties that begin with ``prefix``, without it where ``remove`` is set."""
        ...


class HoofprintPlugin:
    """What pegasus-monitord calls: ``start``, ``handle_event`` for each event, ``tick``, ``stop``."""

    event_filter = "stampede."

    def __init__(self) -> None:
        self._command: list[str] = ["hoofprint"]
        self._directory = Path()
        self._interval = _INTERVAL
        self._mode: Literal["a", "w"] = "a"
        self._files: dict[str, TextIO] = {}
        self._import: subprocess.Popen[bytes] | None = None
        self._started = self._next = 0.0

    def start(self, props: Properties | None = None, restart: bool = False, **_: object) -> None:
        """Take the settings; ``restart`` says that everything will be told again from the beginning."""
        told = props.propertyset(PREFIX, True) if props is not None else {}
        self._command = shlex.split(told.get("command", "hoofprint"))
        self._directory = Path(told.get("directory") or _home() / "monitord").absolute()
        self._mode = "w" if restart else "a"
        self._interval = float(told.get("interval", _INTERVAL))
        self._directory.mkdir(parents=True, exist_ok=True)
        self._next = time.monotonic() + self._interval

    def handle_event(self, event: str, kw: Mapping[str, object]) -> None:
        """Write the event down, and bring in what was written when it is time."""
        root = str(kw.get("root__xwf__id") or kw.get("root.xwf.id") or kw.get("xwf__id") or kw.get("xwf.id"))
        try:
            file = self._file(root)
            file.write(json.dumps({"event": event, **kw}, default=str) + "\n")
            if time.monotonic() >= self._next:
                self._bring_in()
        except (OSError, ValueError) as error:
            _log.warning("an event of workflow %s is not passed on: %s", root, error)

    def tick(self) -> None:
        """Bring in what was written, although nothing happens."""
        if time.monotonic() >= self._next:
            self._bring_in()

    def stop(self) -> None:
        """Bring in what is left; remove the files if that succeeds soon enough."""
        latest = time.monotonic() + _PATIENCE
        self._wait_for_import(latest)
        self._bring_in()
        if self._wait_for_import(latest) == 0:
            for root in self._files:
                self._path(root).unlink(missing_ok=True)
        for file in self._files.values():
            file.close()

    def _file(self, root: str) -> TextIO:
        if root not in self._files:
            self._files[root] = self._path(root).open(self._mode, encoding="utf-8")
        return self._files[root]

    def _path(self, root: str) -> Path:
        name = "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in root)
        return self._directory / f"{name}{SUFFIX}"

    def _bring_in(self) -> None:
        """Start an import, unless the last one is not done."""
        still_running = self._import is not None and self._result() is None
        if not self._files or still_running:
            return
        for file in self._files.values():
            file.flush()
        self._started, self._next = time.monotonic(), time.monotonic() + self._interval
        paths = [str(self._path(root)) for root in self._files]
        try:
            with (self._directory / "import.log").open("ab") as said:
                self._import = subprocess.Popen(
                    [*self._command, "import", *paths],
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    start_new_session=True,
                )
        except OSError as error:
            _log.warning("hoofprint cannot be started, events wait in %s: %s", self._directory, error)

    def _result(self) -> int | None:
        """How the last import ended; None while it runs, and where there was none."""
        code = self._import.poll() if self._import is not None else None
        if code is not None and self._started:
            took, self._started = time.monotonic() - self._started, 0.0
            self._next = max(self._next, time.monotonic() + _SHARE * took)
            if code:
                _log.warning("hoofprint import ended with %d, events wait in %s", code, self._directory)
        return code

    def _wait_for_import(self, latest: float) -> int | None:
        if self._import is not None:
            try:
                self._import.wait(max(0.0, latest - time.monotonic()))
            except subprocess.TimeoutExpired:
                _log.warning("hoofprint import takes its time, events wait in %s", self._directory)
        return self._result()


def _home() -> Path:
    told = os.environ.get("HOOFPRINT_HOME")
    shared = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(told) if told else Path(shared) / "hoofprint"
