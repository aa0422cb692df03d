"""Did a job succeed? The rules of Pegasus' post script, from what the job left behind.

They are asked in this order: what DAGMan said, an empty standard output, messages that mean failure, messages
that must be there, the summary of a clustered job, and the kickstart records. Nothing is renamed or written.

Two answers differ from pegasus-exitcode's: a negative raw status in a YAML record (the task could not be
started) is a failure, where its pattern does not see the sign; and ``raw:`` counts as a word of its own, so
that a job which prints ``draw: 3`` does not fail by it.
"""

import mmap
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from eventlog.errors import InputError

Content: TypeAlias = "bytes | mmap.mmap"

_SUMMARY_STARTS = (b"[cluster-summary", b"[seqexec-summary")
_SUMMARY_ITEM = re.compile(rb'(\w+)=("[^"]*"|[^,\s\]]+)')
_YAML_RAW = re.compile(rb"(?<![\w.-])raw: (-?[0-9]+)")
_XML_STATUS = re.compile(rb"<status\b")
_XML_RAW = re.compile(rb'raw="(-?[0-9]+)"')
_QUOTED = re.compile(r"\\\+|\+")
_NUMBERED_OUTPUT = re.compile(r"\.out(\.\d+)?$")


@dataclass(frozen=True, slots=True)
class ExitRules:
    """What is asked of a job: pegasus-exitcode's ``-r``, ``-s``, ``-f`` and (false) ``-I``.

    In a message ``+`` stands for a blank and ``\\+`` for a plus.
    """

    dagman_status: int | None = None
    success_messages: Sequence[str] = ()
    failure_messages: Sequence[str] = ()
    invocations_expected: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the job succeeded, and in a sentence why."""

    succeeded: bool
    reason: str


def judge(output: Path, rules: ExitRules) -> Verdict:
    """The verdict on a job by its ``.out`` (or ``.out.000`` …) and the ``.err`` beside it, if there is one.

    A file of any size takes little memory. Raises ``InputError`` where ``output`` cannot be read or is none.
    """
    if not _NUMBERED_OUTPUT.search(output.name):
        raise InputError(f"{output}: not a job's standard output: its name has to end in .out or .out.NNN")
    if rules.dagman_status:
        return Verdict(False, f"DAGMan saw the job end with status {rules.dagman_status}")
    error_file = output.with_name(_NUMBERED_OUTPUT.sub(r".err\1", output.name))
    with _content(output) as stdout, _content(error_file, required=False) as stderr:
        return _judged(stdout, stderr, rules)


def judge_text(stdout: bytes, stderr: bytes, rules: ExitRules) -> Verdict:
    """The verdict on a job by what it printed."""
    if rules.dagman_status:
        return Verdict(False, f"DAGMan saw the job end with status {rules.dagman_status}")
    return _judged(stdout, stderr, rules)


@contextmanager
def _content(path: Path, *, required: bool = True) -> Iterator[Content]:
    if not required and not path.is_file():
        yield b""
        return
    try:
        with path.open("rb") as file:
            if not path.stat().st_size:
                yield b""
                return
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                yield content
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def _judged(stdout: Content, stderr: Content, rules: ExitRules) -> Verdict:
    if rules.invocations_expected and not len(stdout):
        return Verdict(False, "the standard output is empty")
    for message in rules.failure_messages:
        if _said(message, stdout, stderr):
            return Verdict(False, f"it printed the failure message {unquoted(message)!r}")
    for message in rules.success_messages:
        if not _said(message, stdout, stderr):
            return Verdict(False, f"it did not print the success message {unquoted(message)!r}")
    return _by_summary(stdout) or _by_records(stdout, rules)


def unquoted(message: str) -> str:
    """A message as it is looked for: ``+`` is a blank, ``\\+`` a plus."""
    return _QUOTED.sub(lambda found: "+" if found[0] == "\\+" else " ", message)


def _said(message: str, *contents: Content) -> bool:
    wanted = unquoted(message).encode()
    return any(content.find(wanted) >= 0 for content in contents)


def _by_summary(stdout: Content) -> Verdict | None:
    starts = [found for mark in _SUMMARY_STARTS if (found := stdout.find(mark)) >= 0]
    if not starts:
        if stdout.find(b"[cluster-task") >= 0:
            return Verdict(False, "it has cluster tasks and no cluster summary: it was cut off")
        return None
    end = stdout.find(b"]", starts[0])
    if end < 0:
        return Verdict(False, "its cluster summary is cut off")
    record = {key.decode(): value for key, value in _SUMMARY_ITEM.findall(stdout[starts[0] : end])}
    return _of_summary({key: value.strip(b'"').decode(errors="replace") for key, value in record.items()})


def _of_summary(summary: Mapping[str, str]) -> Verdict:
    if (stat := summary.get("stat", "ok")) != "ok":
        return Verdict(False, f"its cluster summary says stat={stat}")
    try:
        counts = {name: int(summary[name]) for name in _COUNTS if name in summary}
    except ValueError:
        return Verdict(False, "its cluster summary has a count that is no number")
    if counts.get("failed", 0) > 0:
        return Verdict(False, f"{counts['failed']} of its clustered tasks failed")
    if counts.get("submitted") == 0 or counts.get("tasks") == 0:
        return Verdict(True, "no clustered task had to be run")
    if counts.get("succeeded") == 0:
        return Verdict(False, "none of its clustered tasks succeeded")
    return Verdict(True, "its cluster summary says so")


_COUNTS = ("failed", "submitted", "tasks", "succeeded")


def _by_records(stdout: Content, rules: ExitRules) -> Verdict:
    if not rules.invocations_expected:
        return Verdict(True, "nothing speaks against it; invocation records were not asked for")
    if stdout.find(b"integrity_error: ") >= 0:
        return Verdict(False, "a checksum of an output could not be computed")
    records = 0
    for raw in _raw_statuses(stdout):
        if raw is None:
            return Verdict(False, "an invocation record has no raw status")
        if raw:
            return Verdict(False, f"a task ended with raw status {raw}")
        records += 1
    if not records:
        return Verdict(False, "there is no invocation record")
    return Verdict(True, f"{records} invocation record{'s' if records > 1 else ''} with status 0")


def _raw_statuses(stdout: Content) -> Iterator[int | None]:
    for found in _YAML_RAW.finditer(stdout):
        yield int(found[1])
    for start in _XML_STATUS.finditer(stdout):
        end = stdout.find(b"</status>", start.end())
        stated = _XML_RAW.search(stdout, start.end(), end) if end >= 0 else None
        yield int(stated[1]) if stated else None
