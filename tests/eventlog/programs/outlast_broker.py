"""Appends a job of one run before, without and after its broker: one step for each line of its input.

python outlast_broker.py LOCATION RUN; prints a line after each step, an error as its text.
"""

import sys

from eventlog.errors import UnavailableError
from eventlog.event import Observer
from eventlog.facts import JobSubmitted
from eventlog.opening import open_log


def main() -> None:
    location, run = sys.argv[1:3]
    log = open_log(location)
    for job, _ in enumerate(sys.stdin):
        fact = JobSubmitted(run=run, job=f"job-{job}", attempt=1)
        try:
            log.append([Observer("tests", "tester", run).event(fact, job)])
            print("appended", flush=True)
        except UnavailableError as error:
            print(error, flush=True)
    log.close()


if __name__ == "__main__":
    main()
