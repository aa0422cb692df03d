"""Finding the lines of values in a YAML or JSON document, for messages about them."""

from collections.abc import Collection, Mapping

import yaml
from yaml.events import (
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from planner.formats.problems import Path
from planner.formats.source import Source
from planner.formats.yaml_parser import line_of, open_parser


def locate(source: Source, paths: Collection[Path]) -> dict[Path, int]:
    """Return the line (from 1) where each path of the document, or else its nearest ancestor, begins.

    A second pass over the text, meant for messages only; it stops at the last line that is asked for.
    """
    wanted = {path[:length] for path in paths for length in range(len(path) + 1)}
    found = _first_lines(source, wanted)
    return {path: _nearest(found, path) for path in paths}


def _nearest(found: Mapping[Path, int], path: Path) -> int:
    while path and path not in found:
        path = path[:-1]
    return found.get(path, 1)


def _first_lines(source: Source, wanted: set[Path]) -> dict[Path, int]:
    parser = open_parser(source)
    walk = _PathWalk()
    found: dict[Path, int] = {}
    try:
        while len(found) < len(wanted) and (event := parser.get_event()) is not None:
            path = walk.step(event)
            if path is not None and path in wanted:
                found.setdefault(path, line_of(event))
    except yaml.YAMLError:
        return found
    finally:
        parser.dispose()
    return found


class _PathWalk:
    """Follows parser events and knows the path of each node; a value has its key's path."""

    def __init__(self) -> None:
        self._path: list[str | int] = []
        self._mapping: list[bool] = []
        self._at_key: list[bool] = []

    def step(self, event: Event) -> Path | None:
        """Return the path that begins with this event: an item's, a key's, the root's; else None."""
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._leave()
            return None
        if not isinstance(event, NodeEvent):
            return None
        path = self._arrive(event)
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._enter(isinstance(event, MappingStartEvent))
        return path

    def _arrive(self, event: NodeEvent) -> Path | None:
        if not self._mapping:
            return ()
        if not self._mapping[-1]:
            self._path[-1] = int(self._path[-1]) + 1
            return tuple(self._path)
        self._at_key[-1] = not self._at_key[-1]
        if self._at_key[-1]:
            return None
        self._path[-1] = event.value if isinstance(event, ScalarEvent) else ""
        return tuple(self._path)

    def _enter(self, mapping: bool) -> None:
        self._mapping.append(mapping)
        self._at_key.append(True)
        self._path.append("" if mapping else -1)

    def _leave(self) -> None:
        self._mapping.pop()
        self._at_key.pop()
        self._path.pop()
