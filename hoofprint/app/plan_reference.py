"""From what a person calls a run to its plan directory."""

from pathlib import Path

from eventlog.errors import NotFoundError
from hoofprint.app.house import House
from planner.directory import PLAN_FILE
from projections.answers.runs import resolve_run, run_detail


def plan_directory(house: House, reference: str) -> Path:
    """The plan directory of a run named by directory, id, beginning of an id, or 'latest'.

    Raises NotFoundError when there is no such run, or its directory is gone.
    """
    given = Path(reference)
    if (given / PLAN_FILE).is_file():
        return given
    store = house.folded()
    with store.reading("runs") as connection:
        detail = run_detail(connection, resolve_run(connection, reference))
    directory = Path(detail.summary.submit_directory)
    if not (directory / PLAN_FILE).is_file():
        raise NotFoundError(
            f"run {detail.summary.ref.run}: its plan directory {directory} is gone; plan the workflow again"
        )
    return directory
