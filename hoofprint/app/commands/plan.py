"""``hoofprint plan``: make an executable workflow of an abstract one."""

from pathlib import Path
from typing import Annotated

import typer

from eventlog.errors import InputError
from hoofprint.app.commands.options import Json
from hoofprint.app.house import House
from hoofprint.app.output import console, facts, print_json
from hoofprint.app.planning import Planned, Wanted, make_plan
from hoofprint.app.reuse import reuse_index
from planner.request import PlanOptions


def plan(
    context: typer.Context,
    workflow: Annotated[
        Path, typer.Argument(metavar="WORKFLOW", help="Pegasus 5 YAML or JSON, or DAX XML; may be gzipped.")
    ],
    sites: Annotated[
        str, typer.Option("--sites", "-s", help="Sites that may run the jobs, separated by commas.")
    ] = "local",
    output_sites: Annotated[
        str, typer.Option("--output-sites", "-o", help="Sites that keep the outputs, separated by commas.")
    ] = "local",
    output_dir: Annotated[
        Path | None, typer.Option(help="Folder for the outputs, in place of the output site's storage.")
    ] = None,
    site_catalog: Annotated[Path | None, typer.Option(help="Default: sites.yml.")] = None,
    transformation_catalog: Annotated[Path | None, typer.Option(help="Default: transformations.yml.")] = None,
    replica_catalog: Annotated[Path | None, typer.Option(help="Default: replicas.yml.")] = None,
    conf: Annotated[Path | None, typer.Option(help="Properties file. Default: pegasus.properties.")] = None,
    define: Annotated[
        list[str] | None, typer.Option("--define", "-D", metavar="KEY=VALUE", help="Set one property.")
    ] = None,
    directory: Annotated[
        Path | None, typer.Option("--dir", help="The plan directory. Default: the next free run folder.")
    ] = None,
    reuse: Annotated[
        str | None,
        typer.Option(
            metavar="RUN", help="Reuse, by name, files that this run registered ('any': that any run did)."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Plan every job, whatever exists.")] = False,
    cleanup: Annotated[
        str | None, typer.Option(help="none, leaf or inplace: when scratch is tidied. Default: inplace.")
    ] = None,
    duplicate_producers: Annotated[
        str, typer.Option(help="refuse, or last: of two jobs that make one file the last one counts.")
    ] = "refuse",
    argv: Annotated[
        str, typer.Option(help="shell: arguments are split like a shell does; literal: taken as they are.")
    ] = "shell",
    executables: Annotated[
        str | None, typer.Option(help="staged or in-place: stageable executables are copied, or used there.")
    ] = None,
    data_configuration: Annotated[
        str | None, typer.Option(help="Overrides what site catalog and properties say; sharedfs.")
    ] = None,
    ignore_containers: Annotated[
        bool, typer.Option("--ignore-containers", help="Run containerised transformations on the host.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Same input and seed, same plan.")] = 0,
    as_json: Json = False,
) -> None:
    """Make an executable workflow of an abstract one, and keep it as a plan directory.

    Stage-in, stage-out, registration, directories and clean-up are added; jobs whose outputs exist already
    are pruned. Catalogs are looked for in this folder and beside the workflow. Nothing runs yet: 'hoofprint
    run' does that.
    """
    house: House = context.obj
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
        options=PlanOptions(
            force=force,
            cleanup=cleanup,
            duplicate_producers=duplicate_producers,
            argv=argv,
            executables=executables,
            data_configuration=data_configuration,
            ignore_containers=ignore_containers,
            seed=seed,
        ),
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
