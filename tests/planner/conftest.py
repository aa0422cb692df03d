"""Small workflows in memory, and requests to plan them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from planner.abstract import AbstractJob, AbstractWorkflow, Use
from planner.catalogs import (
    Executable,
    Replica,
    ReplicaCatalog,
    ReplicaEntry,
    Transformation,
    TransformationCatalog,
    TransformationEntry,
)
from planner.request import PlanRequest, RunIdentity

IDENTITY = RunIdentity(run="6f1f0a52-6a3e-4b7c-9f6a-000000000001", planned=1_795_341_600_000_000, user="ada")


def _job(
    number: int,
    program: str,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    *,
    keep: Sequence[str] = (),
    **more: Any,
) -> AbstractJob:
    """A job; outputs named in ``keep`` too are neither staged out nor registered."""
    uses = [Use(lfn, "input") for lfn in inputs]
    uses += [Use(lfn, "output", stage_out=lfn not in keep, register=lfn not in keep) for lfn in outputs]
    return AbstractJob(
        id=f"ID{number:07d}",
        transformation=Transformation(program),
        uses=tuple(uses),
        place=f"workflow.yml:{number * 10}",
        **more,
    )


def _installed(*names: str, site: str = "local") -> TransformationCatalog:
    return TransformationCatalog(
        {
            Transformation(name): TransformationEntry(
                Transformation(name), (Executable(site, f"/usr/bin/{name}"),)
            )
            for name in names
        },
        source="transformations.yml",
    )


def _replicas(**places: str) -> ReplicaCatalog:
    return ReplicaCatalog(
        {
            lfn: ReplicaEntry(lfn, (Replica(pfn, "local"),))
            for lfn, pfn in ((name.replace("__", "."), pfn) for name, pfn in places.items())
        },
        source="replicas.yml",
    )


def _lying_at(folder: str, *lfns: str) -> ReplicaCatalog:
    entries = {lfn: ReplicaEntry(lfn, (Replica(f"file://{folder}/{lfn}", "local"),)) for lfn in lfns}
    return ReplicaCatalog(entries, source="replicas.yml")


def _request(workflow: AbstractWorkflow, **more: Any) -> PlanRequest:
    request = PlanRequest(
        workflow=workflow,
        identity=IDENTITY,
        base_directory="/base",
        relative_directory="ada/hoofprint/w/run0001",
    )
    return replace(request, **more)


@pytest.fixture
def job() -> Callable[..., AbstractJob]:
    return _job


@pytest.fixture
def installed() -> Callable[..., TransformationCatalog]:
    return _installed


@pytest.fixture
def lying_at() -> Callable[..., ReplicaCatalog]:
    return _lying_at


@pytest.fixture
def request_for() -> Callable[..., PlanRequest]:
    return _request


@pytest.fixture
def split_workflow() -> AbstractWorkflow:
    """One job cuts a page into four parts, four jobs count the lines of a part each."""
    parts = [f"part.{letter}" for letter in "abcd"]
    split = _job(1, "split", ["page.html"], parts, keep=parts, arguments=("-l", "100", "page.html", "part."))
    counts = [
        _job(
            number,
            "wc",
            [f"part.{letter}"],
            [f"count.{letter}"],
            arguments=("-l", f"part.{letter}"),
            stdout=f"count.{letter}",
        )
        for number, letter in enumerate("abcd", start=2)
    ]
    return AbstractWorkflow("split", [split, *counts], [(0, n) for n in range(1, 5)], source="workflow.yml")


@pytest.fixture
def split_request(split_workflow: AbstractWorkflow) -> PlanRequest:
    return _request(
        split_workflow,
        transformations=_installed("split", "wc"),
        replicas=_lying_at("/data", "page.html"),
    )
