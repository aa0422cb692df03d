"""Refuses YAML that is nested beyond reason: the loader recurses in C, and a deep one ends the process."""

import yaml

from eventlog.errors import InputError

DEEPEST = 100
_HARMLESS = 1000
_OPENERS = ("[", "{", "- ", "? ")


def check_nesting(text: str) -> None:
    """Raises ``InputError`` with the line where ``text`` is nested more than ``DEEPEST`` deep.

    What cannot be deep is not parsed for it; what is no YAML is left for the loader to say.
    """
    if sum(map(text.count, _OPENERS)) < _HARMLESS and " " * _HARMLESS not in text:
        return
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > DEEPEST:
                where = f"line {event.start_mark.line + 1}: " if event.start_mark is not None else ""
                raise InputError(f"{where}nested more than {DEEPEST} deep")
    except (yaml.YAMLError, ValueError):
        return
