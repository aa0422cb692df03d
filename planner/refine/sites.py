"""Sites: choose for every surviving task the site that runs it."""

import random

from eventlog.errors import InputError
from planner.abstract import AbstractJob
from planner.catalog_union import nearest_names
from planner.catalogs import Profiles, Transformation
from planner.draft import Draft
from planner.locations import SCRATCH
from planner.profiles import merge_profiles, profile, profiles_of_properties
from planner.refine.check import describe, refuse
from planner.transformation_selection import ProgramFinder

SHARED_FILE_SYSTEM = "sharedfs"
CONFIGURATION_KEY = "data.configuration"
WISH = "execution.site"


def choose_sites(draft: Draft) -> None:
    """Give each surviving task a site that has its program: the one it asks for, or a seeded choice.

    Raises InputError for sites unknown or without scratch, and for a data configuration that is not sharedfs.
    """
    finder = ProgramFinder(draft.catalogs, draft.settings)
    # not for secrets: the same seed has to make the same plan
    dice = random.Random(draft.request.options.seed)  # noqa: S311
    weakest = merge_profiles(
        (profiles_of_properties(draft.request.properties), draft.graph.workflow.profiles)
    )
    asked_of_all = _wish(weakest)
    candidates: dict[Transformation, list[str]] = {}
    draft.site_of = [""] * len(draft.graph.jobs)
    unknown: list[str] = []
    for task in sorted(draft.order):
        job = draft.graph.jobs[task]
        wish = (_wish(job.profiles) if job.profiles else None) or asked_of_all
        if wish is not None:
            if wish not in draft.catalogs.sites:
                unknown.append(_unknown(draft, job, wish))
            draft.site_of[task] = wish
            continue
        usable = candidates.get(job.transformation)
        if usable is None:
            usable = candidates[job.transformation] = _candidates(draft, finder, job.transformation)
        draft.site_of[task] = usable[0] if len(usable) == 1 else dice.choice(usable)
    refuse("a job asks for a site that no site catalog knows", unknown)
    _check_sites_in_use(draft)


def _wish(profiles: Profiles) -> str | None:
    """The site that profiles ask for, by the key of today or of old."""
    return profile(profiles, "selector", WISH) or profile(profiles, "hints", WISH)


def _unknown(draft: Draft, job: AbstractJob, wish: str) -> str:
    return f"{describe(job)}: {wish!r}{nearest_names(wish, draft.catalogs.sites)}"


def _candidates(draft: Draft, finder: ProgramFinder, transformation: Transformation) -> list[str]:
    """The execution sites that can run a transformation; all of them where none can, for the next refiner."""
    sites = draft.request.execution_sites
    return [site for site in sites if finder.programs(transformation, site)] or list(sites[:1])


def _check_sites_in_use(draft: Draft) -> None:
    used = sorted({draft.site_of[task] for task in draft.order})
    for site in used:
        _check_data_configuration(draft, site)
    problems = [f"{site!r}" for site in used if draft.site(site).directory(*SCRATCH) is None]
    refuse(
        "a site that runs jobs has no directory of type sharedScratch; add one to its site catalog entry",
        problems,
    )


def _check_data_configuration(draft: Draft, site: str) -> None:
    request = draft.request
    by_site = profile(draft.site(site).profiles, "pegasus", CONFIGURATION_KEY)
    settings = (
        ("--data-configuration", request.options.data_configuration),
        (f"profile pegasus.{CONFIGURATION_KEY} of site {site}", by_site),
        (f"property pegasus.{CONFIGURATION_KEY}", request.properties.get(f"pegasus.{CONFIGURATION_KEY}")),
    )
    where, value = next(((w, v) for w, v in settings if v is not None), ("", SHARED_FILE_SYSTEM))
    if value.lower() != SHARED_FILE_SYSTEM:
        raise InputError(
            f"{where} is {value!r}: only sharedfs can be planned now; where all jobs see one file system, "
            "plan with --data-configuration sharedfs"
        )
