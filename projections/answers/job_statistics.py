"""The statistics table of jobs: one line per attempt, in Pegasus' columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from eventlog.exit_codes import regular_exit
from projections.answers.runs import RunRef
from projections.answers.selection import job_of
from projections.runs.attempts import ATTEMPT_STATES, ATTEMPTS, SCRIPTS
from projections.runs.hosts import HOSTS
from projections.runs.invocations import INVOCATIONS
from projections.runs.plan import JOBS


@dataclass(frozen=True, slots=True)
class JobLine:
    """One attempt; durations in microseconds, None where the reference prints a dash.

    ``attempt`` is the number of this try, ``kickstart`` the sum of its processes, ``queue`` the time until a
    scheduler took it, ``resource`` the time from there until it ran, ``runtime`` what the submit side saw,
    ``cluster`` a clustered job's own duration; ``exit_code`` is the greatest raw one of its processes and its
    PRE script (of the attempt itself where it had neither), made regular: negative for a signal; None where
    no scheduler took the attempt.
    """

    job: str
    attempt: int
    site: str
    kickstart: int | None
    multiplier: int
    cpu_time: int | None
    post: int | None
    queue: int | None
    resource: int | None
    runtime: int | None
    cluster: int | None
    exit_code: int | None
    hostname: str

    @property
    def weighed_kickstart(self) -> int | None:
        """The processes' time weighed by the job's cores."""
        return None if self.kickstart is None else self.kickstart * self.multiplier

    @property
    def cluster_delay(self) -> int | None:
        """What a cluster took beyond its processes."""
        if self.cluster is None or self.kickstart is None:
            return None
        return self.cluster - self.kickstart


_Row = Row[*tuple[Any, ...]]
_Attempt = tuple[str, int]


def job_lines(connection: Connection, run: RunRef) -> Sequence[JobLine]:
    """A run's attempts in the order of their submission."""
    query = (
        select(ATTEMPTS, HOSTS.c.hostname)
        .join(JOBS, job_of(ATTEMPTS))
        .outerjoin(HOSTS, HOSTS.c.host_key == ATTEMPTS.c.host_key)
        .where(ATTEMPTS.c.run_key == run.key)
        .order_by(ATTEMPTS.c.submission.nulls_last(), ATTEMPTS.c.job, ATTEMPTS.c.attempt)
    )
    processes = _processes(connection, run)
    moments = _moments(connection, run)
    posts = _post_scripts(connection, run)
    return [
        _line(row, processes.get(_key(row)), moments.get(_key(row), {}), posts.get(_key(row)))
        for row in connection.execute(query)
    ]


def _line(row: _Row, process: _Row | None, moments: dict[str, int], post: _Row | None) -> JobLine:
    submitted, executed = moments.get("submitted"), moments.get("started")
    taken = _earliest(moments.get("grid"), moments.get("globus"))
    first = _earliest(taken, executed)
    raw = _exit(row, process)
    return JobLine(
        job=row.job,
        attempt=row.attempt,
        site=row.site or row.submit_site or "",
        kickstart=int(process.duration) if process else None,
        multiplier=row.multiplier or 1,
        cpu_time=int(process.cpu) if process and process.cpu is not None else None,
        post=_post_time(row, post),
        queue=_between(submitted, first),
        resource=_between(taken, executed),
        runtime=row.local_duration,
        cluster=row.cluster_duration,
        exit_code=None if raw is None else regular_exit(raw),
        hostname=row.hostname or "",
    )


def _exit(row: _Row, process: _Row | None) -> int | None:
    raws: list[int | None] = [process.exit_raw if process else None, row.pre_exit]
    return max((raw for raw in raws if raw is not None), default=None if row.submit_status else row.verdict)


def _earliest(*times: int | None) -> int | None:
    return min((time for time in times if time is not None), default=None)


def _post_time(row: _Row, post: _Row | None) -> int | None:
    """From the POST script's start, or the job's end where that was later, to the script's end."""
    if post is None or post.terminated is None:
        return None
    begins = [time for time in (post.started, row.terminated_at) if time is not None]
    return post.terminated - max(begins) if begins else None


def _between(begin: int | None, end: int | None) -> int | None:
    return None if begin is None or end is None else end - begin


def _key(row: _Row) -> _Attempt:
    return row.job, row.attempt


def _by_attempt(rows: Iterable[_Row]) -> dict[_Attempt, _Row]:
    return {_key(row): row for row in rows}


def _processes(connection: Connection, run: RunRef) -> dict[_Attempt, _Row]:
    attempt = (INVOCATIONS.c.job, INVOCATIONS.c.attempt)
    rows = connection.execute(
        select(
            *attempt,
            func.sum(INVOCATIONS.c.duration).label("duration"),
            func.sum(func.coalesce(INVOCATIONS.c.cpu_time, INVOCATIONS.c.utime + INVOCATIONS.c.stime)).label(
                "cpu"
            ),
            func.max(INVOCATIONS.c.exit_raw).label("exit_raw"),
        )
        .where(INVOCATIONS.c.run_key == run.key, INVOCATIONS.c.sequence >= 0)
        .group_by(*attempt)
    )
    return _by_attempt(rows)


def _moments(connection: Connection, run: RunRef) -> dict[_Attempt, dict[str, int]]:
    """When each attempt was first submitted, handed over and executed."""
    columns = (
        ATTEMPT_STATES.c.job,
        ATTEMPT_STATES.c.attempt,
        ATTEMPT_STATES.c.state,
        ATTEMPT_STATES.c.route,
    )
    rows = connection.execute(
        select(*columns, func.min(ATTEMPT_STATES.c.time))
        .where(ATTEMPT_STATES.c.run_key == run.key, ATTEMPT_STATES.c.state.in_(["submitted", "started"]))
        .group_by(*columns)
    )
    moments: dict[_Attempt, dict[str, int]] = {}
    for job, attempt, state, route, time in rows:
        moments.setdefault((job, attempt), {})[route or state] = time
    return moments


def _post_scripts(connection: Connection, run: RunRef) -> dict[_Attempt, _Row]:
    rows = connection.execute(
        select(SCRIPTS)
        .where(SCRIPTS.c.run_key == run.key, SCRIPTS.c.script == "post")
        .order_by(SCRIPTS.c.ordinal)
    )
    return _by_attempt(rows)
