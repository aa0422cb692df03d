"""Stampede events in JSON, as a monitor's file, message queue or plugin has them.

Names come in three spellings: with dots as in an event file (``job_inst.id``), with two underscores for a dot
(``job_inst__id``), and, in files and messages, with one (``job_inst_id``).
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from monitor.pegasus.records import Record
from monitor.pegasus.storable_text import storable
from monitor.pegasus.translation.values import UnfitValueError, moment

_PREFIX = "stampede."

_DOTTED = (
    *("xwf.id", "root.xwf.id", "parent.xwf.id", "subwf.id", "job.id", "task.id", "lfn.id", "job_inst.id"),
    *("inv.id", "js.id", "sched.id", "dax.label", "dax.index", "dax.version", "dax.file", "dag.file.name"),
    *("submit.hostname", "submit.dir", "planner.version", "pegasus.version", "wf.ts", "wf.user"),
    *("parent.task.id", "child.task.id", "parent.job.id", "child.job.id", "local.dur"),
    *("stdin.file", "stdout.file", "stdout.text", "stderr.file", "stderr.text"),
    *("cluster.start", "cluster.dur"),
)
_BY_FLAT_NAME = {name.replace(".", "_"): name for name in _DOTTED}


class JsonEvents:
    """Turns objects into records; knows which run belongs to which root."""

    def __init__(self) -> None:
        self._roots: dict[str, str] = {}

    def records(self, fields: Mapping[str, object], place: str) -> Iterator[Record]:
        """The event of one object. Raises UnfitValueError where it is none."""
        values = {
            field_name(name): text for name, value in fields.items() if (text := _text(value)) is not None
        }
        event = values.pop("event", "").removeprefix(_PREFIX)
        if not event:
            raise UnfitValueError("no stampede event: the object has no event")
        if "ts" not in values:
            raise UnfitValueError(f"this {event} has no time (ts)")
        time = moment(values.pop("ts"))
        run = values.pop("xwf.id", "")
        if not run:
            raise UnfitValueError(f"this {event} names no workflow (xwf.id)")
        root = values.pop("root.xwf.id", "") or self._roots.get(run, run)
        self._roots[run] = root
        yield Record(event, time, run, root, values, place)


def field_name(name: str) -> str:
    """A field's name as event files write it."""
    return _BY_FLAT_NAME.get(name) or name.replace("__", ".")


def _text(value: object) -> str | None:
    """A value as event files write it; None for what is not told, and for what is no single value."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    if isinstance(value, str | int):
        return storable(str(value))
    return None
