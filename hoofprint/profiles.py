"""Profiles: how a job wants to be run, in namespaces (environment, HTCondor, DAGMan, planner, …).

Keys and units are those of the Pegasus 5 configuration reference, so that either planner reads them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Self, TypedDict, Unpack

from hoofprint.errors import WorkflowError, WrongTypeError

ProfileValue = str | int | float | bool | Path
Profiles = Mapping[str, Mapping[str, str | int | float]]

_NO_PROFILES: Profiles = MappingProxyType({})
_KEY = re.compile(r"[^\s\x00-\x1f\x7f:]{1,256}")
_SIZE = re.compile(r"\s*(\d+(?:[eE]\+?\d+)?)\s*(?:([MGTPEZY])B)?\s*", re.IGNORECASE)
_MEGABYTES: dict[str, int] = {unit: 1024**power for power, unit in enumerate("MGTPEZY")}


class Namespace(Enum):
    """Who a profile speaks to."""

    PEGASUS = "pegasus"
    CONDOR = "condor"
    DAGMAN = "dagman"
    ENV = "env"
    GLOBUS = "globus"
    SELECTOR = "selector"


class PegasusProfiles(TypedDict, total=False):
    """Profiles for the planner. Memory and disk: megabytes, or a string such as "2 GB".

    `runtime` and `clusters_max_runtime` are in seconds, `max_walltime` and `checkpoint_time` in minutes.
    """

    clusters_num: int
    clusters_size: int
    clusters_max_runtime: int
    job_aggregator: str
    job_aggregator_arguments: str
    grid_start: str
    grid_start_path: str
    grid_start_arguments: str
    grid_start_launcher: str
    grid_start_launcher_arguments: str
    stagein_clusters: int
    stagein_local_clusters: int
    stagein_remote_clusters: int
    stageout_clusters: int
    stageout_local_clusters: int
    stageout_remote_clusters: int
    group: str
    change_dir: bool
    create_dir: bool
    transfer_proxy: bool
    style: str
    pmc_request_memory: str | int
    pmc_request_cpus: int
    pmc_priority: int
    pmc_task_arguments: str
    exitcode_failure_msg: str
    exitcode_success_msg: str
    checkpoint_time: int
    max_walltime: int
    glite_arguments: str
    glite_arguments_expr: str
    auxillary_local: bool
    condor_arguments_quote: bool
    runtime: str | int
    runtime_expr: str
    cores: int
    cores_expr: str
    gpus: int
    gpus_expr: str
    nodes: int
    ppn: int
    memory: str | int
    memory_expr: str
    diskspace: str | int
    diskspace_expr: str
    data_configuration: str
    queue: str
    queue_expr: str
    project: str
    project_expr: str
    boto_config: str
    container_arguments: str
    container_launcher: str
    container_launcher_arguments: str
    label: str
    pegasus_lite_env_source: str
    SSH_PRIVATE_KEY: str
    relative_submit_dir: str
    tag: str


class CondorProfiles(TypedDict, total=False):
    """HTCondor submit commands. Memory and disk: megabytes, or a string such as "2 GB"."""

    universe: str
    periodic_release: str
    periodic_remove: str
    filesystem_domain: str
    stream_error: bool
    stream_output: bool
    priority: str | int
    request_cpus: str | int
    request_gpus: str | int
    request_memory: str | int
    request_disk: str | int
    requirements: str
    should_transfer_files: str
    when_to_transfer_output: str
    condor_collector: str
    grid_resource: str
    cream_attributes: str


class DagmanProfiles(TypedDict, total=False):
    """DAGMan's settings for a node: scripts, retries, priority, categories and throttles."""

    pre: str | Path
    pre_arguments: str
    post: str
    post_arguments: str
    post_scope: str
    retry: str | int
    category: str
    priority: str | int
    abort_dag_on: str
    max_pre: str | int
    max_post: str | int
    max_jobs: str | int
    max_idle: str | int


class GlobusProfiles(TypedDict, total=False):
    """Requests to a remote batch system. Times: minutes; memory: megabytes, or a string such as "2 GB"."""

    count: int
    job_type: str
    max_cpu_time: int
    max_memory: str | int
    max_time: int
    max_wall_time: int
    min_memory: str | int
    project: str
    queue: str


class SelectorProfiles(TypedDict, total=False):
    """What steers the choice of a job's site and executable."""

    execution_site: str
    pfn: str | Path
    grid_job_type: str


