"""Executables: find for every surviving task its program on its site, in place or to be brought along."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from planner.catalog_union import nearest_names
from planner.catalogs import Executable, Profiles, Transformation, TransformationEntry
from planner.draft import Draft, Placement, RequiredFile, StagedProgram
from planner.executable import Location
from planner.graph import WorkflowGraph
from planner.locations import work_directory
from planner.profiles import profile
from planner.refine.check import describe, listed, refuse
from planner.transformation_selection import INSTALLED, ProgramFinder
from planner.urls import as_url, is_file_url, path_of

IN_PLACE = "in-place"
STAGED = "staged"


def place_executables(draft: Draft) -> None:
    """Give each surviving task its placement; raises InputError for programs that are missing everywhere.

    A stageable program is brought to the work directory under the LFN ``namespace-name-version`` and made
    executable by the worker that brings it, unless ``--executables in-place`` says to use it where it lies.
    """
    placer = _Placer(draft, ProgramFinder(draft.catalogs, draft.settings))
    placed: dict[_Wish, Placement | None] = {}
    draft.placements = [None] * len(draft.graph.jobs)
    for task in draft.order:
        wish = _wish(draft, task)
        if wish not in placed:
            placed[wish] = placer.place(wish)
        placement = draft.placements[task] = placed[wish]
        if placement is None:
            placer.note_missing(wish, task)
    _refuse_missing(draft, placer.missing)
    _refuse_clashes(draft.graph, [p for p in placed.values() if p is not None])


class _Wish(NamedTuple):
    """What tells apart the placements of tasks: equal wishes share one."""

    transformation: Transformation
    site: str
    forced: str | None
    further: tuple[Transformation, ...]


def _wish(draft: Draft, task: int) -> _Wish:
    job = draft.graph.jobs[task]
    forced = _forced_program(job.profiles) if job.profiles else None
    asked = draft.graph.programs.get(task, ())
    further = tuple(program for program in asked if program != job.transformation)
    return _Wish(job.transformation, draft.site_of[task], forced, further)


def _forced_program(profiles: Profiles) -> str | None:
    return profile(profiles, "selector", "pfn") or profile(profiles, "hints", "pfn")


@dataclass(slots=True)
class _Placer:
    draft: Draft
    finder: ProgramFinder
    missing: dict[tuple[Transformation, str], list[int]] = field(default_factory=dict)

    def place(self, wish: _Wish) -> Placement | None:
        """The placement of all tasks with this wish; None where a program is missing."""
        if any(self._missing(wish)):
            return None
        entry = self.finder.entry(wish.transformation)
        program = Executable(wish.site, wish.forced) if wish.forced else self._program(*wish[:2])
        self._check_container(wish.transformation, program)
        return self._placement(wish, program, entry)

    def note_missing(self, wish: _Wish, task: int) -> None:
        """Remember for the message that a task lacks these programs."""
        for transformation in self._missing(wish):
            self.missing.setdefault((transformation, wish.site), []).append(task)

    def _missing(self, wish: _Wish) -> Iterator[Transformation]:
        own = () if wish.forced else (wish.transformation,)
        for needed in (*own, *self._companions(wish)):
            if not self.finder.programs(needed, wish.site):
                yield needed

    def _companions(self, wish: _Wish) -> Sequence[Transformation]:
        """Further transformations that tasks need: those of a compound transformation, and their own."""
        entry = self.finder.entry(wish.transformation)
        known = [program for program in wish.further if self.finder.entry(program) is not None]
        return tuple(dict.fromkeys((*(entry.requires if entry else ()), *known)))

    def _program(self, transformation: Transformation, site: str) -> Executable:
        return self.finder.programs(transformation, site)[0]

    def _placement(self, wish: _Wish, program: Executable, entry: TransformationEntry | None) -> Placement:
        directory = work_directory(self.draft, wish.site)
        how = self._how(program, wish.site)
        executable = path_of(program.pfn)
        staged = self._staged_companions(wish)
        if how == STAGED:
            own = _staged(wish.transformation, program, entry)
            staged = [own, *staged]
            executable = f"{directory}/{own.lfn}"
        return Placement(
            site=wish.site,
            directory=directory,
            executable=executable,
            staged=tuple(staged),
            required=self._required(wish, entry),
            catalog_profiles=(entry.profiles if entry else {}, program.profiles),
            metadata={**(entry.metadata if entry else {}), **program.metadata},
            how=how,
        )

    def _required(self, wish: _Wish, entry: TransformationEntry | None) -> tuple[RequiredFile, ...]:
        """Files of the replica catalogs; a program that no transformation catalog knows is one of them."""
        files = [RequiredFile(lfn) for lfn in (entry.requires_files if entry else ())]
        unknown = [program for program in wish.further if self.finder.entry(program) is None]
        return (*files, *(RequiredFile(program.name, executable=True) for program in unknown))

    def _staged_companions(self, wish: _Wish) -> list[StagedProgram]:
        programs = ((needed, self._program(needed, wish.site)) for needed in self._companions(wish))
        return [
            _staged(needed, program, self.finder.entry(needed))
            for needed, program in programs
            if self._how(program, wish.site) == STAGED
        ]

    def _how(self, program: Executable, site: str) -> str:
        if program.kind == INSTALLED:
            return INSTALLED
        lies_here = program.site in (site, "local") and is_file_url(as_url(program.pfn))
        return IN_PLACE if self.draft.settings.executables == IN_PLACE and lies_here else STAGED

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
