"""``hoofprint explain``: why a plan is as it is."""

from typing import Annotated

import msgspec
import typer

from eventlog.errors import NotFoundError
from hoofprint.app.commands.options import Json, RunReference
from hoofprint.app.house import House
from hoofprint.app.output import console, facts, print_json, table
from hoofprint.app.plan_reference import plan_directory
from planner.directory import read_decisions
from planner.explain import Decision


def explain(
    context: typer.Context,
    reference: RunReference = "latest",
    task: Annotated[
        str | None, typer.Argument(metavar="[TASK]", help="One task, by its id or its job's name, in full.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say why each task of a plan was kept or pruned, where it runs and where its inputs come from."""
    house: House = context.obj
    decisions = read_decisions(plan_directory(house, reference))
    if task is not None:
        decisions = [decision for decision in decisions if task in (decision.task, decision.job)]
        if not decisions:
            raise NotFoundError(f"the plan has no task {task!r}")
    if as_json:
        print_json(msgspec.to_builtins(decisions))
    elif task is not None:
        _print_one(decisions[0])
    else:
        rows = [(d.task, d.verdict, d.job, d.site, d.program, d.reason) for d in decisions]
        console().print(table(("task", "verdict", "job", "site", "program", "because"), rows))


def _print_one(decision: Decision) -> None:
    console().print(
        facts(
            {
                "task": decision.task,
                "written at": decision.place,
                "verdict": f"{decision.verdict}: {decision.reason}",
                "job": decision.job,
                "site": decision.site,
                "program": f"{decision.executable} ({decision.program})" if decision.executable else "",
            }
        )
    )
    rows = [(i.lfn, i.by, "\n".join(i.sources), i.known_from) for i in decision.inputs]
    if rows:
        console().print(table(("input", "comes by", "from", "known from"), rows))
