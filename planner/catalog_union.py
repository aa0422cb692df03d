"""One view of all catalogs: those inside the workflow, those given beside it, and the usual sites."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from planner.catalogs import (
    Container,
    Directory,
    FileServer,
    ReplicaCatalog,
    Site,
    Transformation,
    TransformationCatalog,
    TransformationEntry,
)
from planner.request import PlanRequest
from planner.urls import file_url

LOCAL = "local"
CONDOR_POOL = "condorpool"


@dataclass(frozen=True, slots=True)
class Catalogs:
    """Everything that is known; ``replicas`` in order of precedence."""

    sites: Mapping[str, Site]
    transformations: Mapping[Transformation, TransformationEntry]
    containers: Mapping[str, Container]
    replicas: Sequence[ReplicaCatalog]
    transformation_source: str


def join_catalogs(request: PlanRequest) -> Catalogs:
    """Join inline and given catalogs, the inline ones being the stronger, and add the usual sites."""
    inline = request.workflow.catalogs
    sites = dict(request.sites.sites)
    programs = request.transformations
    replicas = [request.replicas]
    if inline is not None:
        sites.update(inline.sites.sites if inline.sites else {})
        programs = _joined(programs, inline.transformations)
        replicas = [inline.replicas, *replicas] if inline.replicas else replicas
    sites.setdefault(LOCAL, local_site(request.base_directory))
    sites.setdefault(CONDOR_POOL, Site(CONDOR_POOL, profiles={"pegasus": {"style": "condor"}}))
    return Catalogs(sites, programs.entries, programs.containers, replicas, programs.source)


def local_site(base_directory: str) -> Site:
    """The site ``local`` where no catalog describes it: scratch and outputs below a base."""
    base = base_directory.rstrip("/")
    scratch, storage = f"{base}/scratch", f"{base}/outputs"
    return Site(
        LOCAL,
        directories=(
            Directory("sharedScratch", scratch, (FileServer(file_url(scratch)),)),
            Directory("localStorage", storage, (FileServer(file_url(storage)),)),
        ),
    )


def nearest_names(name: str, known: Iterable[str]) -> str:
    """The names that resemble one, as the end of a message; empty when none does."""
    close = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(close)}?)" if close else ""


def _joined(given: TransformationCatalog, inline: TransformationCatalog | None) -> TransformationCatalog:
    if inline is None:
        return given
    sources = [source for source in (inline.source, given.source) if source]
    return TransformationCatalog(
        {**given.entries, **inline.entries},
        {**given.containers, **inline.containers},
        " and ".join(dict.fromkeys(sources)),
    )
