"""A workflow of the size of LIGO's PyCBC: 194,364 jobs, 384,916 files.

Groups of split -> 100 workers -> merge (the last group is smaller): a split cuts one raw file into a part
for each worker, a worker turns its part into one file, a merge joins those into one. Outputs are staged out
and registered. Written against the names that `hoofprint` and `Pegasus.api` share, so that either writes it.

python workflow_194k.py --dir FOLDER [--jobs N] writes it with its catalogs, ready to be planned.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

JOBS = 194_364
FAN = 100


def group_sizes(jobs: int = JOBS, fan: int = FAN) -> Iterator[int]:
    """Yield the number of workers of each group, so that there are `jobs` jobs in all."""
    groups, rest = divmod(jobs, fan + 2)
    if rest in (1, 2):
        raise ValueError(f"{jobs} jobs cannot be made of groups of {fan} workers: {rest} would be left over")
    yield from [fan] * groups
    if rest:
        yield rest - 2


def build_workflow(api: ModuleType, jobs: int = JOBS, fan: int = FAN) -> Any:
    """Build the workflow with the classes of `api`, which is `hoofprint` or `Pegasus.api`."""
    workflow = api.Workflow("groups")
    for group, workers in enumerate(group_sizes(jobs, fan)):
        _add_group(api, workflow, group, workers)
    return workflow


def _add_group(api: ModuleType, workflow: Any, group: int, workers: int) -> None:
    raw = api.File(f"raw.{group:05d}.dat")
    parts = [api.File(f"group{group:05d}/part.{worker:03d}.dat") for worker in range(workers)]
    results = [api.File(f"group{group:05d}/result.{worker:03d}.dat") for worker in range(workers)]
    merged = api.File(f"merged.{group:05d}.dat")
    workflow.add_jobs(api.Job("split").add_args("-n", workers, raw).add_inputs(raw).add_outputs(*parts))
    for part, result in zip(parts, results, strict=True):
        workflow.add_jobs(
            api.Job("work").add_args("-i", part, "-o", result).add_inputs(part).add_outputs(result)
        )
    workflow.add_jobs(api.Job("merge").add_args("-o", merged).add_inputs(*results).add_outputs(merged))


def build_replicas(api: ModuleType, folder: Path, jobs: int = JOBS, fan: int = FAN) -> Any:
    """Build the catalog of the raw files, one a group, which lie in `folder/raw`."""
    replicas = api.ReplicaCatalog()
    for group, _ in enumerate(group_sizes(jobs, fan)):
        name = f"raw.{group:05d}.dat"
        replicas.add_replica("local", name, (folder / "raw" / name).as_uri())
    return replicas


def build_transformations(api: ModuleType) -> Any:
    """Build the catalog of the three programs, installed on the one site."""
    names = ("split", "work", "merge")
    programs = [api.Transformation(name, site="local", pfn=f"/opt/groups/bin/{name}") for name in names]
    return api.TransformationCatalog().add_transformations(*programs)


def build_sites(api: ModuleType, folder: Path) -> Any:
    """Build the catalog of one site with a shared scratch and a storage below `folder`."""
    site = api.Site("local").add_pegasus_profile(data_configuration="sharedfs")
    for kind, name in ((api.Directory.SHARED_SCRATCH, "scratch"), (api.Directory.LOCAL_STORAGE, "storage")):
        server = api.FileServer((folder / name).as_uri(), api.Operation.ALL)
        site.add_directories(api.Directory(kind, folder / name, True).add_file_servers(server))
    return api.SiteCatalog().add_sites(site)


def write_everything(api: ModuleType, folder: Path, jobs: int = JOBS, fan: int = FAN) -> None:
    """Write workflow.yml, replicas.yml, transformations.yml and sites.yml into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    build_workflow(api, jobs, fan).write(str(folder / "workflow.yml"))
    build_replicas(api, folder, jobs, fan).write(str(folder / "replicas.yml"))
    build_transformations(api).write(str(folder / "transformations.yml"))
    build_sites(api, folder).write(str(folder / "sites.yml"))


def main() -> None:
    """Write the workflow and its catalogs with our own classes."""
    import hoofprint

    parser = argparse.ArgumentParser(description="Write a workflow of 194,364 jobs and its catalogs.")
    parser.add_argument("--dir", type=Path, required=True, help="folder to write into")
    parser.add_argument("--jobs", type=int, default=JOBS)
    options = parser.parse_args()
    write_everything(hoofprint, options.dir.resolve(), options.jobs)


if __name__ == "__main__":
    main()
