"""``hoofprint analyze``: why a run failed, root cause first, and what to do."""

import shlex
import signal
from dataclasses import asdict

import typer
from rich.console import Console

from hoofprint.app.as_of import views_as_of
from hoofprint.app.commands.options import AsOf, Json, RunReference
from hoofprint.app.house import House
from hoofprint.app.output import console, facts, print_json, printable
from projections.answers.analysis import Analysis, JobCounts, analysis_of
from projections.answers.failures import Failure
from projections.answers.integrity import Mismatch
from projections.answers.jobs import Invocation, Script
from projections.answers.runs import Engine, RunDetail, resolve_run, run_detail

_LINES_SHOWN = 20
_PROCESSES_SHOWN = 20
_OURS = "hoofprint"
_STOPPED = {
    ("aborted", False): "was aborted",
    ("aborted", True): "was held, and then aborted",
    ("not submitted", False): "could not be submitted",
    ("not submitted", True): "could not be submitted",
}


def analyze(
    context: typer.Context,
    reference: RunReference = "latest",
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Say why a run failed: root cause first, with its command, exit and last words, and what to do.

    Tells how many jobs succeeded, failed, are held or were never submitted, then each job that failed, those
    of sub-workflows too, and what is held or tried again. Exit code 1 when something failed, be it the engine
    alone, 0 otherwise.
    """
    house: House = context.obj
    store = views_as_of(house, as_of, run=reference)
    with store.reading("runs") as runs, store.reading("data") as data:
        run = resolve_run(runs, reference)
        detail, analysis = run_detail(runs, run), analysis_of(runs, data, run)
    if as_json:
        print_json(
            {
                "run": detail,
                "jobs": analysis.counts,
                "failures": analysis.failures,
                "held": analysis.held,
                "failing": analysis.failing,
            }
        )
    else:
        _print(console(), detail, analysis)
    if analysis.failures or _bad_end(detail) is not None:
        raise typer.Exit(1)


def _print(out: Console, detail: RunDetail, analysis: Analysis) -> None:
    summary, counts = detail.summary, analysis.counts
    _say(out, f"{summary.workflow}, run {summary.ref.run}: {summary.state}")
    out.print(facts(_counts_facts(counts)))
    for number, failure in enumerate(analysis.failures, 1):
        where = f" of run {failure.run.run}" if failure.run != summary.ref else ""
        out.print()
        _say(out, f"{number}. {_headline(failure)}{where}")
        out.print(facts(_details(failure)))
        _print_tail(out, failure)
    _print_unfinished(out, analysis)
    if not analysis.failures:
        _say(out, f"\n{_without_failures(detail)}")
    elif detail.planner == _OURS:
        again = shlex.join(("hoofprint", "run", summary.submit_directory))
        _say(out, f"\nWhen the cause is mended: {again}")
        out.print("It goes on where it was: what succeeded is not done again.")


def _bad_end(detail: RunDetail) -> Engine | None:
    """The engine that ran last, if it ended badly."""
    engine = detail.engines[-1] if detail.engines else None
    return engine if engine is not None and engine.status else None


def _without_failures(detail: RunDetail) -> str:
    """What there is to say where no job failed."""
    engine = _bad_end(detail)
    if engine is None:
        return "nothing failed"
    reason = f": {engine.reason}" if engine.reason else ""
    return f"no job failed, but the engine ended with {engine.status}{reason}; its own log tells more"


def _say(out: Console, text: str) -> None:
    """Print what may have foreign text in it, such as names, unbroken."""
    out.print(printable(text), soft_wrap=True)


def _counts_facts(counts: JobCounts) -> dict[str, object]:
    """How the jobs stand, with the part of all of them that each number is."""
    return {
        f"{name} jobs": f"{number} ({100 * number / (counts.total or 1):.2f}%)"
        for name, number in asdict(counts).items()
    }


def _print_tail(out: Console, failure: Failure) -> None:
    tail = failure.stderr_tail.strip().splitlines()[-_LINES_SHOWN:]
    if tail:
        out.print("   last lines:")
    for line in tail:
        _say(out, f"   | {line}")


def _print_unfinished(out: Console, analysis: Analysis) -> None:
    for title, jobs in (("held", analysis.held), ("tried again after a failure", analysis.failing)):
        for job in jobs:
            told = {"   where": job.site, "   submit file": job.submit_file, "   reason": job.reason}
            _say(out, f"\n{job.job} (attempt {job.attempt}, {job.state}): {title}")
            out.print(facts(told))


def _headline(failure: Failure) -> str:
    stopped = f"; {failure.blocked} jobs could not run because of it" if failure.blocked else ""
    return f"{failure.job} {_how(failure)} in attempt {failure.attempt}{stopped}"


def _how(failure: Failure) -> str:
    """How a job failed: by its process, else by its script, else by its own verdict."""
    if failure.stopped:
        return _STOPPED[failure.stopped, bool(failure.hold_reason)]
    if failure.invocation is not None:
        return _exit_words(failure.invocation.exit_raw)
    if failure.failed_script:
        return f"failed in its {failure.failed_script.upper()} script, which {_exit_words(failure.verdict)}"
    return _exit_words(failure.verdict)


def _details(failure: Failure) -> dict[str, object]:
    corrupted = "\n".join(_mismatch(wrong) for wrong in failure.mismatches)
    invocations = [one for one in failure.invocations if one.exit_raw != 0][:_PROCESSES_SHOWN]
    return {
        "   cause": failure.problem,
        "   corrupted": corrupted,
        "   held": failure.hold_reason,
        "   command": "\n".join(_process(one, stopped=failure.stopped) for one in invocations),
        "   script": "\n".join(map(_script, failure.scripts)),
        "   where": " ".join(part for part in (failure.site, failure.hostname) if part),
        "   work directory": failure.work_directory,
        "   last state": failure.last_state,
        "   submit file": failure.submit_file,
        "   output": failure.stdout_file,
        "   error": failure.stderr_file,
    }


def _process(process: Invocation, *, stopped: str) -> str:
    """A process that failed: what it was, what it ran, and how it ended."""
    task = f"task {process.task}: " if process.task else ""
    # the exit code of what was stopped is made up by whoever recorded it
    ended = "" if stopped else f": {_exit_words(process.exit_raw)}"
    return f"{task}{shlex.join((process.executable, *process.argv))}{ended}"


def _script(script: Script) -> str:
    command = shlex.join((script.executable, *script.argv)) if script.executable else ""
    return f"{script.script.upper()} {_exit_words(script.exit_raw)} {command}".strip()


def _mismatch(wrong: Mismatch) -> str:
    if wrong.lfn is None:
        return f"{wrong.role} files; only how many checksums were wrong is known, not of which"
    expected, found = wrong.expected or "a known digest", wrong.found or "no file"
    return f"{wrong.lfn}: expected {expected}, found {found} at {wrong.pfn}"


def _exit_words(raw: int | None) -> str:
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
