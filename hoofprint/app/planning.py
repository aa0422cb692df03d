"""Planning as the command does it: find the inputs, plan, keep the plan, say so on the log."""

import os
import socket
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

from eventlog.clock import now
from eventlog.collector import collector_paused
from eventlog.errors import HoofprintError, InputError
from eventlog.event import Event
from eventlog.facts import WorkflowPlanned
from eventlog.log import EventLog
from hoofprint.app.house import House
from planner.catalogs import ReplicaCatalog, SiteCatalog, TransformationCatalog
from planner.directory import choose_directory, write_plan
from planner.events import PlanningContext, failure_events, planning_events
from planner.formats import (
    read_properties,
    read_replica_catalog,
    read_site_catalog,
    read_transformation_catalog,
    read_workflow,
)
from planner.manifest import Manifest
from planner.pipeline import Plan, plan_workflow
from planner.request import PlanOptions, PlanRequest, RunIdentity
from planner.reuse_index import ReuseIndex

_EVENTS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class CatalogFile:
    """One kind of catalog: its property, and the names it has by default."""

    property: str
    names: tuple[str, ...]


SITES = CatalogFile("pegasus.catalog.site.file", ("sites.yml", "sites.xml"))
TRANSFORMATIONS = CatalogFile(
    "pegasus.catalog.transformation.file", ("transformations.yml", "tc.txt", "tc.data")
)
REPLICAS = CatalogFile("pegasus.catalog.replica.file", ("replicas.yml", "rc.txt", "rc.data"))
PROPERTIES = "pegasus.properties"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person asked for; None where they left the choice to us."""

    workflow: Path
    site_catalog: Path | None = None
    transformation_catalog: Path | None = None
    replica_catalog: Path | None = None
    properties_file: Path | None = None
    definitions: Mapping[str, str] = field(default_factory=dict)
    execution_sites: tuple[str, ...] = ("local",)
    output_sites: tuple[str, ...] = ("local",)
    output_directory: Path | None = None
    directory: Path | None = None
    options: PlanOptions = field(default_factory=PlanOptions)


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan that was kept: where, and what it came to."""

    directory: Path
    manifest: Manifest
    plan: Plan


@collector_paused()
def make_plan(house: House, wanted: Wanted, reuse: ReuseIndex | None) -> Planned:
    """Plan a workflow, write its plan directory and append its planning events.

    Raises InputError for input no plan can be made of; the directory is then absent, and where the workflow
    could be read, the log has a PlanFailed.
    """
    identity = RunIdentity(
        run=str(uuid.uuid4()),
        planned=now(),
        user=house.settings["actor"],
        namespace=house.settings["namespace"],
    )
    request = _read_request(house, wanted, identity)
    directory = _choose(house, wanted, request)
    request = replace(request, relative_directory=_relative_directory(directory, request))
    try:
        plan = plan_workflow(request, reuse=reuse)
        manifest = _keep(house, plan, directory)
    except HoofprintError as error:
        _drop_empty(directory)
        _say_failed(house, request, directory, error)
        raise
    except BaseException:
        _drop_empty(directory)
        raise
    return Planned(directory, manifest, plan)


def _read_request(house: House, wanted: Wanted, identity: RunIdentity) -> PlanRequest:
    properties = _properties(wanted)
    sites = _catalog(wanted, wanted.site_catalog, SITES, properties)
    transformations = _catalog(wanted, wanted.transformation_catalog, TRANSFORMATIONS, properties)
    replicas = _catalog(wanted, wanted.replica_catalog, REPLICAS, properties)
    environment = os.environ
    return PlanRequest(
        workflow=read_workflow(wanted.workflow),
        identity=identity,
        base_directory=str(house.settings.plans.absolute()),
        relative_directory="",
        sites=read_site_catalog(sites, environment) if sites else SiteCatalog(),
        transformations=(
            read_transformation_catalog(transformations, environment)
            if transformations
            else TransformationCatalog()
        ),
        replicas=read_replica_catalog(replicas, environment) if replicas else ReplicaCatalog(),
        properties=properties,
        execution_sites=wanted.execution_sites,
        output_sites=wanted.output_sites,
        output_directory=str(wanted.output_directory.absolute()) if wanted.output_directory else None,
        options=wanted.options,
        source_files=_copies(wanted.workflow, sites, transformations, replicas),
    )


def _properties(wanted: Wanted) -> Mapping[str, str]:
    file = wanted.properties_file
    if file is None and Path(PROPERTIES).is_file():
        file = Path(PROPERTIES)
    found = dict(read_properties(file)) if file else {}
    found.update(wanted.definitions)
    return found


def _catalog(
    wanted: Wanted, given: Path | None, kind: CatalogFile, properties: Mapping[str, str]
) -> Path | None:
    """The catalog's file: as given, as a property says, or by its usual name here or beside the workflow."""
    if given is not None:
        return given
    if kind.property in properties:
        return Path(properties[kind.property])
    folders = (Path(), wanted.workflow.parent)
    usual = (folder / name for folder in folders for name in kind.names)
    return next((path for path in usual if path.is_file()), None)


def _copies(*files: Path | None) -> Mapping[str, str]:
    copies: dict[str, str] = {}
    for file in files:
        if file is not None:
            name = file.name
            while name in copies:
                name = f"_{name}"
            copies[name] = str(file.absolute())
    return copies


def _choose(house: House, wanted: Wanted, request: PlanRequest) -> Path:
    if wanted.directory is None:
        return choose_directory(house.settings.plans.absolute(), request.identity.user, request.workflow.name)
    directory = wanted.directory.absolute()
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise InputError(f"{directory}: exists and is not an empty folder; name another with --dir")
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _relative_directory(directory: Path, request: PlanRequest) -> str:
    """The run's folder below each scratch; unique, since plan folders in two places share their numbers."""
    identity = request.identity
    return f"{identity.user}/hoofprint/{request.workflow.name}/{directory.name}-{identity.run[:8]}"


def _keep(house: House, plan: Plan, directory: Path) -> Manifest:
    """Say everything, write the directory, and only then say that the plan is complete."""
    request = plan.request
    observer, time = house.observer(request.identity.root_run), request.identity.planned
    last: list[WorkflowPlanned] = []
    events = planning_events(plan, observer, time, _context(directory))
    _append(house.log, _all_but_last(events, last))
    manifest = write_plan(plan, directory)
    complete = replace(last[0], plan_digest=manifest.plan_digest)
    house.log.append([observer.event(complete, time)])
    return manifest


def _context(directory: Path) -> PlanningContext:
    return PlanningContext(
        directory=str(directory),
        argv=tuple(sys.argv),
        host=socket.gethostname(),
        planner_version=version("hoofprint"),
    )


def _all_but_last(events: Iterator[Event], last: list[WorkflowPlanned]) -> Iterator[Event]:
    for event in events:
        if isinstance(event.fact, WorkflowPlanned):
            last.append(event.fact)
        else:
            yield event


def _append(log: EventLog, events: Iterator[Event]) -> None:
    waiting: list[Event] = []
    for event in events:
        waiting.append(event)
        if len(waiting) == _EVENTS_AT_ONCE:
            log.append(waiting)
            waiting = []
    if waiting:
        log.append(waiting)


def _say_failed(house: House, request: PlanRequest, directory: Path, error: HoofprintError) -> None:
    observer = house.observer(request.identity.root_run)
    house.log.append(list(failure_events(request, str(error), observer, now(), _context(directory))))


def _drop_empty(directory: Path) -> None:
    try:
        directory.rmdir()
    except OSError:
        # there is something in it, and so it is not ours to remove
        return
