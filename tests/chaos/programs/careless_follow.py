"""A follower with a mistake in it: it moves the checkpoint in a transaction of its own, before the rows.

python -m tests.chaos.programs.careless_follow; killed in between it loses what it has passed.
"""

import os
import time

from sqlalchemy import Connection

from hoofprint.app.following import follow, stopping_on_signals
from hoofprint.app.house import House
from hoofprint.app.settings import resolve
from projections import folding
from projections.folding import Step, fold_step
from projections.groups import Group

BETWEEN = 600.0
"""Seconds in which it can be killed."""


def fold_carelessly(connection: Connection, group: Group, step: Step) -> int:
    """What ``fold_step`` does, and a commit in its midst."""
    moved = folding.advance_checkpoint

    def move_and_commit(*arguments: object) -> None:
        moved(*arguments)  # type: ignore[arg-type]
        connection.exec_driver_sql("COMMIT")
        print("moved", flush=True)
        time.sleep(BETWEEN)
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    folding.advance_checkpoint = move_and_commit
    try:
        return fold_step(connection, group, step)
    finally:
        folding.advance_checkpoint = moved


def main() -> None:
    from projections import projector

    projector.fold_step = fold_carelessly
    with stopping_on_signals() as stop:
        follow(House(resolve({}, os.environ)), stop, lambda beat: None)


if __name__ == "__main__":
    main()
