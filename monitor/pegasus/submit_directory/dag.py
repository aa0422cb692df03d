"""A ``.dag`` file of DAGMan: its nodes, their submit files and their scripts."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from monitor.pegasus.submit_directory.bounded_read import check_is_file
from monitor.pegasus.submit_directory.braindump import is_submit_directory

_NODE = re.compile(r"(?:JOB|FINAL|SERVICE|PROVISIONER)\s+(\S+)\s+(\S+)(?:\s+DIR\s+(\S+))?", re.I)
_SUBDAG = re.compile(r"SUBDAG\s+EXTERNAL\s+(\S+)\s+(\S+)", re.I)
_SCRIPT = re.compile(
    r"SCRIPT\s+(?:DEFER\s+\d+\s+\d+\s+)?(?:DEBUG\s+\S+\s+\S+\s+)?(PRE|POST)\s+(\S+)\s+(\S+)\s?(.*)", re.I
)
_NUMBERED = re.compile(r"(.+)\.out\.\d{3,}")
_TASK = re.compile(r"TASK\s+(\S+)\s", re.I)


@dataclass(frozen=True, slots=True)
class Script:
    """A PRE or POST script as the DAG names it."""

    executable: str
    arguments: str


@dataclass(slots=True)
class DagNode:
    """A node: ``submit_file`` is relative to the DAG; None for a sub-DAG and for a task of PMC."""

    name: str
    submit_file: str | None = None
    pre: Script | None = None
    post: Script | None = None
    is_subdag: bool = False


@dataclass(slots=True)
class Dag:
    """The nodes by name; ``is_pmc``: a task graph of pegasus-mpi-cluster instead of DAGMan's."""

    nodes: dict[str, DagNode] = field(default_factory=dict)
    is_pmc: bool = False

    def node(self, name: str) -> DagNode:
        """A node by name; one that the file lacks has neither submit file nor scripts."""
        return self.nodes.get(name) or DagNode(name)


def read_dag(path: Path) -> Dag:
    """The nodes of the file. Raises ``OSError`` where it cannot be read."""
    dag = Dag()
    check_is_file(path)
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            _take(dag, line.strip())
    return dag


def presumed_dag(directory: Path) -> Dag:
    """What the files of the jobs tell of a DAG that is gone: a numbered output was left by a POST script.

    Folders of sub-workflows, which have a braindump file of their own, are left out.
    """
    dag = Dag()
    for folder, below, names in os.walk(directory):
        below[:] = sorted(name for name in below if not is_submit_directory(Path(folder, name)))
        numbered = {match[1] for match in map(_NUMBERED.fullmatch, names) if match is not None}
        for name in sorted(names):
            job, ending = os.path.splitext(name)
            if ending == ".sub" and not job.endswith(".dag.condor"):
                path = os.path.relpath(Path(folder, name), directory)
                dag.nodes[job] = DagNode(job, path, post=Script("", "") if job in numbered else None)
    return dag


def _take(dag: Dag, line: str) -> None:
    word = line[:4].upper()
    if word in ("JOB ", "JOB\t", "FINA", "SERV", "PROV"):
        _take_node(dag, line)
    elif word == "SCRI":
        _take_script(dag, line)
    elif word == "SUBD" and (match := _SUBDAG.match(line)):
        _node(dag, match[1]).is_subdag = True
    elif word == "TASK" and (match := _TASK.match(line)):
        _node(dag, match[1])
        dag.is_pmc = True


def _take_node(dag: Dag, line: str) -> None:
    if match := _NODE.match(line):
        folder = match[3]
        _node(dag, match[1]).submit_file = f"{folder}/{match[2]}" if folder else match[2]


def _take_script(dag: Dag, line: str) -> None:
    match = _SCRIPT.match(line)
    if match is None:
        return
    script = Script(match[3], match[4])
    if match[1].upper() == "PRE":
        _node(dag, match[2]).pre = script
    else:
        _node(dag, match[2]).post = script


def _node(dag: Dag, name: str) -> DagNode:
    return dag.nodes.setdefault(name, DagNode(name))
