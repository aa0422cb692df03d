"""Appends jobs to the spooled log of a folder, or drains its spool; prints a line after each batch.

python spool_batches.py append FOLDER ROOT FIRST LAST BATCH
python spool_batches.py drain FOLDER BATCH
"""

import sys
from pathlib import Path

from eventlog.event import Observer
from eventlog.facts import JobSubmitted
from eventlog.spool import SpoolingLog

sys.path.insert(0, str(Path(__file__).parent))
from switched_log import open_spooling


def append(log: SpoolingLog, root: str, first: int, last: int, size: int) -> None:
    observer = Observer("tests", "tester", root)
    for start in range(first, last, size):
        jobs = range(start, min(start + size, last))
        log.append([observer.event(JobSubmitted(run=root, job=f"job-{job}", attempt=1), job) for job in jobs])
        print(jobs.stop, flush=True)


def drain(log: SpoolingLog, size: int) -> None:
    while log.state().events:
        print(log.drain(size), flush=True)


def main() -> None:
    what, folder, *rest = sys.argv[1:]
    log = open_spooling(Path(folder))
    if what == "append":
        append(log, rest[0], *map(int, rest[1:]))
    else:
        drain(log, int(rest[0]))
    log.close()


if __name__ == "__main__":
    main()
