"""``hoofprint plan``: make an executable workflow of an abstract one."""

import typer

from eventlog.errors import InputError
from hoofprint.app.commands import plan_options as given
from hoofprint.app.commands.options import Json
from hoofprint.app.house import House
from hoofprint.app.output import console, facts, print_json
from hoofprint.app.planning import Planned, Wanted, make_plan
from hoofprint.app.reuse import reuse_index
from planner.request import PlanOptions


def plan(
    context: typer.Context,
    workflow: given.Workflow,
    sites: given.Sites = "local",
    output_sites: given.OutputSites = "local",
    output_dir: given.OutputDirectory = None,
    site_catalog: given.SiteCatalog = None,
    transformation_catalog: given.TransformationCatalog = None,
    replica_catalog: given.ReplicaCatalog = None,
    conf: given.Properties = None,
    define: given.Definitions = None,
    directory: given.PlanDirectory = None,
    reuse: given.Reuse = None,
    force: given.Force = False,
    cleanup: given.Cleanup = None,
    duplicate_producers: given.DuplicateProducers = "refuse",
    argv: given.Argv = "shell",
    executables: given.Executables = None,
    data_configuration: given.DataConfiguration = None,
    ignore_containers: given.IgnoreContainers = False,
    seed: given.Seed = 0,
    as_json: Json = False,
) -> None:
    """Make an executable workflow of an abstract one, and keep it as a plan directory.

    Stage-in, stage-out, registration, directories and clean-up are added; jobs whose outputs exist already
    are pruned. Catalogs are looked for in this folder and beside the workflow. Nothing runs yet: 'hoofprint
    run' does that.
    """
    house: House = context.obj
    options = PlanOptions(
        force=force,
        cleanup=cleanup,
        duplicate_producers=duplicate_producers,
        argv=argv,
        executables=executables,
        data_configuration=data_configuration,
        ignore_containers=ignore_containers,
        seed=seed,
    )
    wanted = Wanted(
        workflow=workflow,
        site_catalog=site_catalog,
        transformation_catalog=transformation_catalog,
        replica_catalog=replica_catalog,
        properties_file=conf,
        definitions=_definitions(define or []),
        execution_sites=_names(sites, "--sites"),
        output_sites=_names(output_sites, "--output-sites"),
        output_directory=output_dir,
        directory=directory,
        options=options,
    )
    planned = make_plan(house, wanted, reuse_index(house, reuse))
    if as_json:
        print_json(_summary(planned))
    else:
        _print(planned)


def _definitions(pairs: list[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise InputError(f"--define {pair!r}: it is written KEY=VALUE")
        found[key.strip()] = value.strip()
    return found


def _names(text: str, option: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise InputError(f"{option}: name at least one site")
    return names


def _summary(planned: Planned) -> dict[str, object]:
    manifest = planned.manifest
    return {
        "run": manifest.run,
        "workflow": manifest.workflow,
        "directory": str(planned.directory),
        "tasks": manifest.tasks,
        "files": manifest.files,
        "pruned": manifest.pruned,
        "jobs": manifest.jobs,
    }


def _print(planned: Planned) -> None:
    manifest, out = planned.manifest, console()
    jobs = ", ".join(f"{count} {kind}" for kind, count in manifest.jobs.items())
    out.print(f"Planned {manifest.workflow}: {manifest.tasks} tasks, {manifest.files} files")
    out.print(
        facts(
            {
                "run": manifest.run,
                "directory": str(planned.directory),
                "sites": ", ".join(manifest.execution_sites),
                "jobs": f"{sum(manifest.jobs.values())}: {jobs}"
                if manifest.jobs
                else "none: nothing is left to do",
                "pruned": f"{manifest.pruned} of {manifest.tasks} tasks" if manifest.pruned else None,
            }
        )
    )
    if manifest.pruned:
        out.print("why: hoofprint explain latest")
    out.print("next: hoofprint run latest")
