"""Which programs of the transformation catalog can run on a site."""

from collections.abc import Sequence
from dataclasses import dataclass

from planner.catalog_union import Catalogs
from planner.catalogs import Executable, Site, Transformation, TransformationEntry
from planner.settings import Settings

INSTALLED = "installed"


@dataclass(frozen=True, slots=True)
class ProgramFinder:
    """Finds the programs of transformations, by the mapper that the properties name.

    All takes installed programs before stageable ones; Installed and Staged take one kind alone; Submit takes
    stageable ones of the site ``local`` alone.
    """

    catalogs: Catalogs
    settings: Settings

    def entry(self, transformation: Transformation) -> TransformationEntry | None:
        """What the catalog knows of a transformation."""
        return self.catalogs.transformations.get(transformation)

    def programs(self, transformation: Transformation, site: str) -> Sequence[Executable]:
        """The programs that a site can run, best first."""
        entry = self.entry(transformation)
        if entry is None:
            return ()
        place = self.catalogs.sites[site]
        fitting = [e for e in entry.executables if self._allowed(e, site) and _same_platform(e, place)]
        return sorted(fitting, key=lambda executable: (executable.kind != INSTALLED, executable.site != site))

    def _allowed(self, executable: Executable, site: str) -> bool:
        mapper = self.settings.transformation_mapper
        if executable.kind == INSTALLED:
            return executable.site == site and mapper in ("All", "Installed")
        if mapper == "Submit":
            return executable.site == "local"
        return mapper in ("All", "Staged")


def _same_platform(executable: Executable, site: Site) -> bool:
    """Whether architecture and operating system agree, as far as both sides tell them."""
    pairs = ((executable.arch, site.arch), (executable.os, site.os))
    return all(not mine or not theirs or mine.lower() == theirs.lower() for mine, theirs in pairs)
