"""Asking a `hoofprint` command, in a process of its own, for its answer as JSON."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence

from hoofprint.errors import CommandError

Answer = Mapping[str, object]

PROGRAM: tuple[str, ...] = (sys.executable, "-P", "-m", "hoofprint")
"""The command line, started so that no module of the current directory stands in for one of ours."""


def ask(words: Sequence[str], accepted: Collection[int] = (0,)) -> Answer:
    """Run `hoofprint WORDS --json` and return the JSON object that it prints.

    Raises CommandError with what it said on stderr when it ends with an exit code that is not in
    `accepted`, or prints no JSON object. An interrupt is handed on, and raised once the command has ended.
    """
    command = [*PROGRAM, *words, "--json"]
    exit_code, stdout, stderr = _run(command)
    if exit_code not in accepted:
        raise CommandError(command, exit_code, stdout, stderr)
    try:
        answer = json.loads(stdout)
    except json.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        raise CommandError(command, exit_code, stdout, stderr or f"it printed no JSON object: {stdout:.200}")
    return answer


def _run(command: Sequence[str]) -> tuple[int, str, str]:
    # In a process group of its own the command gets an interrupt once, from here, and may end in order;
    # subprocess.run would kill it a quarter of a second later.
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        process_group=0,
    ) as process:
        try:
            stdout, stderr = process.communicate()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            process.communicate()
            raise
    return process.returncode, stdout, stderr
