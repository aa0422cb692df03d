"""The workflows a stampede database holds, and its values as the text that records carry."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from sqlalchemy import select

from monitor.pegasus.database.access import StampedeTables, value_of
from monitor.pegasus.records import Record
from monitor.pegasus.storable_text import storable

_MICROSECONDS = 1_000_000
_ESCAPED = re.compile(r"(?:[^\\']|\\[\\'])*+")
_SCALE = Decimal("0.000001")

_PLAN_FIELDS = {
    "dax.label": "dax_label",
    "dax.version": "dax_version",
    "dax.file": "dax_file",
    "dag.file.name": "dag_file_name",
    "submit.hostname": "submit_hostname",
    "submit.dir": "submit_dir",
    "argv": "planner_arguments",
    "user": "user",
    "grid_dn": "grid_dn",
    "planner.version": "planner_version",
}


@dataclass(frozen=True, slots=True)
class StoredWorkflow:
    """One row of ``workflow``: its number, its UUID and its root's, and when it was planned (µs)."""

    number: int
    uuid: str
    root: str
    parent: str | None
    planned: int
    plan: Mapping[str, str]
    database: str

    def record(self, event: str, time: int, place: str, fields: Mapping[str, object | None]) -> Record:
        """A record of this workflow; fields that the database knows no value for are left away."""
        return Record(event, time, self.uuid, self.root, texts(fields), f"{self.database}: {place}")


def stored_workflows(tables: StampedeTables) -> dict[int, StoredWorkflow]:
    """Every workflow by its number, in the order of the numbers."""
    source = tables.table("workflow")
    names = ("wf_id", "wf_uuid", "timestamp", "root_wf_id", "parent_wf_id", *_PLAN_FIELDS.values())
    rows = tables.rows(select(*(value_of(source, name) for name in names)).order_by(source.c.wf_id))
    uuids = {row.wf_id: str(row.wf_uuid) for row in rows}
    parents = {row.wf_id: row.parent_wf_id for row in rows}
    return {
        row.wf_id: StoredWorkflow(
            number=row.wf_id,
            uuid=uuids[row.wf_id],
            root=uuids.get(row.root_wf_id) or uuids[_topmost(row.wf_id, parents)],
            parent=uuids.get(row.parent_wf_id),
            planned=microseconds(row.timestamp) or 0,
            plan=texts({field: row._mapping[name] for field, name in _PLAN_FIELDS.items()}),
            database=tables.name,
        )
        for row in rows
    }


def _topmost(number: int, parents: Mapping[int, int | None]) -> int:
    seen = {number}
    while (parent := parents.get(number)) in parents and parent is not None and parent not in seen:
        seen.add(parent)
        number = parent
    return number


def texts(fields: Mapping[str, object | None]) -> dict[str, str]:
    """The values that are known, as text: numbers without an exponent or needless zeros."""
    known = {name: text(value) for name, value in fields.items() if value is not None}
    if "\\" in known.get("argv", ""):
        known["argv"] = _unescaped(known["argv"])
    return known


def _unescaped(argv: str) -> str:
    """A command line without the backslash that the loader puts before each backslash and single quote."""
    return re.sub(r"\\([\\'])", r"\1", argv) if _ESCAPED.fullmatch(argv) else argv


def text(value: object) -> str:
    """One value of a row as an event file would have it."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float | Decimal):
        return _decimal_text(Decimal(str(value)))
    if isinstance(value, bytes | memoryview):
        return storable(bytes(value).decode("utf-8", errors="replace"))
    return str(value)


def _decimal_text(value: Decimal) -> str:
    if not value.is_finite():
        return str(value)
    shown = format(value.quantize(_SCALE) if abs(value) < Decimal(10**20) else value, "f")
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def microseconds(seconds: object) -> int | None:
    """Seconds since the epoch in microseconds; None where there is no number."""
    try:
        value = Decimal(str(seconds))
    except InvalidOperation:
        return None
    return int(value * _MICROSECONDS) if value.is_finite() else None
