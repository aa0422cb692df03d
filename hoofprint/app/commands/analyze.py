"""``hoofprint analyze``: why a run failed, root cause first, and what to do."""

import shlex
import signal
from collections.abc import Sequence

import typer
from rich.console import Console

from hoofprint.app.as_of import views_as_of
from hoofprint.app.commands.options import AsOf, Json, RunReference
from hoofprint.app.house import House
from hoofprint.app.output import console, facts, print_json, printable
from projections.answers.failures import Failure, failures_of
from projections.answers.integrity import Mismatch
from projections.answers.runs import RunDetail, resolve_run, run_detail

_LINES_SHOWN = 20


def analyze(
    context: typer.Context,
    reference: RunReference = "latest",
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Say why a run failed: root cause first, with its command, exit and last words, and what to do.

    Exit code 1 when something failed, 0 otherwise.
    """
    house: House = context.obj
    store = views_as_of(house, as_of, run=reference)
    with store.reading("runs") as runs, store.reading("data") as data:
        run = resolve_run(runs, reference)
        detail = run_detail(runs, run)
        failures = failures_of(runs, data, run)
    if as_json:
        print_json({"run": detail, "failures": failures})
    else:
        _print(console(), detail, failures)
    if failures or detail.summary.state == "failed":
        raise typer.Exit(1)


def _print(out: Console, detail: RunDetail, failures: Sequence[Failure]) -> None:
    summary, progress = detail.summary, detail.progress
    out.print(
        f"{summary.workflow}, run {summary.ref.run}: {summary.state}; {progress.total} jobs, "
        f"{progress.succeeded} succeeded, {progress.failed} failed, {progress.aborted} aborted, "
        f"{progress.unsubmitted} never submitted"
    )
    for number, failure in enumerate(failures, 1):
        out.print()
        out.print(f"{number}. {_headline(failure)}", soft_wrap=True)
        out.print(facts(_details(failure)))
        tail = failure.stderr_tail.strip().splitlines()[-_LINES_SHOWN:]
        if tail:
            out.print("   last lines of stderr:")
            for line in tail:
                out.print(f"   | {printable(line)}", soft_wrap=True)
    if not failures:
        out.print("nothing failed")
        return
    out.print()
    out.print(f"When the cause is mended: hoofprint run {summary.submit_directory}", soft_wrap=True)
    out.print("It goes on where it was: what succeeded is not done again.")


def _headline(failure: Failure) -> str:
    how = "was aborted" if failure.state == "aborted" else exit_words(failure.verdict)
    stopped = f"; {failure.blocked} jobs could not run because of it" if failure.blocked else ""
    return f"{failure.job} {how} in attempt {failure.attempt}{stopped}"


def _details(failure: Failure) -> dict[str, object]:
    invocation = failure.invocation
    corrupted = "\n".join(_mismatch(wrong) for wrong in failure.mismatches)
    return {
        "   cause": failure.problem,
        "   corrupted": corrupted,
        "   command": shlex.join((invocation.executable, *invocation.argv)) if invocation else "",
        "   exit": exit_words(invocation.exit_raw) if invocation else "",
        "   script": f"the {failure.failed_script} script failed" if failure.failed_script else "",
        "   where": " ".join(part for part in (failure.site, failure.hostname) if part),
        "   record": failure.stdout_file,
    }


def _mismatch(wrong: Mismatch) -> str:
    expected, found = wrong.expected or "a known digest", wrong.found or "no file"
    return f"{wrong.lfn}: expected {expected}, found {found} at {wrong.pfn}"


def exit_words(raw: int | None) -> str:
    """A raw wait status in words: ``exited with 3``, ``was killed by SIGKILL``."""
    if raw is None:
        return "has no exit code"
    if raw < 0:
        return "could not be started"
    number = raw & 0x7F
    if number == 0:
        return f"exited with {raw >> 8}"
    try:
        return f"was killed by {signal.Signals(number).name}"
    except ValueError:
        return f"was killed by signal {number}"
