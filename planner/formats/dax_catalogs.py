"""The catalogs inside a DAX: files are replicas, executables and transformations have their own."""

from planner.catalogs import (
    NO_METADATA,
    Executable,
    InlineCatalogs,
    Replica,
    ReplicaEntry,
    Transformation,
    TransformationEntry,
)
from planner.formats.problems import Problems
from planner.formats.profiles import merge_profiles
from planner.formats.replica_entries import ReplicaEntries
from planner.formats.sizes import parse_size
from planner.formats.transformation_entries import TransformationEntries
from planner.formats.xml_document import Element, read_boolean
from planner.formats.xml_profiles import read_hooks, read_metadata, read_profiles

# The schema's default for a pfn that names no site.
_DEFAULT_SITE = "local"


class DaxCatalogs:
    """Gathers what the document says of files and executables."""

    def __init__(self, file: str, problems: Problems) -> None:
        self._file = file
        self._problems = problems
        self._replicas = ReplicaEntries()
        self._transformations = TransformationEntries()
        self._has_replicas = False
        self._has_transformations = False

    def add_file(self, element: Element, lfn: str) -> None:
        """Add a file's replicas; one without pfn and metadata says nothing."""
        replicas = tuple(
            Replica(pfn.get("url"), pfn.get("site", _DEFAULT_SITE))
            for pfn in element.all("pfn")
            if pfn.get("url")
        )
        metadata = read_metadata(element)
        if replicas or metadata:
            self._has_replicas = True
            self._replicas.add(
                ReplicaEntry(
                    lfn,
                    replicas,
                    size=parse_size(metadata.get("size", "")),
                    metadata=metadata or NO_METADATA,
                )
            )

    def add_executable(self, element: Element) -> None:
        """Add an executable with one entry for each of its pfns."""
        transformation = read_identity(element)
        label = f"executable {transformation}: "
        installed = read_boolean(element, "installed", True, self._problems, label)
        profiles = read_profiles(element, self._problems, label)
        executables = tuple(
            Executable(
                site=pfn.get("site", _DEFAULT_SITE),
                pfn=pfn.get("url"),
                kind="installed" if installed else "stageable",
                arch=element.get("arch"),
                os=element.get("os").lower(),
                os_release=element.get("osrelease"),
                os_version=element.get("osversion"),
                profiles=merge_profiles((profiles, read_profiles(pfn, self._problems, label))),
                metadata=read_metadata(element) or NO_METADATA,
            )
            for pfn in element.all("pfn")
        )
        self._add(TransformationEntry(transformation, executables, hooks=read_hooks(element)))

    def add_transformation(self, element: Element) -> None:
        """Add what a compound transformation requires."""
        label = f"transformation {read_identity(element)}: "
        uses = [
            (use, read_boolean(use, "executable", True, self._problems, label)) for use in element.all("uses")
        ]
        self._add(
            TransformationEntry(
                read_identity(element),
                (),
                requires=tuple(read_identity(use) for use, executable in uses if executable),
                requires_files=tuple(use.get("name") for use, executable in uses if not executable),
                metadata=read_metadata(element) or NO_METADATA,
                hooks=read_hooks(element),
            )
        )

    def _add(self, entry: TransformationEntry) -> None:
        self._has_transformations = True
        self._transformations.add(entry)

    def catalogs(self) -> InlineCatalogs | None:
        """Return the catalogs, None when the document has none."""
        if not self._has_replicas and not self._has_transformations:
            return None
        return InlineCatalogs(
            transformations=self._transformations.catalog(self._file) if self._has_transformations else None,
            replicas=self._replicas.catalog(self._file) if self._has_replicas else None,
        )


def read_identity(element: Element) -> Transformation:
    """Return the transformation that an element's name, namespace and version name."""
    return Transformation(element.get("name"), element.get("namespace"), element.get("version"))
