"""What running tasks say about their job and its outputs through the file named in $HOOFPRINT_METADATA."""

import json
import math
import os
from typing import Dict, FrozenSet, List, NamedTuple, Optional, Tuple, Union

from worker.errors import UnreadableFile, WorkerError
from worker.facts import Tag
from worker.integrity import open_regular

VARIABLE = "HOOFPRINT_METADATA"

_MOST_BYTES = 16 * 1024 * 1024
_MOST_KEYS = 256
_LONGEST_KEY = 256
_LONGEST_VALUE = 4096
_MOST_COMPLAINTS = 20

Value = Union[str, int, float, bool]


class Tags(NamedTuple):
    """The tags of one line; without a file they are the job's own."""

    file: Optional[str]
    tags: Tuple[Tag, ...]


class _BadLine(WorkerError):
    """A line that is left out, and why."""


def read_metadata(path: str, lfns: FrozenSet[str]) -> Tuple[List[Tags], List[str]]:
    """Read and check what the tasks wrote, given the outputs they may tag.

    Gives the good lines, and for each bad one a message that names it.
    """
    try:
        text = _read(path)
    except WorkerError as error:
        return [], [str(error)]
    good: List[Tags] = []
    bad: List[str] = []
    for number, line in enumerate(text.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            good.append(_tags(line, lfns))
        except _BadLine as error:
            bad.append("$%s line %d: %s" % (VARIABLE, number, error))
    if len(bad) > _MOST_COMPLAINTS:
        bad[_MOST_COMPLAINTS:] = ["and %d more lines like these" % (len(bad) - _MOST_COMPLAINTS)]
    return good, bad


def _read(path: str) -> bytes:
    if not os.path.lexists(path):
        return b""  # a task may clean up its directory
    try:
        descriptor = open_regular(path)
    except UnreadableFile as error:
        raise WorkerError("$%s cannot be read: %s" % (VARIABLE, error)) from None
    with os.fdopen(descriptor, "rb") as file:
        text = file.read(_MOST_BYTES + 1)
    if len(text) > _MOST_BYTES:
        raise WorkerError("$%s is larger than %d bytes and was left out" % (VARIABLE, _MOST_BYTES))
    return text


def _tags(line: bytes, lfns: FrozenSet[str]) -> Tags:
    try:
        value = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _BadLine("no JSON: %s" % error) from None
    if not isinstance(value, dict) or not set(value) <= {"tags", "file"}:
        raise _BadLine('expected {"tags": {…}} with an optional "file" and nothing else')
    return Tags(_file(value, lfns), _checked_tags(value.get("tags")))


def _file(value: Dict[str, object], lfns: FrozenSet[str]) -> Optional[str]:
    if "file" not in value:
        return None
    name = value["file"]
    if not isinstance(name, str) or name not in lfns:
        known = ", ".join(sorted(lfns)[:10]) or "none"
        raise _BadLine("file %s is not one of the job's outputs (%s)" % (json.dumps(name), known))
    return name


def _checked_tags(tags: object) -> Tuple[Tag, ...]:
    if not isinstance(tags, dict) or not tags:
        raise _BadLine('"tags" must be an object with at least one key')
    if len(tags) > _MOST_KEYS:
        raise _BadLine("%d keys; %d are allowed" % (len(tags), _MOST_KEYS))
    return tuple(Tag(_checked_key(key), _checked_value(key, value)) for key, value in tags.items())


def _checked_key(key: str) -> str:
    if not key or len(key) > _LONGEST_KEY:
        raise _BadLine("a key must have 1 to %d characters, found %d" % (_LONGEST_KEY, len(key)))
    return _unicode(key)


def _checked_value(key: str, value: object) -> Value:
    if isinstance(value, str):
        if len(value) > _LONGEST_VALUE:
            raise _BadLine(
                "the value of %s has %d characters; %d are allowed" % (key, len(value), _LONGEST_VALUE)
            )
        return _unicode(value)
    if isinstance(value, bool) or (isinstance(value, int) and -(2**63) <= value < 2**63):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise _BadLine("the value of %s must be a string, a finite number or a boolean" % key)


def _unicode(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise _BadLine("holds half of a surrogate pair, which is no text") from None
    if "\0" in text:
        raise _BadLine("holds a NUL character, which is no text")
    return text