# Keys that are not simply the parameter's own name.
_DOTTED = {
    **{
        f"{name}_expr": f"{name}.expr"
        for name in ("runtime", "cores", "gpus", "memory", "diskspace", "queue")
    },
    **{f"{stage}_clusters": f"{stage}.clusters" for stage in ("stagein", "stageout")},
    **{
        f"{stage}_{where}_clusters": f"{stage}.{where}.clusters"
        for stage in ("stagein", "stageout")
        for where in ("local", "remote")
    },
}
_PEGASUS_KEYS = {
    **_DOTTED,
    "project_expr": "project.expr",
    "clusters_num": "clusters.num",
    "clusters_size": "clusters.size",
    "clusters_max_runtime": "clusters.maxruntime",
    "job_aggregator": "job.aggregator",
    "job_aggregator_arguments": "job.aggregator.arguments",
    "grid_start": "gridstart",
    "grid_start_path": "gridstart.path",
    "grid_start_arguments": "gridstart.arguments",
    "grid_start_launcher": "gridstart.launcher",
    "grid_start_launcher_arguments": "gridstart.launcher.arguments",
    "change_dir": "change.dir",
    "create_dir": "create.dir",
    "transfer_proxy": "transfer.proxy",
    "exitcode_failure_msg": "exitcode.failuremsg",
    "exitcode_success_msg": "exitcode.successmsg",
    "checkpoint_time": "checkpoint.time",
    "max_walltime": "maxwalltime",
    "glite_arguments": "glite.arguments",
    "glite_arguments_expr": "glite.arguments.expr",
    "auxillary_local": "auxillary.local",
    "condor_arguments_quote": "condor.arguments.quote",
    "data_configuration": "data.configuration",
    "boto_config": "BOTO_CONFIG",
    "container_arguments": "container.arguments",
    "container_launcher": "container.launcher",
    "container_launcher_arguments": "container.launcher.arguments",
    "relative_submit_dir": "relative.submit.dir",
}
_CONDOR_KEYS = {"filesystem_domain": "filesystemdomain"}
_DAGMAN_KEYS = {
    "pre": "PRE",
    "pre_arguments": "PRE.ARGUMENTS",
    "post": "POST",
    "post_arguments": "POST.ARGUMENTS",
    "post_scope": "POST.SCOPE",
    "retry": "RETRY",
    "category": "CATEGORY",
    "priority": "PRIORITY",
    "abort_dag_on": "ABORT-DAG-ON",
    "max_pre": "MAXPRE",
    "max_post": "MAXPOST",
    "max_jobs": "MAXJOBS",
    "max_idle": "MAXIDLE",
}
_GLOBUS_KEYS = {
    "job_type": "jobtype",
    "max_cpu_time": "maxcputime",
    "max_memory": "maxmemory",
    "max_time": "maxtime",
    "max_wall_time": "maxwalltime",
    "min_memory": "minmemory",
}
_SELECTOR_KEYS = {"execution_site": "execution.site", "grid_job_type": "grid.jobtype"}

_IN_MEGABYTES = frozenset(
    {
        (Namespace.PEGASUS, "memory"),
        (Namespace.PEGASUS, "diskspace"),
        (Namespace.PEGASUS, "pmc_request_memory"),
        (Namespace.CONDOR, "request_memory"),
        (Namespace.GLOBUS, "maxmemory"),
        (Namespace.GLOBUS, "minmemory"),
    }
)
_IN_KILOBYTES = frozenset({(Namespace.CONDOR, "request_disk")})


def megabytes(size: str | int) -> int:
    """Return a size such as 2048, "2048" or "2 GB" in megabytes (1 GB = 1,024 MB)."""
    match = _SIZE.fullmatch(str(size))
    if match is None:
        raise WorkflowError(f"size {size!r}: megabytes or a string such as '500 MB' or '2 GB' is wanted")
    return int(float(match[1])) * _MEGABYTES[(match[2] or "M").upper()]


