"""What tasks and tools write for people, and the messages for a monitor that stand among it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from monitor.pegasus.submit_directory.bounded_read import read_beginning
from monitor.pegasus.submit_directory.kickstart import MOST_OUTPUT

_BEGIN, _END = "@@@MONITORING_PAYLOAD - START@@@", "@@@MONITORING_PAYLOAD - END@@@"
_LITE_EXIT = re.compile(r"^PegasusLite: exitcode (\d+)\s*$", re.M)
_TO_QUOTE = re.compile(r"[\x00-\x1f%'\"\x7f]")

Message = Mapping[str, object]


@dataclass(slots=True)
class Told:
    """Text without the messages in it, and the messages."""

    text: str = ""
    messages: list[Message] = field(default_factory=list)
    lite_exit: str | None = None


def split_messages(text: str) -> Told:
    """Takes a monitor's messages out of what a task wrote; one that is no JSON is left out."""
    told, rest = Told(), text
    while _BEGIN in rest:
        before, _, rest = rest.partition(_BEGIN)
        payload, _, rest = rest.partition(_END)
        told.text += before
        try:
            message = json.loads(payload)
        except ValueError:
            continue
        if isinstance(message, dict):
            told.messages.append(cast(Message, message))
    told.text += rest
    return told


def read_error_file(path: Path) -> Told:
    """What a job wrote to its standard error; nothing where there is no such file."""
    try:
        text = read_beginning(path)
    except OSError:
        return Told()
    told = split_messages(text)
    match = _LITE_EXIT.search(text)
    told.lite_exit = match[1] if match else None
    return told


def quoted(text: str) -> str:
    """Text as it stands in an event: what would end a field or a line by its percent code."""
    return _TO_QUOTE.sub(lambda match: f"%{ord(match[0]):02X}", text)


def cut(text: str, length: int = MOST_OUTPUT) -> str:
    """The beginning of a text, as much as an event takes."""
    return text[:length]
