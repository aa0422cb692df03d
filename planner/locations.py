"""Where a run works and where its outputs are kept: directories, and the URLs by which they are reached."""

from eventlog.errors import InputError
from planner.catalogs import Directory
from planner.draft import Draft
from planner.urls import as_url, file_url, path_of, url_below

STORAGE = ("localStorage", "sharedStorage")
SCRATCH = ("sharedScratch", "localScratch")


def work_directory(draft: Draft, site: str) -> str:
    """The absolute directory on a site in which the run's jobs work."""
    scratch = _directory(draft, site, SCRATCH)
    return f"{path_of(scratch.path).rstrip('/')}/{draft.request.relative_directory}"


def work_url(draft: Draft, site: str, operation: str) -> str:
    """The URL of the work directory for get or put."""
    scratch = _directory(draft, site, SCRATCH)
    return url_below(_url(scratch, operation), draft.request.relative_directory)


def storage_url(draft: Draft, site: str) -> str:
    """The URL below which an output site keeps files; the request's own output directory comes first."""
    if draft.request.output_directory is not None:
        return file_url(draft.request.output_directory.rstrip("/"))
    return _url(_directory(draft, site, STORAGE), "put")


def _directory(draft: Draft, site: str, kinds: tuple[str, ...]) -> Directory:
    directory = draft.site(site).directory(*kinds)
    if directory is None:
        raise InputError(
            f"site {site!r} has no directory of type {' or '.join(kinds)}; add one to its entry in the site "
            "catalog"
        )
    return directory


def _url(directory: Directory, operation: str) -> str:
    return as_url(directory.url(operation) or directory.path).rstrip("/")
