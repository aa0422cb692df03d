"""Where things lie: work directories, storage, and the URLs by which they are reached."""

from eventlog.errors import InputError
from planner.catalogs import Directory
from planner.draft import Draft

FILE_URL = "file://"
STORAGE = ("localStorage", "sharedStorage")
SCRATCH = ("sharedScratch", "localScratch")


def as_url(pfn: str) -> str:
    """A PFN as URL: a bare absolute path becomes a file URL; everything else stays as it is."""
    return FILE_URL + pfn if pfn.startswith("/") else pfn


def path_of(pfn: str) -> str:
    """The path of a file URL (its host, if any, left out); any other PFN as it is."""
    if not pfn.startswith(FILE_URL):
        return pfn
    rest = pfn.removeprefix(FILE_URL)
    return rest if rest.startswith("/") else rest[rest.find("/") :]


def work_directory(draft: Draft, site: str) -> str:
    """The absolute directory on a site in which the run's jobs work."""
    scratch = _directory(draft, site, SCRATCH)
    return f"{scratch.path.rstrip('/')}/{draft.request.relative_directory}"


def work_url(draft: Draft, site: str, operation: str) -> str:
    """The URL of the work directory for get or put."""
    scratch = _directory(draft, site, SCRATCH)
    return f"{_url(scratch, operation)}/{draft.request.relative_directory}"


def storage_url(draft: Draft, site: str) -> str:
    """The URL below which an output site keeps files; the request's own output directory comes first."""
    if draft.request.output_directory is not None:
        return FILE_URL + draft.request.output_directory.rstrip("/")
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
    return (directory.url(operation) or FILE_URL + directory.path).rstrip("/")
