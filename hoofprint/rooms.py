"""Finds the rooms (eventlog, planner, …) and starts the command inside them.

In a checkout the rooms are top-level folders; in an installation they lie in ``hoofprint/_rooms``, so that
no other package of the same name can replace them, nor they it.
"""

import gc
import sys
from pathlib import Path


def rooms_folder() -> Path:
    """The folder that holds the rooms."""
    here = Path(__file__).resolve().parent
    packaged = here / "_rooms"
    return packaged if packaged.is_dir() else here.parent


def enter() -> None:
    """Put the rooms first on this process' path: before the user's folder, which may hold its own api/."""
    folder = str(rooms_folder())
    sys.path[:] = [folder, *(entry for entry in sys.path if entry != folder)]


def command() -> None:
    """The console command ``hoofprint``."""
    enter()
    from hoofprint.app.main import main

    code = main(sys.argv[1:])
    # What lives now goes with the process; else the collector looks through all of it once more, for 0.2 s.
    gc.freeze()
    sys.exit(code)
