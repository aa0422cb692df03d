"""The options of ``hoofprint plan``, each with what its help says."""

from pathlib import Path
from typing import Annotated

import typer

Workflow = Annotated[
    Path, typer.Argument(metavar="WORKFLOW", help="Pegasus 5 YAML or JSON, or DAX XML; may be gzipped.")
]
Sites = Annotated[
    str, typer.Option("--sites", "-s", help="Sites that may run the jobs, separated by commas.")
]
OutputSites = Annotated[
    str, typer.Option("--output-sites", "-o", help="Sites that keep the outputs, separated by commas.")
]
OutputDirectory = Annotated[
    Path | None, typer.Option(help="Folder for the outputs, in place of the output site's storage.")
]
SiteCatalog = Annotated[Path | None, typer.Option(help="Default: sites.yml.")]
TransformationCatalog = Annotated[Path | None, typer.Option(help="Default: transformations.yml.")]
ReplicaCatalog = Annotated[Path | None, typer.Option(help="Default: replicas.yml.")]
Properties = Annotated[Path | None, typer.Option(help="Properties file. Default: pegasus.properties.")]
Definitions = Annotated[
    list[str] | None, typer.Option("--define", "-D", metavar="KEY=VALUE", help="Set one property.")
]
PlanDirectory = Annotated[
    Path | None, typer.Option("--dir", help="The plan directory. Default: the next free run folder.")
]
Reuse = Annotated[
    str | None,
    typer.Option(
        metavar="RUN", help="Reuse, by name, files that this run registered ('any': that any run did)."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Plan every job, whatever exists.")]
Cleanup = Annotated[
    str | None, typer.Option(help="none, leaf or inplace: when scratch is tidied. Default: inplace.")
]
DuplicateProducers = Annotated[
    str, typer.Option(help="refuse, or last: of two jobs that make one file the last one counts.")
]
Argv = Annotated[
    str, typer.Option(help="shell: arguments are split like a shell does; literal: taken as they are.")
]
Executables = Annotated[
    str | None, typer.Option(help="staged or in-place: stageable executables are copied, or used there.")
]
DataConfiguration = Annotated[
    str | None, typer.Option(help="Overrides what site catalog and properties say; sharedfs.")
]
IgnoreContainers = Annotated[
    bool, typer.Option("--ignore-containers", help="Run containerised transformations on the host.")
]
Seed = Annotated[int, typer.Option(help="Same input and seed, same plan.")]
