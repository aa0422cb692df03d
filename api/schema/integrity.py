"""Integrity and failures of a run in GraphQL."""

from functools import partial

import strawberry

from api.context import Info
from api.schema.answering import answer
from api.schema.jobs import Invocation, JobState, ScriptKind
from api.schema.scalars import Long, Time
from api.schema.vocabulary import UNKNOWN_WORD, Vocabulary
from projections.answers import failures as failure_answers
from projections.answers import integrity as integrity_answers
from projections.answers.runs import RunRef


@strawberry.enum(description="What a file was to the job that took its checksum.")
class ChecksumRole(Vocabulary):
    """The roles of files whose checksums jobs take."""

    INPUT = "input"
    OUTPUT = "output"
    UNKNOWN = UNKNOWN_WORD


@strawberry.type(description="A verification that failed.")
class Mismatch:
    """A file that was not what it should have been."""

    job: str
    attempt: int
    lfn: str | None
    role: ChecksumRole
    pfn: str
    site: str
    expected: str | None = strawberry.field(
        description="The sha256 it should have; null where none was known."
    )
    found: str | None = strawberry.field(description="The sha256 it had; null for a missing file.")
    time: Time


@strawberry.type(description="Checksums over all attempts of a run.")
class Integrity:
    """Sums, and the first mismatches."""

    verified: Long
    failed: Long
    computed: Long
    mismatches: list[Mismatch]


@strawberry.type(description="A job that failed for good.")
class Failure:
    """A failed job's last attempt, and what it held up."""

    job: str
    kind: str
    attempt: int
    state: JobState
    verdict: int | None = strawberry.field(description="Raw wait status: exit code << 8 | signal.")
    site: str
    hostname: str
    finished_at: Time | None
    problem: str
    stderr_tail: str
    stdout_file: str
    stderr_file: str
    failed_script: ScriptKind | None
    invocation: Invocation | None = strawberry.field(
        description="The process that failed, if one was started."
    )
    mismatches: list[Mismatch]
    blocked: int = strawberry.field(description="How many jobs could not run because of it.")


async def integrity_of_run(info: Info, run: RunRef) -> Integrity:
    """What came of every checksum of a run."""
    found = await info.context.reader.ask("data", partial(integrity_answers.integrity_of, run=run))
    return answer(Integrity, found, mismatches=_mismatches(found.mismatches))


async def failures_of_run(info: Info, run: RunRef) -> list[Failure]:
    """Why a run failed."""
    found = await info.context.reader.ask_both(partial(failure_answers.failures_of, run=run))
    return [_failure(failure) for failure in found]


def _failure(failure: failure_answers.Failure) -> Failure:
    invocation = failure.invocation
    return answer(
        Failure,
        failure,
        invocation=None if invocation is None else answer(Invocation, invocation),
        mismatches=_mismatches(failure.mismatches),
    )


def _mismatches(mismatches: tuple[integrity_answers.Mismatch, ...]) -> list[Mismatch]:
    return [answer(Mismatch, mismatch) for mismatch in mismatches]
