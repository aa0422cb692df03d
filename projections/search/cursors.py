"""Where a page ended: a file's natural key, packed into an opaque text."""

import base64
import binascii
import struct
from typing import NamedTuple

from eventlog.errors import InputError

_FORM = struct.Struct(">BQQ")
_VERSION = 1


class FileKey(NamedTuple):
    """The natural key of a file, in the order in which files are listed."""

    run_key: int
    lfn_key: int


def write_cursor(key: FileKey) -> str:
    """The cursor of the page that begins behind this file."""
    packed = _FORM.pack(_VERSION, key.run_key, key.lfn_key)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_cursor(cursor: str) -> FileKey:
    """The file that a page ended with. Raises InputError for what is no cursor of ours."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        version, run_key, lfn_key = _FORM.unpack(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, struct.error, UnicodeEncodeError):
        raise _no_cursor(cursor) from None
    if version != _VERSION or max(run_key, lfn_key) >= 1 << 63:
        raise _no_cursor(cursor)
    return FileKey(run_key, lfn_key)


def _no_cursor(cursor: str) -> InputError:
    return InputError(f"{cursor[:60]!r} is no cursor of a file search; pass endCursor of the page before")
