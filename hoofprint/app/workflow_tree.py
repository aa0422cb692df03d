"""From what a person calls a run to its workflow tree's events on the log."""

from hoofprint.app.house import House
from hoofprint.app.submit_reference import run_meant
from projections.answers.runs import resolve_run, root_of


def tree_key(house: House, reference: str) -> str:
    """The key of the events of the workflow tree that a run belongs to: the id of its root.

    Folds what is new first; raises what ``resolve_run`` raises.
    """
    with house.folded().reading("runs") as connection:
        return root_of(connection, resolve_run(connection, run_meant(reference)))
