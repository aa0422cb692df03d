"""Hoofprint: write scientific workflows in Python, plan them, run them, and find what they made.

    from hoofprint import File, Job, Workflow

    page, words = File("page.txt"), File("words.txt")
    count = Job("wc").add_args("-w", page).add_inputs(page).set_stdout(words)
    Workflow("count").add_jobs(count).write()

Names and parameters are those of Pegasus.api, and the files are Pegasus 5 YAML.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hoofprint.containers import Container
    from hoofprint.errors import (
        CommandError,
        DuplicateError,
        HoofprintError,
        NotFoundError,
        WorkflowError,
        WrongTypeError,
    )
    from hoofprint.files import File
    from hoofprint.hooks import EventType
    from hoofprint.jobs import Job, SubWorkflow
    from hoofprint.platforms import OS, Arch
    from hoofprint.profiles import Namespace
    from hoofprint.properties import Properties
    from hoofprint.replica_catalog import ReplicaCatalog
    from hoofprint.site_catalog import (
        Directory,
        FileServer,
        Grid,
        Operation,
        Scheduler,
        Site,
        SiteCatalog,
        SupportedJobs,
    )
    from hoofprint.transformation_catalog import Transformation, TransformationCatalog, TransformationSite
    from hoofprint.workflow import Workflow

_HOME = {
    "Arch": "platforms",
    "CommandError": "errors",
    "Container": "containers",
    "Directory": "site_catalog",
    "DuplicateError": "errors",
    "EventType": "hooks",
    "File": "files",
    "FileServer": "site_catalog",
    "Grid": "site_catalog",
    "HoofprintError": "errors",
    "Job": "jobs",
    "Namespace": "profiles",
    "NotFoundError": "errors",
    "OS": "platforms",
    "Operation": "site_catalog",
    "Properties": "properties",
    "ReplicaCatalog": "replica_catalog",
    "Scheduler": "site_catalog",
    "Site": "site_catalog",
    "SiteCatalog": "site_catalog",
    "SubWorkflow": "jobs",
    "SupportedJobs": "site_catalog",
    "Transformation": "transformation_catalog",
    "TransformationCatalog": "transformation_catalog",
    "TransformationSite": "transformation_catalog",
    "Workflow": "workflow",
    "WorkflowError": "errors",
    "WrongTypeError": "errors",
}

__all__ = [
    "OS",
    "Arch",
    "CommandError",
    "Container",
    "Directory",
    "DuplicateError",
    "EventType",
    "File",
    "FileServer",
    "Grid",
    "HoofprintError",
    "Job",
    "Namespace",
    "NotFoundError",
    "Operation",
    "Properties",
    "ReplicaCatalog",
    "Scheduler",
    "Site",
    "SiteCatalog",
    "SubWorkflow",
    "SupportedJobs",
    "Transformation",
    "TransformationCatalog",
    "TransformationSite",
    "Workflow",
    "WorkflowError",
    "WrongTypeError",
]


def __getattr__(name: str) -> object:
    # Names are fetched when they are first used: the command line and the rooms import this package too.
    if name not in _HOME:
        raise AttributeError(f"module 'hoofprint' has no attribute {name!r}")
    value: object = getattr(import_module(f"hoofprint.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
