"""Reads a JSON file that may be anything."""

import json
from pathlib import Path

from eventlog.errors import InputError
from monitor.pegasus.submit_directory.bounded_read import READ_AT_ONCE, read_small


def read_json(path: Path, right: str) -> object:
    """What the file says, numbers as the text that was written; ``right`` is what it has to be.

    Raises ``FileNotFoundError``, and ``InputError`` for what is no JSON, what cannot be read, and what is
    4 MiB or longer: half of it would be no JSON.
    """
    try:
        data = read_small(path)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}: {right}") from None
    if data is None:
        raise InputError(f"{path}: {READ_AT_ONCE >> 20} MiB or more: {right}")
    try:
        said: object = json.loads(data.decode("utf-8", "replace"), parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise InputError(f"{path}: no JSON: {right}") from None
    return said


def encodable(text: str) -> str:
    """The text without half characters, which JSON's escapes can spell and nothing can store."""
    return text.encode("utf-8", "replace").decode()
