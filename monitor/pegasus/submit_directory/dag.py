"""A ``.dag`` file of DAGMan: its nodes, their submit files and their scripts."""

import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
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
_NAME = "\0"


@dataclass(frozen=True, slots=True)
class Script:
    """A PRE or POST script as the DAG names it."""

    executable: str
    arguments: str


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is said of a node; where its name stands in a text, ``_NAME`` does."""

    submit_file: str | None = None
    pre: Script | None = None
    post: Script | None = None
    is_subdag: bool = False


_NOTHING_SAID = _Kind()


class Dag:
    """The nodes by name; ``is_pmc``: a task graph of pegasus-mpi-cluster instead of DAGMan's.

    A node that the file lacks has neither submit file nor scripts. What is said of many nodes that differ by
    their names alone is kept once.
    """

    def __init__(self) -> None:
        self.is_pmc = False
        self._kinds: dict[str, _Kind] = {}
        self._shared: dict[_Kind, _Kind] = {}

    def __len__(self) -> int:
        return len(self._kinds)

    def names(self) -> Iterable[str]:
        """The names of the nodes, in the order of the file."""
        return self._kinds

    def submit_file(self, name: str) -> str | None:
        """A node's submit file, relative to the DAG; None for a sub-DAG and for a task of PMC."""
        path = self._kind(name).submit_file
        return None if path is None else path.replace(_NAME, name)

    def pre_script(self, name: str) -> Script | None:
        """What runs before a node."""
        return _named(self._kind(name).pre, name)

    def post_script(self, name: str) -> Script | None:
        """What runs after a node."""
        return _named(self._kind(name).post, name)

    def has_post_script(self, name: str) -> bool:
        """Whether something runs after a node."""
        return self._kind(name).post is not None

    def is_subdag(self, name: str) -> bool:
        """Whether a node is a DAG of its own."""
        return self._kind(name).is_subdag

    def add(self, name: str) -> None:
        """There is a node of that name."""
        self._kinds.setdefault(name, _NOTHING_SAID)

    def set_submit_file(self, name: str, path: str) -> None:
        """A node's submit file."""
        self._set(name, replace(self._kind(name), submit_file=path.replace(name, _NAME)))

    def set_script(self, name: str, when: str, script: Script) -> None:
        """What runs ``when`` (PRE or POST) of a node."""
        kept = Script(script.executable, script.arguments.replace(name, _NAME))
        kind = self._kind(name)
        self._set(name, replace(kind, pre=kept) if when == "PRE" else replace(kind, post=kept))

    def set_subdag(self, name: str) -> None:
        """A node is a DAG of its own."""
        self._set(name, replace(self._kind(name), is_subdag=True))

    def _kind(self, name: str) -> _Kind:
        return self._kinds.get(name, _NOTHING_SAID)

    def _set(self, name: str, kind: _Kind) -> None:
        self._kinds[sys.intern(name)] = self._shared.setdefault(kind, kind)


def _named(script: Script | None, name: str) -> Script | None:
    return None if script is None else Script(script.executable, script.arguments.replace(_NAME, name))


def read_dag(path: Path) -> Dag:
    """The nodes of the file. Raises ``OSError`` where it cannot be read."""
    dag = Dag()
    check_is_file(path)
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            _take(dag, line.strip().replace(_NAME, "\ufffd"))
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
                dag.set_submit_file(job, path)
                if job in numbered:
                    dag.set_script(job, "POST", Script("", ""))
    return dag


def _take(dag: Dag, line: str) -> None:
    word = line[:4].upper()
    if word in ("JOB ", "JOB\t", "FINA", "SERV", "PROV"):
        _take_node(dag, line)
    elif word == "SCRI":
        _take_script(dag, line)
    elif word == "SUBD" and (match := _SUBDAG.match(line)):
        dag.set_subdag(match[1])
    elif word == "TASK" and (match := _TASK.match(line)):
        dag.add(match[1])
        dag.is_pmc = True


def _take_node(dag: Dag, line: str) -> None:
    if match := _NODE.match(line):
        folder = match[3]
        dag.set_submit_file(match[1], f"{folder}/{match[2]}" if folder else match[2])


def _take_script(dag: Dag, line: str) -> None:
    if match := _SCRIPT.match(line):
        dag.set_script(match[2], match[1].upper(), Script(match[3], match[4]))