class Profiled:
    """Something that carries profiles."""

    __slots__ = ("profiles",)

    def __init__(self) -> None:
        self.profiles: Profiles = _NO_PROFILES

    def add_profiles(
        self, ns: Namespace, key: str | None = None, value: ProfileValue | None = None, **kw: ProfileValue
    ) -> Self:
        """Add profiles to a namespace: one as `key` and `value`, for keys with a dot, or several by name."""
        self.profiles = merge_profiles(self.profiles, ns, key, value, kw)
        return self

    def add_env(self, key: str | None = None, value: ProfileValue | None = None, **kw: ProfileValue) -> Self:
        """Set environment variables of the job: `add_env(LANG="C")`."""
        return self.add_profiles(Namespace.ENV, key, value, **kw)

    def add_pegasus_profile(self, **profiles: Unpack[PegasusProfiles]) -> Self:
        """Add profiles for the planner: `add_pegasus_profile(cores=4, memory="2 GB", label="p1")`."""
        return self._add_typed(Namespace.PEGASUS, PegasusProfiles, _PEGASUS_KEYS, profiles)

    def add_condor_profile(self, **profiles: Unpack[CondorProfiles]) -> Self:
        """Add HTCondor submit commands: `add_condor_profile(universe="vanilla")`."""
        return self._add_typed(Namespace.CONDOR, CondorProfiles, _CONDOR_KEYS, profiles)

    def add_dagman_profile(self, **profiles: Unpack[DagmanProfiles]) -> Self:
        """Add DAGMan's settings: `add_dagman_profile(retry=3)`."""
        return self._add_typed(Namespace.DAGMAN, DagmanProfiles, _DAGMAN_KEYS, profiles)

    def add_globus_profile(self, **profiles: Unpack[GlobusProfiles]) -> Self:
        """Add requests to a remote batch system: `add_globus_profile(max_wall_time=60)`."""
        return self._add_typed(Namespace.GLOBUS, GlobusProfiles, _GLOBUS_KEYS, profiles)

    def add_selector_profile(self, **profiles: Unpack[SelectorProfiles]) -> Self:
        """Steer the choice of site and executable: `add_selector_profile(execution_site="cluster")`."""
        return self._add_typed(Namespace.SELECTOR, SelectorProfiles, _SELECTOR_KEYS, profiles)

    add_pegasus_profiles = add_pegasus_profile
    add_condor_profiles = add_condor_profile
    add_dagman_profiles = add_dagman_profile
    add_globus_profiles = add_globus_profile
    add_selector_profiles = add_selector_profile

    def _add_typed(
        self, ns: Namespace, allowed: type, keys: Mapping[str, str], given: Mapping[str, object]
    ) -> Self:
        named: dict[str, ProfileValue] = {}
        for name, value in given.items():
            if name not in allowed.__annotations__:
                raise WorkflowError(
                    f"{ns.value} profile {name!r} is not known; for any other key write"
                    f" add_profiles(Namespace.{ns.name}, key=…, value=…)"
                )
            if value is not None:
                named[keys.get(name, name)] = _in_unit(ns, keys.get(name, name), value)
        return self.add_profiles(ns, None, None, **named)


def _in_unit(ns: Namespace, key: str, value: object) -> ProfileValue:
    if not isinstance(value, str | int | float | Path):
        raise WrongTypeError(f"{ns.value} profile {key!r}", value, "a string, a number, a boolean or a Path")
    if isinstance(value, str | int) and (ns, key) in _IN_MEGABYTES:
        return megabytes(value)
    if isinstance(value, str | int) and (ns, key) in _IN_KILOBYTES:
        return megabytes(value) * 1024
    return value


def merge_profiles(
    present: Profiles,
    ns: Namespace,
    key: str | None,
    value: ProfileValue | None,
    named: Mapping[str, ProfileValue],
) -> Profiles:
    """Return `present` with `key` = `value` and the pairs of `named` in namespace `ns`, new ones winning."""
    if not isinstance(ns, Namespace):
        raise WrongTypeError("profile's namespace", ns, "a Namespace such as Namespace.PEGASUS")
    if (key is None) != (value is None):
        raise WorkflowError(
            f"{ns.value} profile: key ({key!r}) and value ({value!r}) are given together or not at all"
        )
    pairs = dict(present.get(ns.value, {}))
    for name, given in (*([] if key is None or value is None else [(key, value)]), *named.items()):
        pairs[_check_key(ns, name)] = _profile_scalar(ns, name, given)
    return {**present, ns.value: pairs} if pairs else present


def _check_key(ns: Namespace, key: object) -> str:
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise WorkflowError(
            f"{ns.value} profile key {key!r}: one word of at most 256 characters without ':' is wanted"
        )
    return key


def _profile_scalar(ns: Namespace, key: str, value: object) -> str | int | float:
    if isinstance(value, bool | Path):
        return str(value)
    if isinstance(value, str | int | float):
        return value
    raise WrongTypeError(f"{ns.value} profile {key!r}", value, "a string, a number, a boolean or a Path")


def profiles_node(profiles: Profiles) -> dict[str, Mapping[str, str | int | float]]:
    """Return the profiles as the files have them, namespaces in the order of their names."""
    return {namespace: profiles[namespace] for namespace in sorted(profiles)}
