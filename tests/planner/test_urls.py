"""File URLs are percent-encoded, bare paths are literal, and the worker reads both as the planner does."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eventlog.errors import InputError
from eventlog.facts import FileRegistered
from planner.abstract import AbstractJob, AbstractWorkflow
from planner.catalogs import (
    Directory,
    Executable,
    FileServer,
    Replica,
    ReplicaCatalog,
    ReplicaEntry,
    Site,
    SiteCatalog,
    Transformation,
    TransformationCatalog,
    TransformationEntry,
)
from planner.events import planning_facts
from planner.executable import JobKind
from planner.pipeline import Plan, plan_workflow
from planner.request import PlanRequest
from planner.urls import as_url, file_url, is_file_url, path_of, url_below
from worker import places

MakeJob = Callable[..., AbstractJob]
MakeRequest = Callable[..., PlanRequest]
MakePrograms = Callable[..., TransformationCatalog]

HOSTILE = "odd %41 name#1?.txt"
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)


@given(names)
@example(HOSTILE)
@example("//host/share")
def test_what_the_planner_encodes_the_worker_and_the_planner_decode(name: str) -> None:
    path = f"/work/{name}"
    url = file_url(path)
    assert url.isascii()
    assert path_of(url) == places.path_of(url) == path
    assert path_of(path) == places.path_of(path) == path
    assert url_below(file_url("/work"), name) == as_url(path) == url
    if not {".", ""} & set(name.split("/")):
        assert url == Path(path).as_uri()


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///a%20b", "/a b"),
        ("file:///a b", "/a b"),
        ("file:///100%", "/100%"),
        ("file://localhost/a", "/a"),
        ("file:/a", "/a"),
        ("FILE:///a", "/a"),
        ("/a%20b", "/a%20b"),
    ],
)
def test_the_planner_and_the_worker_agree_on_what_others_write(url: str, path: str) -> None:
    assert path_of(url) == places.path_of(url) == path
    assert is_file_url(as_url(url))


@pytest.mark.parametrize("url", ["https://host/a%20b?c#d", "gsiftp://host//a", "file:relative"])
def test_urls_of_others_stay_as_they_are(url: str) -> None:
    assert as_url(url) == path_of(url) == url


def _urls(plan: Plan) -> set[str]:
    return {
        url
        for job in plan.executable.jobs
        for url in (
            *(source.url for move in job.transfers for source in move.sources),
            *(move.destination.url for move in job.transfers),
            *(directory.url for directory in job.make_directories),
            *(removal.url for removal in job.removals),
            *(registration.url for registration in job.registrations),
        )
    }


def test_every_url_of_a_plan_is_encoded_and_every_path_literal(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms
) -> None:
    entry = ReplicaEntry(HOSTILE, (Replica(f"/raw data/{HOSTILE}", "local"),))
    plan = plan_workflow(
        request_for(
            AbstractWorkflow("w", [job(1, "p", [HOSTILE], ["out 100%"])], []),
            base_directory="/base #1",
            relative_directory="a b/run0001",
            transformations=installed("p"),
            replicas=ReplicaCatalog({HOSTILE: entry}),
        )
    )
    work = "file:///base%20%231/scratch/a%20b/run0001"
    assert _urls(plan) == {
        "file:///raw%20data/odd%20%2541%20name%231%3F.txt",
        work,
        f"{work}/odd%20%2541%20name%231%3F.txt",
        f"{work}/out%20100%25",
        "file:///base%20%231/outputs/out%20100%25",
    }
    (compute,) = [job for job in plan.executable.jobs if job.kind is JobKind.COMPUTE]
    assert compute.directory == "/base #1/scratch/a b/run0001"
    assert [file.path for file in (*compute.inputs, *compute.outputs)] == [HOSTILE, "out 100%"]
    (raw,) = [fact for fact in planning_facts(plan) if isinstance(fact, FileRegistered)]
    assert raw.pfn == "file:///raw%20data/odd%20%2541%20name%231%3F.txt"


def test_what_catalogs_say_in_urls_is_kept_and_understood(job: MakeJob, request_for: MakeRequest) -> None:
    program = Executable("local", "file:///opt/my%20tools/p")
    scratch = Directory("sharedScratch", "/my scratch", (FileServer("file:///my scratch"),))
    request = request_for(
        AbstractWorkflow("w", [job(1, "p", ["raw"], ["o"])], []),
        relative_directory="run0001",
        sites=SiteCatalog({"local": Site("local", (scratch,))}),
        transformations=TransformationCatalog(
            {Transformation("p"): TransformationEntry(Transformation("p"), (program,))}
        ),
        replicas=ReplicaCatalog({"raw": ReplicaEntry("raw", (Replica("file:///my data/raw", "local"),))}),
        output_directory="/out",
    )
    plan = plan_workflow(request)
    assert {"file:///my data/raw", "file:///my scratch/run0001/raw"} <= _urls(plan)
    (compute,) = [job for job in plan.executable.jobs if job.kind is JobKind.COMPUTE]
    assert compute.tasks[0].executable == "/opt/my tools/p"


def test_one_place_that_is_written_in_two_ways_is_one_place(
    job: MakeJob, request_for: MakeRequest, installed: MakePrograms
) -> None:
    request = request_for(
        AbstractWorkflow("w", [job(1, "p", ["raw"], ["o"])], []),
        base_directory="/my base",
        relative_directory="run0001",
        transformations=installed("p"),
        replicas=ReplicaCatalog(
            {"raw": ReplicaEntry("raw", (Replica("file:///my base/scratch/run0001/raw", "local"),))}
        ),
        output_directory="/my base/scratch/run0001",
    )
    plan = plan_workflow(request)
    assert [job for job in plan.executable.jobs if job.transfers] == []


@pytest.mark.parametrize("key", ["base_directory", "relative_directory", "output_directory"])
def test_a_directory_whose_name_is_no_utf8_is_refused(split_request: PlanRequest, key: str) -> None:
    with pytest.raises(InputError, match=r"not UTF-8; choose a directory .*: '/caf\\udce9'"):
        plan_workflow(replace(split_request, **{key: "/caf\udce9"}))
