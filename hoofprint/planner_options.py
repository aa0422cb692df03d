"""Options of the planner, given by name and turned into words of a command line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TypedDict

from hoofprint.errors import WorkflowError, WrongTypeError

AnyPath = str | os.PathLike[str]


class PlannerOptions(TypedDict, total=False):
    """What the planner may be told for a sub-workflow; names follow its options."""

    basename: str
    job_prefix: str
    conf: AnyPath
    cluster: list[str]
    sites: list[str]
    output_sites: list[str]
    staging_sites: Mapping[str, str]
    cache: list[AnyPath]
    input_dirs: list[AnyPath]
    output_dir: AnyPath
    transformations_dir: AnyPath
    dir: AnyPath
    relative_dir: AnyPath
    relative_submit_dir: AnyPath
    random_dir: bool | AnyPath
    inherited_rc_files: list[AnyPath]
    cleanup: str
    reuse: list[AnyPath]
    verbose: int
    quiet: int
    force: bool
    force_replan: bool
    forward: list[str]
    submit: bool


_FLAGS = {
    "basename": "--basename",
    "job_prefix": "--job-prefix",
    "conf": "--conf",
    "cluster": "--cluster",
    "sites": "--sites",
    "output_sites": "--output-sites",
    "staging_sites": "--staging-site",
    "cache": "--cache",
    "input_dirs": "--input-dir",
    "output_dir": "--output-dir",
    "transformations_dir": "--transformations-dir",
    "dir": "--dir",
    "relative_dir": "--relative-dir",
    "relative_submit_dir": "--relative-submit-dir",
    "inherited_rc_files": "--inherited-rc-files",
    "cleanup": "--cleanup",
    "reuse": "--reuse",
}


def planner_words(options: Mapping[str, object]) -> list[str]:
    """Return the options as words of a command line; lists are joined by commas.

    A name with a dot is a property, written `-Dkey=value`; properties come first. Raises WorkflowError for
    any other name, or a value that its option does not take.
    """
    known = PlannerOptions.__annotations__
    properties = [_definition(key, value) for key, value in options.items() if key not in known]
    given = [(name, options[name]) for name in known if options.get(name) not in (None, False, 0, "")]
    return [*properties, *(word for name, value in given for word in _words(name, value))]


def _definition(key: str, value: object) -> str:
    if "." not in key:
        raise WorkflowError(
            f"planner option {key!r} is not known; there are {', '.join(PlannerOptions.__annotations__)},"
            " and properties, whose names have a dot"
        )
    return f"-D{key}={value}"


def _words(name: str, value: object) -> Iterator[str]:
    if name in _FLAGS:
        yield from (_FLAGS[name], _joined(name, value))
    elif name in ("verbose", "quiet") and isinstance(value, int):
        yield "-" + name[0] * value
    elif name == "random_dir":
        yield "--randomdir" if value is True else f"--randomdir={_joined(name, value)}"
    elif name == "forward" and isinstance(value, list):
        for word in value:
            yield from ("--forward", str(word))
    elif value is True:
        yield "--" + name.replace("_", "-")
    else:
        raise WorkflowError(f"planner option {name}={value!r} cannot be understood")


def _joined(name: str, value: object) -> str:
    if isinstance(value, str | os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return ",".join(f"{key}={item}" for key, item in value.items())
    if isinstance(value, Iterable):
        return ",".join(os.fspath(item) for item in value)
    raise WrongTypeError(f"planner option {name}", value, "a string, a path, or a list of them")
