"""Whether a planner is done with a submit directory: what it has written in part is not read."""

import os
from pathlib import Path

from eventlog.errors import InputError
from monitor.pegasus.submit_directory.braindump import is_submit_directory, read_braindump
from monitor.pegasus.submit_directory.planned import static_path

_QUIET = 5.0
"""Seconds in which a planner that is not done writes something more."""


def what_is_awaited(directory: Path, now: float) -> str | None:
    """Why a run that is followed cannot be read yet, in a few words; None where it can.

    A planner does not say that it is done: DAGMan's log says so, or that nothing was written for a while.
    ``now`` is in seconds since the epoch.
    """
    if not is_submit_directory(directory):
        return "no planner has written braindump.yml there yet"
    try:
        dump = read_braindump(directory)
    except InputError as error:
        return str(error)
    dag, static = directory / dump.dag, static_path(dump)
    for path in (dag, static):
        if os.path.exists(path) and not os.access(path, os.R_OK):
            return f"{path} cannot be read"
    if os.path.exists(f"{dag}.dagman.out"):
        return None
    if dump.problem:
        return dump.problem
    try:
        written = max(path.stat().st_mtime for path in (dag, static))
    except OSError as error:
        return f"{error.filename} is not there yet"
    return None if now - written >= _QUIET else "it is being planned"
