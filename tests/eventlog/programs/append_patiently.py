"""Appends jobs of one run one by one, each again until it is acknowledged, and prints its number then.

python append_patiently.py LOCATION RUN
"""

import sys
import time
from itertools import count

from eventlog.errors import UnavailableError
from eventlog.event import Event, Observer
from eventlog.facts import JobSubmitted
from eventlog.log import EventLog
from eventlog.opening import open_log


def main() -> None:
    location, run = sys.argv[1:3]
    log = open_log(location)
    for job in count():
        fact = JobSubmitted(
            run=run, job=f"job-{job}", attempt=1, site="a secret" if job % 10 == 3 else "here"
        )
        append(log, Observer("tests", "tester", run).event(fact, job))
        print(job, flush=True)


def append(log: EventLog, event: Event) -> None:
    while True:
        try:
            log.append([event])
            return
        except UnavailableError:
            time.sleep(0.05)


if __name__ == "__main__":
    main()
