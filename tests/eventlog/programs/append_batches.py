"""Appends the jobs FIRST to LAST of one run, batch by batch, and prints a line after each acknowledged batch.

python append_batches.py LOCATION ROOT FIRST LAST BATCH
"""

import sys

from eventlog.event import Observer
from eventlog.facts import JobSubmitted
from eventlog.opening import open_log


def main() -> None:
    location, root = sys.argv[1:3]
    first, last, size = map(int, sys.argv[3:6])
    observer = Observer("tests", "tester", root)
    log = open_log(location)
    for start in range(first, last, size):
        jobs = range(start, min(start + size, last))
        log.append([observer.event(JobSubmitted(run=root, job=f"job-{job}", attempt=1), job) for job in jobs])
        print(jobs.stop, flush=True)
    log.close()


if __name__ == "__main__":
    main()
