"""A job's submit file (``.sub``): what HTCondor was told, and what Pegasus noted beside it."""

import re
from dataclasses import dataclass
from pathlib import Path

from monitor.pegasus.submit_directory.bounded_read import read_beginning

_COMMAND = re.compile(r"^[ \t]*(\+?[A-Za-z_][\w.]*)[ \t]*=[ \t]*(.*)$", re.M)
_QUOTED = re.compile(r'"([^"\r\n]*)"')
_DAGMAN_LOG = re.compile(r"_CONDOR_DAGMAN_LOG[:=]\s*([^\s;\"']+)")
_DAG = re.compile(r"(?:^|\s)-Dag\s+(\S+)")
_UNKNOWN_SITE = "!!SITE!!"
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class SubmitFile:
    """What a monitor needs of a submit file; None for what it does not say.

    ``multiplier`` is pegasus.cores, ``job_class`` Pegasus' number of a kind of job, ``cluster_size`` how many
    tasks it runs. ``dagman_log`` is where a sub-workflow's DAGMan was told to write.
    """

    site: str | None = None
    transformation: str | None = None
    task: str | None = None
    executable: str | None = None
    arguments: str | None = None
    stdin: str | None = None
    stdout: str | None = None
    stderr: str | None = None
    multiplier: str | None = None
    gpus: str | None = None
    job_class: str | None = None
    cluster_size: str | None = None
    dagman_log: str | None = None
    transfer_input: tuple[str, ...] = ()
    transfer_output: tuple[str, ...] = ()

    @property
    def records_expected(self) -> int:
        """How many invocation records are to be expected: one where it does not say."""
        return int(self.cluster_size[:_DIGITS]) if self.cluster_size is not None else 1


def read_submit_file(path: Path) -> SubmitFile:
    """What the file says; what cannot be read says nothing. Raises ``OSError`` where there is none."""
    text = read_beginning(path)
    said = {name.lower(): value.rstrip() for name, value in _COMMAND.findall(text)}
    site = _word(said.get("+pegasus_site") or said.get("+wf_site") or said.get("+wf_resource"))
    task = _word(said.get("+pegasus_wf_dax_job_id"))
    return SubmitFile(
        site=None if site == _UNKNOWN_SITE else site,
        transformation=_word(said.get("+pegasus_wf_xformation")),
        task=None if task == "null" else task,
        executable=_word(said.get("executable")),
        arguments=_arguments(said.get("arguments")),
        stdin=_word(said.get("input")),
        stdout=_word(said.get("output")),
        stderr=_word(said.get("error")),
        multiplier=_number(said.get("+pegasus_cores")),
        gpus=_number(said.get("+pegasus_gpus")),
        job_class=_word(said.get("+pegasus_job_class")),
        cluster_size=_number(said.get("+pegasus_cluster_size")),
        dagman_log=_dagman_log(said),
        transfer_input=_listed(said.get("transfer_input_files")),
        transfer_output=_listed(said.get("transfer_output_files")),
    )


def _word(value: str | None) -> str | None:
    words = value.split(None, 1) if value else ()
    return words[0].strip("\"'") or None if words else None


def _number(value: str | None) -> str | None:
    word = _word(value)
    return word if word is not None and word.isdecimal() else None


def _arguments(value: str | None) -> str | None:
    match = _QUOTED.match(value) if value else None
    return match[1] or None if match else None


def _listed(value: str | None) -> tuple[str, ...]:
    return tuple(item.strip() for item in value.strip('"').split(",") if item.strip()) if value else ()


def _dagman_log(said: dict[str, str]) -> str | None:
    match = _DAGMAN_LOG.search(said.get("environment", ""))
    if match is not None:
        return match[1]
    dag, folder = _DAG.search(said.get("arguments", "")), _word(said.get("initialdir"))
    return (
        f"{folder}/{dag[1]}.dagman.out" if dag and folder and "condor_dagman" in said["executable"] else None
    )
