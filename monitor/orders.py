"""The order that a worker gets: one attempt of one job, with the digests that are known by now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from planner.executable import (
    InputFile,
    Location,
    OutputFile,
    PlanHeader,
    PlannedJob,
    PlannedTask,
    Registration,
    Removal,
    Transfer,
)

ORDER_VERSION = 1
GRACE = 5.0
"""Seconds a task has between SIGTERM and SIGKILL."""


class WorkOrder(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a worker reads; its phases in their order."""

    version: int
    run: str
    workflow: str
    planned: str
    job: str
    kind: str
    transformation: str
    attempt: int
    site: str
    directory: str
    record: str
    facts: str
    make_directories: tuple[Location, ...] = ()
    stage_in: tuple[Transfer, ...] = ()
    verify: tuple[InputFile, ...] = ()
    tasks: tuple[PlannedTask, ...] = ()
    outputs: tuple[OutputFile, ...] = ()
    stage_out: tuple[Transfer, ...] = ()
    removals: tuple[Removal, ...] = ()
    register: tuple[Registration, ...] = ()
    grace: float | None = None


@dataclass(frozen=True, slots=True)
class Papers:
    """Where a worker leaves what it has to say: absolute paths of its record and its facts."""

    record: str
    facts: str


def make_order(
    header: PlanHeader,
    job: PlannedJob,
    attempt: int,
    papers: Papers,
    digests: Mapping[str, str],
    directory: str,
) -> bytes:
    """The order as JSON; ``digests`` gives the sha256 of an LFN, ``directory`` serves a job that has none."""
    if _integrity(job) == "none":
        digests = {}
        job = _unchecked(job)
    transfers = [_expecting(transfer, digests) for transfer in job.transfers]
    order = WorkOrder(
        version=ORDER_VERSION,
        run=header.run,
        workflow=header.workflow,
        planned=datetime.fromtimestamp(header.planned / 1_000_000, UTC).isoformat(),
        job=job.name,
        kind=job.kind.value,
        transformation=job.transformation,
        attempt=attempt,
        site=job.site,
        directory=job.directory or directory,
        record=papers.record,
        facts=papers.facts,
        make_directories=job.make_directories,
        stage_in=tuple(transfer for transfer in transfers if transfer.role == "input"),
        verify=tuple(_checked(file, digests) for file in job.inputs),
        tasks=job.tasks,
        outputs=job.outputs,
        stage_out=tuple(transfer for transfer in transfers if transfer.role == "output"),
        removals=job.removals,
        register=job.registrations,
        grace=GRACE,
    )
    return msgspec.json.encode(order)


def _integrity(job: PlannedJob) -> str:
    return job.profiles.get("pegasus", {}).get("integrity.checking", "full")


def _unchecked(job: PlannedJob) -> PlannedJob:
    replace = msgspec.structs.replace
    return replace(
        job,
        transfers=tuple(replace(transfer, sha256=None) for transfer in job.transfers),
        inputs=tuple(replace(file, sha256=None) for file in job.inputs),
    )


def _expecting(transfer: Transfer, digests: Mapping[str, str]) -> Transfer:
    digest = transfer.sha256 or digests.get(transfer.lfn)
    return msgspec.structs.replace(transfer, sha256=digest)


def _checked(file: InputFile, digests: Mapping[str, str]) -> InputFile:
    # What the run itself found is nearer to the file than what was known when it was planned.
    return msgspec.structs.replace(file, sha256=digests.get(file.lfn) or file.sha256)
