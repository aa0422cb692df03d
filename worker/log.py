"""The few words a worker says while it works."""

import sys

from worker.places import readable


def log(message: str) -> None:
    """Write one line for a person on stderr, if there is one: stdout is nobody's business but --help's."""
    if sys.stderr is not None:
        print("hoofprint-worker: %s" % readable(message), file=sys.stderr)
