"""From what a person calls a file to the run it belongs to."""

from eventlog.errors import InputError, NotFoundError
from hoofprint.app.submit_reference import run_meant
from projections.answers.files import file_of, quoted, runs_of_file
from projections.answers.runs import RunRef, resolve_run
from projections.store import ViewStore


def newest_run_with(store: ViewStore, namespace: str, lfn: str, reference: str | None) -> RunRef:
    """The run that is meant, or the newest one that has the file.

    Raises NotFoundError where there is none, and what ``resolve_run`` raises.
    """
    return _named(store, namespace, lfn, reference) if reference else _having(store, namespace, lfn)[0]


def only_run_with(store: ViewStore, namespace: str, lfn: str, reference: str | None) -> RunRef:
    """The run that is meant, or the only one that has the file; InputError where several have it."""
    if reference:
        return _named(store, namespace, lfn, reference)
    runs = _having(store, namespace, lfn)
    if len(runs) > 1:
        some = ", ".join(run.run[:8] for run in runs[:5])
        raise InputError(f"several runs have a file {quoted(lfn)} ({some}): name one with --run")
    return runs[0]


def _named(store: ViewStore, namespace: str, lfn: str, reference: str) -> RunRef:
    with store.reading("runs") as runs, store.reading("data") as data:
        run = resolve_run(runs, run_meant(reference), [namespace])
        file_of(data, run, lfn)
    return run


def _having(store: ViewStore, namespace: str, lfn: str) -> list[RunRef]:
    with store.reading("data") as data:
        runs = runs_of_file(data, lfn, namespace=namespace)
    if not runs:
        raise NotFoundError(
            f"no run has a file {quoted(lfn)}; hoofprint find 'lfn startsWith \"…\"' lists names"
        )
    return runs
