"""Site catalogs in YAML 5, on their own or inside a workflow."""

from planner.catalogs import Directory, FileServer, Grid, Site, SiteCatalog
from planner.formats.fields import Fields, Shape
from planner.formats.profiles import read_profiles

SITE_CATALOG = Shape("", keys=frozenset({"pegasus", "sites"}), required=("pegasus", "sites"))
INLINE_SITE_CATALOG = Shape("siteCatalog", keys=frozenset({"pegasus", "sites", "$ref"}))
DIRECTORY_KINDS = {kind: kind for kind in ("sharedScratch", "sharedStorage", "localScratch", "localStorage")}
FILE_OPERATIONS = {operation: operation for operation in ("all", "get", "put")}
_SITE = Shape(
    "site",
    naming="name",
    keys=frozenset(
        {
            *("name", "arch", "os.type", "os.release", "os.version", "glibc"),
            *("directories", "grids", "profiles"),
        }
    ),
    required=("name",),
)
_DIRECTORY = Shape(
    "directory",
    naming="path",
    keys=frozenset({"type", "path", "sharedFileSystem", "freeSize", "totalSize", "fileServers"}),
    required=("type", "path", "fileServers"),
)
_FILE_SERVER = Shape(
    "file server", naming="url", keys=frozenset({"url", "operation", "profiles"}), required=("url",)
)
_GRID_RESOURCES = frozenset(
    {
        *("freeMem", "totalMem", "maxCount", "maxCPUTime"),
        *("runningJobs", "jobsInQueue", "idleNodes", "totalNodes"),
    }
)
_GRID = Shape(
    "grid",
    naming="contact",
    keys=frozenset({"type", "contact", "scheduler", "jobtype"}) | _GRID_RESOURCES,
    required=("type", "contact"),
)


def read_sites(root: Fields, source: str) -> SiteCatalog:
    """Return the catalog that the mapping holds; a site given twice is a problem."""
    sites: dict[str, Site] = {}
    for item in root.children("sites", _SITE):
        site = _site(item)
        if site.name in sites:
            item.problem("name", "this site is given twice")
        elif site.name:
            sites[site.name] = site
    return SiteCatalog(sites, source)


def _site(item: Fields) -> Site:
    return Site(
        name=item.text("name"),
        directories=tuple(_directory(entry) for entry in item.children("directories", _DIRECTORY)),
        grids=tuple(_grid(entry) for entry in item.children("grids", _GRID)),
        arch=item.text("arch"),
        os=item.text("os.type"),
        profiles=read_profiles(item),
        os_release=item.text("os.release"),
        os_version=item.text("os.version"),
        glibc=item.text("glibc"),
    )


def _directory(item: Fields) -> Directory:
    servers = tuple(
        FileServer(
            server.text("url"), server.choice("operation", FILE_OPERATIONS, "all"), read_profiles(server)
        )
        for server in item.children("fileServers", _FILE_SERVER)
    )
    if not servers and item.values.get("fileServers") is not None:
        item.problem("fileServers", '"fileServers" is empty; at least one is wanted')
    return Directory(
        kind=item.choice("type", DIRECTORY_KINDS, "sharedScratch"),
        path=item.text("path"),
        file_servers=servers,
        shared_file_system=item.boolean("sharedFileSystem", False),
        free_size=item.text("freeSize"),
        total_size=item.text("totalSize"),
    )


def _grid(item: Fields) -> Grid:
    resources = sorted(_GRID_RESOURCES & item.values.keys())
    return Grid(
        kind=item.text("type"),
        contact=item.text("contact"),
        scheduler=item.text("scheduler"),
        job_type=item.text("jobtype"),
        attributes={name: item.text(name) for name in resources},
    )
