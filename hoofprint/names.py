"""Which names a workflow may give to its files, jobs and itself."""

from __future__ import annotations

import re
import sys

from hoofprint.errors import WorkflowError, WrongTypeError

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ORDINARY_LFN = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.-]*(?:/[0-9A-Za-z_][0-9A-Za-z_.-]*)*")
_SAFE = re.compile(r"[-0-9A-Za-z_]+")
_VERSION = re.compile(r"[0-9]+(\.[0-9]+(\.[0-9]+)?)?")


def check_text(text: object, place: str) -> str:
    """Return `text` if it is a non-empty string without control characters."""
    if not isinstance(text, str):
        raise WrongTypeError(place, text, "a string")
    if not text:
        raise WorkflowError(f"{place} is empty")
    if not text.isprintable() and _CONTROL.search(text):
        raise WorkflowError(f"{place} {text!r} holds a control character; a name is one line of text")
    return text


def check_lfn(lfn: object) -> str:
    """Return the logical file name, interned: a relative path that stays below its directory.

    Raises WorkflowError for a name that is empty or absolute, ends in a slash, or climbs with `..`.
    """
    if isinstance(lfn, str) and _ORDINARY_LFN.fullmatch(lfn):
        return sys.intern(lfn)
    text = check_text(lfn, "LFN")
    if "/" in text or text in (".", ".."):
        _check_path(text)
    return sys.intern(text)


def _check_path(lfn: str) -> None:
    if lfn.startswith("/"):
        raise WorkflowError(
            f"LFN {lfn!r} is absolute; give a relative name, and the path as its PFN in the replica catalog"
        )
    if ".." in lfn.split("/"):
        raise WorkflowError(f"LFN {lfn!r} climbs out of the work directory; an LFN holds no '..'")
    if lfn.endswith("/") or lfn == ".":
        raise WorkflowError(f"LFN {lfn!r} names a directory; an LFN names one file")


def check_job_id(job_id: object) -> str:
    """Return the job id if it consists of letters, digits, `-` and `_`."""
    return _check_safe(job_id, "job id")


def check_workflow_name(name: object) -> str:
    """Return the workflow's name if it consists of letters, digits, `-` and `_`."""
    return _check_safe(name, "workflow name")


def _check_safe(name: object, place: str) -> str:
    if not isinstance(name, str):
        raise WrongTypeError(place, name, "a string")
    if not _SAFE.fullmatch(name):
        raise WorkflowError(
            f"{place} {name!r}: letters, digits, '-' and '_' are allowed, and at least one of them"
        )
    return name


def check_version(version: object, place: str) -> str:
    """Return the version if it is one to three numbers joined by dots, such as `4.0` or `5.0.1`."""
    if not isinstance(version, str):
        raise WrongTypeError(f"version of {place}", version, "a string such as '4.0'")
    if not _VERSION.fullmatch(version):
        raise WorkflowError(
            f"version {version!r} of {place}: one to three numbers are wanted, such as '5.0.1'"
        )
    return version
