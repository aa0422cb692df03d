"""Site catalogs in XML: version 4 with directories, version 3 with file systems of head and worker nodes.

Source: the schemas sc-3.0.xsd and sc-4.0.xsd to sc-4.2.xsd. A lone ``<site>`` is a catalog of one site.
"""

from collections.abc import Iterator, Mapping, Sequence

from eventlog.errors import InputError
from planner.catalogs import Directory, FileServer, Grid, Site, SiteCatalog
from planner.formats.problems import Problems
from planner.formats.source import Source
from planner.formats.variables import expand_text
from planner.formats.xml_document import Element, ElementShape, check_element, parse_elements
from planner.formats.xml_profiles import METADATA, PROFILE, read_profiles

_DIRECTORY_KINDS = {
    "shared-scratch": "sharedScratch",
    "shared-storage": "sharedStorage",
    "local-scratch": "localScratch",
    "local-storage": "localStorage",
}
_OPERATIONS = frozenset({"all", "get", "put"})
# What Pegasus 5 calls the resources of a grid.
_GRID_ATTRIBUTES = {
    "free-mem": "freeMem",
    "total-mem": "totalMem",
    "max-count": "maxCount",
    "max-cpu-time": "maxCPUTime",
    "running-jobs": "runningJobs",
    "jobs-in-queue": "jobsInQueue",
    "idle-nodes": "idleNodes",
    "total-nodes": "totalNodes",
}
_SYSTEM = frozenset({"arch", "os", "osrelease", "osversion", "glibc"})
_SITE_PARTS = frozenset(
    {"grid", "directory", "replica-catalog", "profile", "metadata", "head-fs", "worker-fs"}
)
_STORAGE = ElementShape(children=frozenset({"local", "shared", "wshared"}))
_FILE_SYSTEM = ElementShape(children=frozenset({"scratch", "storage", "profile"}))
_LAYOUT = ElementShape(children=frozenset({"file-server", "internal-mount-point"}))
_SHAPES: Mapping[str, ElementShape] = {
    "sitecatalog": ElementShape(frozenset({"version"}), children=frozenset({"site"})),
    "site": ElementShape(_SYSTEM | {"handle"}, ("handle",), _SITE_PARTS),
    "grid": ElementShape(
        _SYSTEM | {"type", "contact", "scheduler", "jobtype"} | _GRID_ATTRIBUTES.keys(), ("type", "contact")
    ),
    "directory": ElementShape(
        frozenset({"type", "path", "free-size", "total-size", "shared-file-system"}),
        ("type", "path"),
        frozenset({"file-server", "profile"}),
    ),
    "file-server": ElementShape(
        frozenset({"url", "operation", "protocol", "mount-point"}), ("url",), frozenset({"profile"})
    ),
    "internal-mount-point": ElementShape(
        frozenset({"mount-point", "free-size", "total-size"}), ("mount-point",)
    ),
    "replica-catalog": ElementShape(frozenset({"type", "url"}), children=frozenset({"alias", "connection"})),
    "alias": ElementShape(frozenset({"name"})),
    "connection": ElementShape(frozenset({"key"})),
    "head-fs": _FILE_SYSTEM,
    "worker-fs": _FILE_SYSTEM,
    "scratch": _STORAGE,
    "storage": _STORAGE,
    "local": _LAYOUT,
    "shared": _LAYOUT,
    "wshared": _LAYOUT,
    "profile": PROFILE,
    "metadata": METADATA,
    "filename": ElementShape(frozenset({"file"})),
}


def read_xml_sites(source: Source, environment: Mapping[str, str]) -> SiteCatalog:
    """Return the catalog; ``${NAME}`` comes from ``environment``. Raises InputError with all problems."""
    problems = Problems(source.name)
    root = _read_root(source)
    expanded = _expand(root, environment, problems)
    problems.raise_any()
    check_element(expanded, _SHAPES, problems)
    sites: dict[str, Site] = {}
    for element in [expanded] if expanded.tag == "site" else expanded.all("site"):
        site = _site(element, problems)
        if site.name in sites:
            problems.add(element.line, f"site {site.name}: this site is given twice")
        sites[site.name] = site
    if not sites:
        problems.add(root.line, "there is no site; at least one is wanted")
    problems.raise_any()
    return SiteCatalog(sites, source.name)


