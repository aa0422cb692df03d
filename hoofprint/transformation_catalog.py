"""The transformation catalog: which executables there are, and where."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Self

from hoofprint.containers import Container
from hoofprint.errors import DuplicateError, WorkflowError, WrongTypeError
from hoofprint.hooks import Hooked, hooks_node
from hoofprint.metadata import Described
from hoofprint.names import check_text, check_version
from hoofprint.platforms import OS, Arch, platform_node
from hoofprint.profiles import profiles_node
from hoofprint.replica_catalog import check_checksum, check_pfn
from hoofprint.written import Catalog
from hoofprint.yaml_text import Node


class TransformationSite(Described):
    """Where a transformation lies on one site.

    `is_stageable`: the file may be copied to where jobs run; otherwise it is installed there.
    `bypass_staging`: fetch a stageable file straight from where it lies.
    """

    __slots__ = ("_platform", "bypass_staging", "container", "is_stageable", "name", "pfn")

    def __init__(
        self,
        name: str,
        pfn: str | Path,
        is_stageable: bool = False,
        bypass_staging: bool = False,
        arch: Arch | None = None,
        os_type: OS | None = None,
        os_release: str | None = None,
        os_version: str | None = None,
        container: Container | str | None = None,
    ) -> None:
        super().__init__()
        self.name = check_text(name, "transformation's site")
        self.pfn = check_pfn(pfn, f"transformation's PFN on site {name!r}")
        if bypass_staging and not is_stageable:
            raise WorkflowError(f"{self.pfn!r} on site {name!r}: bypass_staging asks for is_stageable=True")
        self.is_stageable = is_stageable
        self.bypass_staging = bypass_staging
        self._platform = platform_node(
            f"{self.pfn!r} on site {name!r}", arch, os_type, os_release, os_version
        )
        self.container = _container_name(container)

    def node(self) -> dict[str, Node]:
        """Return the site as the catalog has it."""
        node: dict[str, Node] = {"name": self.name, "pfn": self.pfn}
        node["type"] = "stageable" if self.is_stageable else "installed"
        if self.bypass_staging:
            node["bypass"] = True
        node.update(self._platform)
        if self.container is not None:
            node["container"] = self.container
        if self.profiles:
            node["profiles"] = profiles_node(self.profiles)
        if self.metadata:
            node["metadata"] = self.metadata
        return node


def _container_name(container: object) -> str | None:
    if container is None or isinstance(container, str):
        return container
    if isinstance(container, Container):
        return container.name
    raise WrongTypeError("container of a transformation", container, "a Container or its name")


class Transformation(Hooked):
    """An executable, by name, namespace and version, with the sites it lies on.

    With `site` and `pfn` the first site is added at once, and the arguments after them describe it.
    `checksum`: {"sha256": …} of a stageable file.
    """

    __slots__ = ("checksum", "name", "namespace", "requires", "sites", "version")

    def __init__(
        self,
        name: str,
        namespace: str | None = None,
        version: str | None = None,
        site: str | None = None,
        pfn: str | Path | None = None,
        is_stageable: bool = False,
        bypass_staging: bool = False,
        arch: Arch | None = None,
        os_type: OS | None = None,
        os_release: str | None = None,
        os_version: str | None = None,
        container: Container | str | None = None,
        checksum: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.name = _check_part(name, "name")
        self.namespace = None if namespace is None else _check_part(namespace, "namespace")
        self.version = None if version is None else check_version(version, f"transformation {name!r}")
        self.checksum = check_checksum(checksum, f"transformation {name!r}")
        self.requires: list[str] = []
        self.sites: dict[str, TransformationSite] = {}
        if (site is None) != (pfn is None):
            raise WorkflowError(
                f"transformation {name!r}: site ({site!r}) and pfn ({pfn!r}) are given together"
            )
        if site is not None and pfn is not None:
            self.add_sites(
                TransformationSite(
                    site, pfn, is_stageable, bypass_staging, arch, os_type, os_release, os_version, container
                )
            )

    @property
    def full_name(self) -> str:
        """`namespace::name:version`, without the parts that are not given."""
        return _full_name(self.namespace, self.name, self.version)

    def add_sites(self, *transformation_sites: TransformationSite) -> Self:
        """Add sites that have the executable, each once."""
        for site in transformation_sites:
            if not isinstance(site, TransformationSite):
                raise WrongTypeError(f"site of transformation {self.full_name}", site, "a TransformationSite")
            if site.name in self.sites:
                raise DuplicateError(f"transformation {self.full_name} is already on site {site.name!r}")
            self.sites[site.name] = site
        return self

    def add_site(
        self,
        name: str,
        pfn: str | Path,
        is_stageable: bool = False,
        bypass_staging: bool = False,
        arch: Arch | None = None,
        os_type: OS | None = None,
        os_release: str | None = None,
        os_version: str | None = None,
        container: Container | str | None = None,
    ) -> Self:
        """Add one site that has the executable; the arguments are those of TransformationSite."""
        return self.add_sites(
            TransformationSite(
                name, pfn, is_stageable, bypass_staging, arch, os_type, os_release, os_version, container
            )
        )

    def add_requirement(
        self,
        required_transformation: str | Transformation,
        namespace: str | None = None,
        version: str | None = None,
    ) -> Self:
        """Name another transformation that this one calls; its executable goes wherever this one runs."""
        if isinstance(required_transformation, Transformation):
            required = required_transformation.full_name
        else:
            required = Transformation(required_transformation, namespace, version).full_name
        if required in self.requires:
            raise DuplicateError(f"transformation {self.full_name} already requires {required}")
        self.requires.append(required)
        return self

    def node(self) -> dict[str, Node]:
        """Return the transformation as the catalog has it. Raises WorkflowError if it is on no site."""
        if not self.sites:
            raise WorkflowError(f"transformation {self.full_name} is on no site; add one with add_sites")
        node: dict[str, Node] = {} if self.namespace is None else {"namespace": self.namespace}
        node["name"] = self.name
        if self.version is not None:
            node["version"] = self.version
        if self.requires:
            node["requires"] = list(self.requires)
        node["sites"] = [site.node() for site in self.sites.values()]
        if self.profiles:
            node["profiles"] = profiles_node(self.profiles)
        if self.hooks:
            node["hooks"] = hooks_node(self.hooks)
        if self.metadata:
            node["metadata"] = self.metadata
        if self.checksum:
            node["checksum"] = dict(self.checksum)
        return node

    def __repr__(self) -> str:
        return f"Transformation({self.full_name})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Transformation) and self.full_name == other.full_name

    def __hash__(self) -> int:
        return hash(self.full_name)


def _check_part(text: object, part: str) -> str:
    checked = check_text(text, f"transformation's {part}")
    if ":" in checked:
        raise WorkflowError(
            f"transformation's {part} {text!r} holds ':', which joins namespace, name and version"
        )
    return checked


def _full_name(namespace: str | None, name: str, version: str | None) -> str:
    head = f"{namespace}::{name}" if namespace else name
    return f"{head}:{version}" if version else head


class TransformationCatalog(Catalog):
    """The executables that workflows call, and the containers they run in."""

    _DEFAULT_FILENAME: ClassVar[str] = "transformations.yml"

    def __init__(self) -> None:
        self.transformations: dict[str, Transformation] = {}
        self.containers: dict[str, Container] = {}

    def add_transformations(self, *transformations: Transformation) -> Self:
        """Add transformations, each once by namespace, name and version."""
        for transformation in transformations:
            if not isinstance(transformation, Transformation):
                raise WrongTypeError("transformation catalog", transformation, "a Transformation")
            name = transformation.full_name
            if name in self.transformations:
                raise DuplicateError(
                    f"transformation {name} is already in this catalog; give its sites to that one"
                )
            self.transformations[name] = transformation
        return self

    def add_containers(self, *containers: Container) -> Self:
        """Add containers, each once by name."""
        for container in containers:
            if not isinstance(container, Container):
                raise WrongTypeError("transformation catalog", container, "a Container")
            if container.name in self.containers:
                raise DuplicateError(f"container {container.name!r} is already in this catalog")
            self.containers[container.name] = container
        return self

    def node(self) -> dict[str, Node]:
        """Return the content as a workflow file takes it in. Raises WorkflowError if there is none."""
        if not self.transformations:
            raise WorkflowError("the transformation catalog is empty; add one with add_transformations")
        node: dict[str, Node] = {"transformations": [entry.node() for entry in self.transformations.values()]}
        if self.containers:
            node["containers"] = [container.node() for container in self.containers.values()]
        return node
