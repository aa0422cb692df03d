"""From what a person calls a file to the run it belongs to."""

from eventlog.errors import InputError, NotFoundError
from hoofprint.app.house import House
from projections.answers.files import file_of, runs_of_file
from projections.answers.runs import RunRef, resolve_run


def newest_run_with(house: House, lfn: str, reference: str | None) -> RunRef:
    """The run that is meant, or the newest one that has the file.

    Raises NotFoundError where there is none, and what ``resolve_run`` raises.
    """
    return _named(house, lfn, reference) if reference else _having(house, lfn)[0]


def only_run_with(house: House, lfn: str, reference: str | None) -> RunRef:
    """The run that is meant, or the only one that has the file; InputError where several have it."""
    if reference:
        return _named(house, lfn, reference)
    runs = _having(house, lfn)
    if len(runs) > 1:
        some = ", ".join(run.run[:8] for run in runs[:5])
        raise InputError(f"several runs have a file {lfn!r} ({some}): name one with --run")
    return runs[0]


def _named(house: House, lfn: str, reference: str) -> RunRef:
    with house.store.reading("runs") as runs, house.store.reading("data") as data:
        run = resolve_run(runs, reference, [house.settings["namespace"]])
        file_of(data, run, lfn)
    return run


def _having(house: House, lfn: str) -> list[RunRef]:
    with house.store.reading("data") as data:
        runs = runs_of_file(data, lfn, namespace=house.settings["namespace"])
    if not runs:
        raise NotFoundError(f"no run has a file {lfn!r}; hoofprint find 'lfn startsWith \"…\"' lists names")
    return runs
