"""``braindump.yml`` (``braindump.txt`` before Pegasus 5): what the planner noted about a run."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from posixpath import normpath

import yaml

from eventlog.errors import InputError
from monitor.pegasus.storable_text import storable
from monitor.pegasus.submit_directory.bounded_read import read_beginning
from monitor.pegasus.submit_directory.yaml_nesting import check_nesting

_STAMP = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d):?(\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)$")
_VALUE = re.compile(r'(\w+):[ \t]+"(.*)"\s*')
_OTHER_NAMES = {
    "dax_label": "label",
    "timestamp": "pegasus_wf_time",
    "submit_dir": "run",
    "planner_version": "pegasus_version",
}
_NAMES = ("braindump.yml", "braindump.txt")
_SINGLE = (str, int, float, date)


@dataclass(frozen=True, slots=True)
class Braindump:
    """What the planner noted: ``directory`` is where the files lie now, ``planned_directory`` where they lay
    when they were planned; ``planned_at`` is an aware time or None. ``problem`` is why only the whole lines
    of its file were taken; empty where it is as it has to be."""

    directory: Path
    run: str
    root: str
    dag: str
    planned_directory: str
    planned_at: datetime | None
    values: Mapping[str, str]
    problem: str = ""

    def get(self, name: str) -> str | None:
        """A value by its name in today's files, whatever an older Pegasus called it."""
        value = self.values.get(name)
        return value if value is not None else self.values.get(_OTHER_NAMES.get(name, name))

    def here(self, path: str) -> Path:
        """Where a path lies now that was written when the directory was planned."""
        inside = self.inside(path)
        return self.directory / inside if inside is not None else Path(normpath(path))

    def inside(self, path: str) -> str | None:
        """The part of ``path`` below the submit directory; None for a path that lies elsewhere."""
        path = normpath(path)
        if not path.startswith("/"):
            return path
        below = f"{self.planned_directory}/"
        return path[len(below) :] if path.startswith(below) else None


def is_submit_directory(directory: Path) -> bool:
    """Whether a planner noted there what it made."""
    return braindump_path(directory) is not None


def braindump_path(directory: Path) -> Path | None:
    """The file in which a planner noted what it made there."""
    # pathlib's own question fails where a folder on the way may not be entered
    return next((directory / name for name in _NAMES if os.path.isfile(directory / name)), None)


def read_braindump(directory: Path) -> Braindump:
    """Raises ``InputError`` where there is none, where it cannot be read, or where it does not say which run
    and which DAG."""
    path = braindump_path(directory)
    if path is None:
        raise InputError(f"{directory}: no submit directory of Pegasus: it has no {' and no '.join(_NAMES)}")
    try:
        text = read_beginning(path)
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror or error}: it must name the run and its .dag file"
        ) from None
    values, problem = _text_values(text), ""
    if path.suffix == ".yml":
        try:
            values = _yaml_values(path, text)
        except InputError as error:
            values, problem = _whole_lines(text), str(error)
            values.setdefault("dag", _only_dag(directory))
    missing = [name for name in ("wf_uuid", "dag") if not values.get(name)]
    if missing and problem:
        raise InputError(problem)
    if missing:
        raise InputError(f"{path}: {' and '.join(missing)} missing: it must name the run and its .dag file")
    planned = values.get("submit_dir") or values.get("run") or str(directory)
    stamp = values.get("timestamp") or values.get("pegasus_wf_time")
    return Braindump(
        directory,
        values["wf_uuid"],
        values.get("root_wf_uuid") or values["wf_uuid"],
        values["dag"],
        normpath(planned),
        parse_stamp(stamp) if stamp else None,
        values,
        problem,
    )


def parse_stamp(text: str) -> datetime | None:
    """An aware time from ``20230303T222333-0800`` or ``2023-03-03T22:23:33-08:00``, None from others."""
    match = _STAMP.match(text)
    if match is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
        return datetime(year, month, day, hour, minute, second, tzinfo=_zone(match[7]))
    except ValueError:
        return None


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-offset if text[0] == "-" else offset)


def _yaml_values(path: Path, text: str) -> dict[str, str]:
    try:
        check_nesting(text)
        found = yaml.load(text, Loader=yaml.CSafeLoader)
    except InputError as error:
        raise InputError(f"{path}, {error}") from None
    except (yaml.YAMLError, ValueError) as error:
        place = getattr(error, "problem_mark", None)
        where = f", line {place.line + 1}" if place is not None else ""
        problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise InputError(f"{path}{where}: no YAML: {problem}") from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: must be a mapping of names to values")
    # only single values: text of a few nested aliases would fill any memory
    return {str(name): storable(str(value)) for name, value in found.items() if isinstance(value, _SINGLE)}


def _whole_lines(text: str) -> dict[str, str]:
    """What can be taken of a file that is no YAML: the planner writes a line for each value."""
    *whole, _ = text.replace("\0", "").split("\n")
    found = {match[1]: match[2] for match in map(_VALUE.fullmatch, whole) if match is not None}
    return {name: storable(value.replace('\\"', '"')) for name, value in found.items()}


def _only_dag(directory: Path) -> str:
    """The name of the one .dag file there; empty where there are none or several."""
    names = [path.name for path in directory.glob("*.dag")]
    return names[0] if len(names) == 1 else ""


def _text_values(text: str) -> dict[str, str]:
    pairs = (line.split(None, 1) for line in text.splitlines())
    return {pair[0]: pair[1].strip() for pair in pairs if len(pair) == 2}
