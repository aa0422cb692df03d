"""``hoofprint lineage``: how exactly a file was made, or what was made of it."""

import shlex
from typing import Annotated

import typer
from rich.console import Console
from rich.tree import Tree

from hoofprint.app.as_of import views_as_of
from hoofprint.app.commands.options import AsOf, Json
from hoofprint.app.file_reference import newest_run_with
from hoofprint.app.house import House
from hoofprint.app.output import console, print_json, printable, size_text, when
from projections.answers.lineage import (
    DEFAULT_BUDGET,
    DEFAULT_DEPTH,
    FileNode,
    Lineage,
    Link,
    TaskNode,
    lineage_of,
)

_SHOWN_ID = 8


def lineage(
    context: typer.Context,
    lfn: Annotated[str, typer.Argument(metavar="LFN", help="The file.")],
    run: Annotated[
        str | None, typer.Option("--run", help="Its run. Default: the newest that has the file.")
    ] = None,
    down: Annotated[bool, typer.Option("--down", help="What was made of it, not from what.")] = False,
    depth: Annotated[int, typer.Option(min=1, help="At most so many tasks away.")] = DEFAULT_DEPTH,
    budget: Annotated[
        int, typer.Option(min=1, help="At most about so many files and tasks.")
    ] = DEFAULT_BUDGET,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Say how exactly a file was made: from which files, by which commands, where, with which checksums."""
    house: House = context.obj
    store = views_as_of(house, as_of)
    found = newest_run_with(store, house.settings["namespace"], lfn, run)
    with store.reading("runs") as runs, store.reading("data") as data:
        told = lineage_of(
            runs, data, found, lfn, direction="down" if down else "up", depth=depth, budget=budget
        )
    if as_json:
        print_json(told)
    else:
        _print(console(), told, (found.run, lfn), down)


def _print(out: Console, told: Lineage, start: tuple[str, str], down: bool) -> None:
    out.print(_LineageTree(told, down).drawn(start))
    if told.is_partial:
        names = ", ".join(node.lfn for node in told.files if node.frontier)
        out.print(printable(f"there is more beyond {names}: raise --depth or --budget"), soft_wrap=True)


class _LineageTree:
    """A lineage as a tree below one file; a file that stands in it already is not drawn again."""

    def __init__(self, told: Lineage, down: bool) -> None:
        self._down = down
        self._files = {(node.run, node.lfn): node for node in told.files}
        self._tasks = {(node.run, node.task): node for node in told.tasks}
        self._next: dict[tuple[str, tuple[str, str]], list[Link]] = {}
        for link in told.links:
            side = link.source if down else link.target
            self._next.setdefault((self._side(link), side), []).append(link)
        self._drawn: set[tuple[str, str]] = set()

    def drawn(self, start: tuple[str, str]) -> Tree:
        """The tree below the file (run, LFN)."""
        tree = Tree(_file_text(self._files[start]), guide_style="dim")
        self._below_file(tree, start)
        return tree

    def _side(self, link: Link) -> str:
        """Whether a link leads on from a file or from a task."""
        leads_from_file = link.kind == "reused" or link.kind == ("read" if self._down else "written")
        return "file" if leads_from_file else "task"

    def _below_file(self, tree: Tree, file: tuple[str, str]) -> None:
        if file in self._drawn:
            if self._next.get(("file", file)):
                tree.add("(as above)")
            return
        self._drawn.add(file)
        for link in self._next.get(("file", file), []):
            other = link.target if self._down else link.source
            if link.kind == "reused":
                self._below_file(tree.add(printable(f"the same file of run {other[0][:_SHOWN_ID]}")), other)
            else:
                self._below_task(tree.add(_task_text(self._tasks[other])), other)

    def _below_task(self, tree: Tree, task: tuple[str, str]) -> None:
        for link in self._next.get(("task", task), []):
            file = link.target if self._down else link.source
            if file in self._files:
                self._below_file(tree.add(_file_text(self._files[file])), file)


def _file_text(node: FileNode) -> str:
    digest = f"sha256 {node.sha256}" if node.sha256 else "no checksum known"
    return printable(f"{node.lfn}  {size_text(node.size)}, {node.checksum}, {digest}")


def _task_text(node: TaskNode) -> str:
    program = node.executable or node.transformation
    lines = [f"task {node.task} ({node.transformation}): {shlex.join((program, *node.argv))}"]
    if node.start is not None:
        ended = "" if node.exit_raw == 0 else f", raw exit {node.exit_raw}"
        lines.append(f"on {node.hostname or node.site} at {when(node.start)}, job {node.job}{ended}")
    else:
        lines.append("not run in this run")
    return printable("\n".join(lines))
