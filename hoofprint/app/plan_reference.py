"""From what a person calls a run to its plan directory."""

from pathlib import Path

from eventlog.errors import NotFoundError
from hoofprint.app.house import House
from planner.directory import PLAN_FILE, read_manifest
from projections.answers.runs import resolve_run, run_detail


def plan_directory(house: House, reference: str) -> Path:
    """The plan directory of a run named by directory, id, beginning of an id, or 'latest'.

    Raises NotFoundError when the log knows no such plan, or its directory is gone.
    """
    given = Path(reference)
    if (given / PLAN_FILE).is_file():
        return _known(house, given)
    with house.folded().reading("runs") as connection:
        summary = run_detail(connection, resolve_run(connection, reference)).summary
    directory = Path(summary.submit_directory)
    if not (directory / PLAN_FILE).is_file():
        raise NotFoundError(
            f"run {summary.ref.run}: its plan directory {directory} is gone; plan the workflow again"
        )
    return directory


def _known(house: House, directory: Path) -> Path:
    """The directory, if its plan is on this log: what an unknown plan's run leaves, nobody would find."""
    run = read_manifest(directory).run
    with house.folded().reading("runs") as connection:
        try:
            resolve_run(connection, run)
        except NotFoundError:
            raise NotFoundError(
                f"{directory}: the log {house.settings['log']} does not know this plan, or its planner was "
                "cut off: use the log it was planned with (HOOFPRINT_LOG), or plan the workflow again"
            ) from None
    return directory
