"""Exports a log to an archive in small segments, and prints a line after each.

python export_archive.py LOCATION FOLDER EVENTS_A_SEGMENT
"""

import sys
from pathlib import Path

from eventlog.archive.export import Bounds, export_log
from eventlog.opening import open_log


def main() -> None:
    location, folder, events = sys.argv[1:]
    log = open_log(location)
    export_log(
        log,
        Path(folder),
        bounds=Bounds(events=int(events)),
        progress=lambda walk: print(walk.events, flush=True),
    )
    log.close()


if __name__ == "__main__":
    main()
