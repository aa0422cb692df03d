"""Events back to ``jobstate.log``, against the one that the reference writes for each submit directory."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from eventlog.codec import Codec
from eventlog.event import Event, Observer
from eventlog.facts import JobFinished, JobNoted, JobSubmitted, ScriptFinished
from eventlog.log import read_all
from eventlog.memory import MemoryLog
from monitor.pegasus.importing import Imported, import_source
from monitor.pegasus.jobstate_log import run_lines
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory import SubmitDirectory

NO_STATE_OF_THE_RUN = re.compile(r"INTERNAL \*\*\* MONITORD_")


def written_for(folder: Path) -> dict[str, list[str]]:
    log = MemoryLog()
    reports = Reports(lambda _: None)
    source = SubmitDirectory(folder, reports, "America/Los_Angeles")
    import_source(source, log, reports, Imported())
    codec = Codec(log)
    events = [codec.decode(record) for record in read_all(log)]
    runs = dict.fromkeys(event.fact.run for event in events)
    return {run: list(lines) for run, lines in run_lines(events, runs)}


def by_subject(lines: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        if not NO_STATE_OF_THE_RUN.search(line):
            found[line.split()[1]].append(line)
    return found


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["process_wf_success", "process_wf_failure", "hierarchical_wf_success"])
def test_the_same_lines_in_the_same_order_for_each_job(realdata: Path, name: str) -> None:
    oracle = (realdata / "oracles" / "replay" / f"{name}.jobstate.log").read_text().splitlines()
    lines = next(iter(written_for(realdata / "submit-dirs" / name).values()))
    assert by_subject(lines) == by_subject(oracle)


def test_an_attempt_that_was_never_submitted_is_counted_where_it_began() -> None:
    observer = Observer("test", "ada", "r")

    def failed_before(job: str, second: int) -> Event:
        fact = ScriptFinished(run="r", job=job, attempt=1, script="pre", exit_raw=256)
        return observer.event(fact, second * 1_000_000)

    def submitted(job: str, submission: int, second: int) -> Event:
        fact = JobSubmitted(run="r", job=job, attempt=1, submission=submission, site="local")
        return observer.event(fact, second * 1_000_000)

    events = [
        failed_before("late", 9),
        failed_before("early", 4),
        submitted("c", 3, 8),
        submitted("a", 1, 5),
        submitted("b", 2, 3),
        failed_before("between", 6),
    ]
    [(_, lines)] = run_lines(events, ["r"])
    numbers = {line.split()[1]: int(line.split()[-1]) for line in lines}
    assert numbers == {"early": 1, "a": 2, "b": 3, "between": 4, "c": 5, "late": 6}


def test_a_line_names_the_site_that_a_job_was_submitted_to() -> None:
    observer, names = Observer("test", "ada", "r"), {"run": "r", "job": "a", "attempt": 1}
    ended = observer.event(JobFinished(**names, exit_raw=0, site="as-the-job-says"), 9_000_000)
    submitted = observer.event(JobSubmitted(**names, submission=1, site="pool"), 2_000_000)
    for events, site in (((submitted, ended), "pool"), ((ended,), "as-the-job-says")):
        [(_, lines)] = run_lines(events, ["r"])
        assert {line.split()[4] for line in lines} == {site}


def test_what_was_noted_before_its_end_was_known_is_one_line() -> None:
    observer, names = Observer("test", "ada", "r"), {"run": "r", "job": "a", "attempt": 1}
    noted = observer.event(JobNoted(**names, note="job-terminated", ordinal=1_000_000), 7_000_000)
    ended = observer.event(JobFinished(**names, exit_raw=0, terminated=7_000_000), 9_000_000)
    for events, states in (
        ((noted,), ["JOB_TERMINATED"]),
        ((noted, ended), ["JOB_TERMINATED", "JOB_SUCCESS"]),
    ):
        [(_, lines)] = run_lines(events, ["r"])
        assert [line.split()[2] for line in lines] == states
