"""Executables: find for every surviving task its program on its site, in place or to be brought along."""

from collections.abc import Sequence
from dataclasses import dataclass

from planner.catalog_union import nearest_names
from planner.catalogs import Executable, Profiles, Transformation, TransformationEntry
from planner.draft import Draft, Placement, StagedProgram
from planner.executable import Location
from planner.graph import WorkflowGraph
from planner.locations import as_url, path_of, work_directory
from planner.profiles import profile
from planner.refine.check import describe, listed, refuse
from planner.transformation_selection import INSTALLED, ProgramFinder

IN_PLACE = "in-place"
STAGED = "staged"


def place_executables(draft: Draft) -> None:
    """Give each surviving task its placement; raises InputError for programs that are missing everywhere.

    A stageable program is brought to the work directory under the LFN ``namespace-name-version`` and made
    executable by the worker that brings it, unless ``--executables in-place`` says to use it where it lies.
    """
    placer = _Placer(draft, ProgramFinder(draft.catalogs, draft.settings))
    placed: dict[tuple[Transformation, str, str | None], Placement | None] = {}
    missing: dict[tuple[Transformation, str], list[int]] = {}
    draft.placements = [None] * len(draft.graph.jobs)
    for task in draft.order:
        job = draft.graph.jobs[task]
        site = draft.site_of[task]
        forced = _forced_program(job.profiles) if job.profiles else None
        key = (job.transformation, site, forced)
        if key not in placed:
            placed[key] = placer.place(job.transformation, site, forced)
        placement = draft.placements[task] = placed[key]
        if placement is None:
            missing.setdefault((job.transformation, site), []).append(task)
    _refuse_missing(draft, missing)
    _refuse_clashes(draft.graph, [p for p in placed.values() if p is not None])


def _forced_program(profiles: Profiles) -> str | None:
    return profile(profiles, "selector", "pfn") or profile(profiles, "hints", "pfn")


@dataclass(frozen=True, slots=True)
class _Placer:
    draft: Draft
    finder: ProgramFinder

    def place(self, transformation: Transformation, site: str, forced: str | None) -> Placement | None:
        if forced is not None:
            program: Executable | None = Executable(site, forced)
        else:
            program = next(iter(self.finder.programs(transformation, site)), None)
        if program is None:
            return None
        entry = self.finder.entry(transformation)
        self._check_container(transformation, program)
        return self._placement(transformation, site, program, entry)

    def _placement(
        self,
        transformation: Transformation,
        site: str,
        program: Executable,
        entry: TransformationEntry | None,
    ) -> Placement:
        directory = work_directory(self.draft, site)
        staged, required = self._required(entry, site)
        how = self._how(program, site)
        executable = path_of(program.pfn)
        if how == STAGED:
            own = _staged(transformation, program, entry)
            staged = [own, *staged]
            executable = f"{directory}/{own.lfn}"
        return Placement(
            site=site,
            directory=directory,
            executable=executable,
            staged=tuple(staged),
            required=tuple(required),
            catalog_profiles=(entry.profiles if entry else {}, program.profiles),
            how=how,
        )

    def _how(self, program: Executable, site: str) -> str:
        if program.kind == INSTALLED:
            return INSTALLED
        lies_here = program.site in (site, "local") and as_url(program.pfn).startswith("file://")
        return IN_PLACE if self.draft.settings.executables == IN_PLACE and lies_here else STAGED

    def _required(
        self, entry: TransformationEntry | None, site: str
    ) -> tuple[list[StagedProgram], list[str]]:
        """What a compound transformation brings along: programs to stage, and LFNs of plain files."""
        staged: list[StagedProgram] = []
        files: list[str] = []
        for needed in entry.requires if entry else ():
            of_needed = self.finder.entry(needed)
            program = next(iter(self.finder.programs(needed, site)), None)
            if program is None:
                files.append(str(needed))
            elif self._how(program, site) == STAGED:
                staged.append(_staged(needed, program, of_needed))
        return staged, files

    def _check_container(self, transformation: Transformation, program: Executable) -> None:
        if program.container and not self.draft.request.options.ignore_containers:
            refuse(
                "containers cannot be run yet; to run the program without its container, plan with "
                "--ignore-containers",
                [f"transformation {transformation} on site {program.site!r} asks for {program.container!r}"],
            )


def _staged(
    transformation: Transformation, program: Executable, entry: TransformationEntry | None
) -> StagedProgram:
    return StagedProgram(
        staged_name(transformation),
        Location(program.site, as_url(program.pfn)),
        entry.sha256 if entry else None,
    )


def staged_name(transformation: Transformation) -> str:
    """The LFN of a staged executable: ``namespace-name-version`` without absent parts."""
    parts = (transformation.namespace, transformation.name, transformation.version)
    return "-".join(part for part in parts if part)


def _refuse_missing(draft: Draft, missing: dict[tuple[Transformation, str], list[int]]) -> None:
    problems = [_missing(draft, *key, tasks) for key, tasks in missing.items()]
    source = draft.catalogs.transformation_source or "the transformation catalog"
    refuse(f"no executable found; add it to {source}", problems)


def _missing(draft: Draft, transformation: Transformation, site: str, tasks: Sequence[int]) -> str:
    jobs = listed((describe(draft.graph.jobs[task]) for task in tasks), limit=3)
    entry = draft.catalogs.transformations.get(transformation)
    if entry is None:
        names = {str(name) for name in draft.catalogs.transformations}
        hint = nearest_names(str(transformation), names)
    else:
        places = [f"{e.site} ({e.kind})" for e in entry.executables]
        hint = f" (it is known on {listed(places)})" if places else " (its entry names no site)"
    return f"{transformation} on site {site!r}, needed by {jobs}{hint}"


def _refuse_clashes(graph: WorkflowGraph, placements: Sequence[Placement]) -> None:
    names = {program.lfn for placement in placements for program in placement.staged}
    problems = [repr(name) for name in sorted(names) if name in graph.file_of]
    refuse(
        "a file of the workflow has the name under which an executable is staged; rename the file, or "
        "plan with --executables in-place",
        problems,
    )
