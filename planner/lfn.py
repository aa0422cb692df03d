"""Which logical file names are safe: a relative path that stays below the directory it is put in."""

import re

from eventlog.errors import InputError

LONGEST_LFN = 4_096
_control = re.compile(r"[\x00-\x1f\x7f]").search


class InvalidLfnError(InputError):
    """A logical file name that could leave its work directory, or that no file system takes."""


def check_lfn(lfn: str) -> str:
    """Return ``lfn`` when it is a relative path such as ``a/b/c``.

    Raises InvalidLfnError for a name that is empty, absolute, too long, holds a control character, or has a
    segment that is empty, ``.`` or ``..``.
    """
    if not lfn:
        raise InvalidLfnError("an LFN is empty; a file name is wanted")
    if len(lfn) > LONGEST_LFN:
        raise InvalidLfnError(
            f'LFN "{lfn[:40]}…" has {len(lfn)} characters; at most {LONGEST_LFN} are allowed'
        )
    if _control(lfn):
        raise InvalidLfnError(f"LFN {lfn!r} holds a control character; a name is one line of text")
    if "/" in lfn or lfn in (".", ".."):
        _check_path(lfn)
    return lfn


def _check_path(lfn: str) -> None:
    segments = lfn.split("/")
    if lfn.startswith("/"):
        raise InvalidLfnError(
            f'LFN "{lfn}" is an absolute path; write a relative name, and the path into the replica catalog'
        )
    if ".." in segments:
        raise InvalidLfnError(f'LFN "{lfn}" climbs out of the work directory; an LFN has no ".."')
    if "." in segments or "" in segments:
        raise InvalidLfnError(f'LFN "{lfn}" has an empty segment or "."; write the plain relative path')
