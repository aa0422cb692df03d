"""Transformation catalogs in YAML 5, on their own or inside a workflow."""

from planner.catalogs import Container, Executable, Transformation, TransformationCatalog, TransformationEntry
from planner.formats.fields import Fields, Shape
from planner.formats.profiles import parse_transformation, read_hooks, read_profiles
from planner.formats.transformation_entries import TransformationEntries
from planner.formats.yaml_replicas import read_checksum

TRANSFORMATION_CATALOG = Shape(
    "",
    keys=frozenset({"pegasus", "transformations", "containers"}),
    required=("pegasus", "transformations"),
)
INLINE_TRANSFORMATION_CATALOG = Shape(
    "transformationCatalog", keys=frozenset({"pegasus", "transformations", "containers", "$ref"})
)
EXECUTABLE_KINDS = {kind: kind for kind in ("installed", "stageable")}
CONTAINER_KINDS = {kind: kind for kind in ("docker", "singularity", "shifter")}
_TRANSFORMATION = Shape(
    "transformation",
    naming="name",
    keys=frozenset(
        {
            *("namespace", "name", "version", "requires", "sites", "checksum"),
            *("profiles", "hooks", "metadata"),
        }
    ),
    required=("name", "sites"),
)
_EXECUTABLE = Shape(
    "site",
    naming="name",
    keys=frozenset(
        {
            *("name", "type", "pfn", "arch", "os.type", "os.release", "os.version", "glibc"),
            *("container", "bypass", "profiles", "metadata"),
        }
    ),
    required=("name", "type", "pfn"),
)
_CONTAINER = Shape(
    "container",
    naming="name",
    keys=frozenset(
        {
            *("name", "type", "image", "image.site", "mounts", "bypass", "checksum"),
            *("profiles", "metadata"),
        }
    ),
    required=("name", "type", "image"),
)


def read_transformations(root: Fields, source: str) -> TransformationCatalog:
    """Return the catalog that the mapping holds; executables of a transformation given twice are merged."""
    entries = TransformationEntries()
    for item in root.children("transformations", _TRANSFORMATION):
        entries.add(_transformation(item))
    for item in root.children("containers", _CONTAINER):
        if not entries.add_container(_container(item)):
            item.problem("name", "this container is given twice")
    return entries.catalog(source)


def _transformation(item: Fields) -> TransformationEntry:
    executables = tuple(_executable(site) for site in item.children("sites", _EXECUTABLE))
    if not executables and item.values.get("sites") is not None:
        item.problem("sites", '"sites" is empty; at least one site with a pfn is wanted')
    return TransformationEntry(
        Transformation(item.text("name"), item.text("namespace"), item.text("version")),
        executables,
        requires=tuple(parse_transformation(name) for name in item.texts("requires")),
        sha256=read_checksum(item),
        profiles=read_profiles(item),
        metadata=item.pairs("metadata"),
        hooks=read_hooks(item),
    )


def _executable(item: Fields) -> Executable:
    return Executable(
        site=item.text("name"),
        pfn=item.text("pfn"),
        kind=item.choice("type", EXECUTABLE_KINDS, "installed"),
        arch=item.text("arch"),
        os=item.text("os.type"),
        os_release=item.text("os.release"),
        os_version=item.text("os.version"),
        container=item.optional_text("container"),
        bypass=item.boolean("bypass", False),
        profiles=read_profiles(item),
        metadata=item.pairs("metadata"),
    )


def _container(item: Fields) -> Container:
    return Container(
        name=item.text("name"),
        kind=item.choice("type", CONTAINER_KINDS, "docker"),
        image=item.text("image"),
        image_site=item.text("image.site"),
        mounts=item.texts("mounts"),
        sha256=read_checksum(item),
        bypass=item.boolean("bypass", False),
        profiles=read_profiles(item),
    )