def _read_root(source: Source) -> Element:
    elements = parse_elements(source)
    root = next(elements)
    if root.tag not in ("sitecatalog", "site"):
        raise InputError(
            f"{source.name}:{root.line}: <{root.tag}> is no site catalog; <sitecatalog> is wanted"
        )
    root.content.extend(elements)
    return root


def _expand(element: Element, environment: Mapping[str, str], problems: Problems) -> Element:
    def expand(text: str) -> str:
        return expand_text(text, environment, lambda reason: problems.add(element.line, reason))

    return Element(
        element.tag,
        {name: expand(value) for name, value in element.attributes.items()},
        element.line,
        [
            expand(part) if isinstance(part, str) else _expand(part, environment, problems)
            for part in element.content
        ],
    )


def _site(element: Element, problems: Problems) -> Site:
    label = f"site {element.get('handle')}: "
    return Site(
        name=element.get("handle"),
        directories=(
            *(_directory(child, problems, label) for child in element.all("directory")),
            *_version_3_directories(element, problems, label),
        ),
        grids=tuple(_grid(child) for child in element.all("grid")),
        arch=element.get("arch"),
        os=element.get("os").lower(),
        profiles=read_profiles(element, problems, label),
        os_release=element.get("osrelease"),
        os_version=element.get("osversion"),
        glibc=element.get("glibc"),
    )


def _grid(element: Element) -> Grid:
    return Grid(
        kind=element.get("type"),
        contact=element.get("contact"),
        scheduler=element.get("scheduler").lower(),
        job_type=element.get("jobtype"),
        attributes={
            name: element.get(written) for written, name in _GRID_ATTRIBUTES.items() if element.get(written)
        },
    )


def _directory(element: Element, problems: Problems, label: str) -> Directory:
    written = element.get("type")
    kind = _DIRECTORY_KINDS.get(written)
    if kind is None and written:
        hint = problems.hint(written, _DIRECTORY_KINDS)
        problems.add(element.line, f'{label}directory "type" is "{written}"{hint}')
    servers = tuple(_file_server(server, problems, label) for server in element.all("file-server"))
    if not servers:
        problems.add(element.line, f"{label}directory {element.get('path')} has no <file-server>")
    return Directory(
        kind=kind or "sharedScratch",
        path=element.get("path"),
        file_servers=servers,
        shared_file_system=element.get("shared-file-system").lower() == "true",
        free_size=element.get("free-size"),
        total_size=element.get("total-size"),
    )


def _file_server(element: Element, problems: Problems, label: str) -> FileServer:
    operation = element.get("operation") or "all"
    if operation not in _OPERATIONS:
        hint = problems.hint(operation, _OPERATIONS)
        problems.add(element.line, f'{label}file server "operation" is "{operation}"{hint}')
    url = element.get("url") + element.get("mount-point")
    return FileServer(url, operation, read_profiles(element, problems, label))


def _version_3_directories(site: Element, problems: Problems, label: str) -> Iterator[Directory]:
    """Yield the directories of the head node; those of worker nodes are of no use from outside."""
    for head in site.all("head-fs"):
        for use, layout in _layouts(head):
            servers = tuple(_file_server(server, problems, label) for server in layout.all("file-server"))
            mount = layout.first("internal-mount-point") or layout.first("file-server")
            if mount is None or not servers:
                problems.add(layout.line, f"{label}<{layout.tag}> has no <file-server>")
                continue
            yield Directory(
                kind=f"{layout.tag}{use.capitalize()}",
                path=mount.get("mount-point"),
                file_servers=servers,
                free_size=mount.get("free-size"),
                total_size=mount.get("total-size"),
            )


def _layouts(head: Element) -> Sequence[tuple[str, Element]]:
    return [
        (storage.tag, layout)
        for storage in head.children
        if storage.tag in ("scratch", "storage")
        for layout in storage.children
        if layout.tag in ("shared", "local")
    ]
