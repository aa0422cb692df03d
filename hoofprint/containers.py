"""Containers that transformations run in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final

from hoofprint.errors import WrongTypeError
from hoofprint.names import check_text
from hoofprint.profiles import Profiled, profiles_node
from hoofprint.replica_catalog import check_checksum
from hoofprint.yaml_text import Node


class ContainerType(Enum):
    """What runs a container."""

    DOCKER = "docker"
    SINGULARITY = "singularity"
    SHIFTER = "shifter"


class Container(Profiled):
    """A container image and how it is started.

    `image`: a URL such as `docker:///group/tool:1.2`. `mounts`: `source:destination:options`. `checksum`:
    the sha256 of the image file. `bypass_staging`: fetch the image straight from where it lies.
    """

    __slots__ = ("bypass_staging", "checksum", "container_type", "image", "image_site", "mounts", "name")

    DOCKER: Final = ContainerType.DOCKER
    SINGULARITY: Final = ContainerType.SINGULARITY
    SHIFTER: Final = ContainerType.SHIFTER

    def __init__(
        self,
        name: str,
        container_type: ContainerType,
        image: str,
        arguments: str | None = None,
        mounts: Sequence[str] | None = None,
        image_site: str | None = None,
        checksum: Mapping[str, str] | None = None,
        bypass_staging: bool = False,
    ) -> None:
        super().__init__()
        self.name = check_text(name, "container's name")
        if not isinstance(container_type, ContainerType):
            raise WrongTypeError(
                f"type of container {name!r}", container_type, "a type such as Container.DOCKER"
            )
        self.container_type = container_type
        self.image = check_text(image, f"image of container {name!r}")
        self.mounts = [check_text(mount, f"mount of container {name!r}") for mount in mounts or ()]
        self.image_site = (
            None if image_site is None else check_text(image_site, f"image_site of container {name!r}")
        )
        self.checksum = check_checksum(checksum, f"container {name!r}")
        self.bypass_staging = bypass_staging
        if arguments is not None:
            self.add_pegasus_profile(container_arguments=arguments)

    def node(self) -> dict[str, Node]:
        """Return the container as the catalog has it."""
        node: dict[str, Node] = {"name": self.name, "type": self.container_type.value, "image": self.image}
        if self.mounts:
            node["mounts"] = list(self.mounts)
        if self.bypass_staging:
            node["bypass"] = True
        if self.image_site is not None:
            node["image.site"] = self.image_site
        if self.checksum:
            node["checksum"] = dict(self.checksum)
        if self.profiles:
            node["profiles"] = profiles_node(self.profiles)
        return node
