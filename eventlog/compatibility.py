"""Which Avro schemas read what which others wrote, decided from the schemas alone.

Source: Avro 1.12 specification, "Schema Resolution". Named types are matched by their unqualified names,
and aliases are not followed: a renamed field counts as one that went and one that came.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

Schema = None | bool | int | float | str | Sequence["Schema"] | Mapping[str, "Schema"]
"""An Avro schema, as JSON has it."""

_PROMOTED = {
    "int": frozenset({"long", "float", "double"}),
    "long": frozenset({"float", "double"}),
    "float": frozenset({"double"}),
    "string": frozenset({"bytes"}),
    "bytes": frozenset({"string"}),
}
_NAMED = frozenset({"record", "enum", "fixed"})


def breaches(older: Schema, newer: Schema) -> list[str]:
    """Why two versions of a schema are not fully compatible; empty where each reads what the other wrote."""
    old, new = _Scope(older), _Scope(newer)
    forward = [f"the older cannot read the newer: {why}" for why in _reading(old, older, new, newer)]
    backward = [f"the newer cannot read the older: {why}" for why in _reading(new, newer, old, older)]
    return forward + backward


def reading_problems(reader: Schema, writer: Schema) -> list[str]:
    """Why some value that the schema ``writer`` wrote cannot be read with ``reader``; empty where all can."""
    return list(_reading(_Scope(reader), reader, _Scope(writer), writer))


class _Scope:
    """The named types of one schema; a name that was defined stands for its definition."""

    def __init__(self, schema: Schema) -> None:
        self._defined: dict[str, Mapping[str, Schema]] = {}
        self._collect(schema, "")

    def definition(self, schema: Schema) -> Schema:
        """A schema with a reference replaced by what it refers to."""
        return self._defined.get(schema, schema) if isinstance(schema, str) else schema

    def _collect(self, schema: Schema, namespace: str) -> None:
        if isinstance(schema, Mapping):
            if schema.get("type") in _NAMED:
                namespace = str(schema.get("namespace", namespace))
                self._defined[_full_name(schema, namespace)] = schema
                self._defined[str(schema["name"])] = schema
            for field in _fields(schema):
                self._collect(field["type"], namespace)
            self._collect(schema.get("items"), namespace)
            self._collect(schema.get("values"), namespace)
        elif isinstance(schema, Sequence) and not isinstance(schema, str):
            for branch in schema:
                self._collect(branch, namespace)


def _reading(
    reading: _Scope,
    reader: Schema,
    writing: _Scope,
    writer: Schema,
    place: str = "",
    seen: frozenset[tuple[str, str]] = frozenset(),
) -> Iterator[str]:
    """Why what ``writer`` wrote cannot be read with ``reader``; ``seen`` names the records around."""
    reader, writer = reading.definition(reader), writing.definition(writer)
    if _is_union(writer):
        for branch in cast(Sequence[Schema], writer):
            yield from _reading(reading, reader, writing, branch, place, seen)
        return
    if _is_union(reader):
        branches = cast(Sequence[Schema], reader)
        if any(not list(_reading(reading, branch, writing, writer, place, seen)) for branch in branches):
            return
        same = [branch for branch in branches if _kind(reading.definition(branch)) == _kind(writer)]
        if len(same) != 1 or _kind(writer) not in ("record", "array", "map"):
            yield _misfit(place, writer, reader)
            return
        reader = reading.definition(same[0])
    yield from _reading_one(reading, reader, writing, writer, place, seen)


def _reading_one(
    reading: _Scope,
    reader: Schema,
    writing: _Scope,
    writer: Schema,
    place: str,
    seen: frozenset[tuple[str, str]],
) -> Iterator[str]:
    """As ``_reading``, where neither is a union."""
    kind = _kind(writer)
    if kind != _kind(reader):
        if _kind(reader) not in _PROMOTED.get(kind, ()):
            yield _misfit(place, writer, reader)
        return
    if not (isinstance(reader, Mapping) and isinstance(writer, Mapping)):
        return
    if kind in _NAMED and _simple_name(reader) != _simple_name(writer):
        yield _misfit(place, writer, reader)
    elif kind == "array":
        yield from _reading(reading, reader["items"], writing, writer["items"], f"{place}[]", seen)
    elif kind == "map":
        yield from _reading(reading, reader["values"], writing, writer["values"], f"{place}{{}}", seen)
    elif kind == "fixed" and reader["size"] != writer["size"]:
        yield f"{_at(place)}: {writer['size']} bytes were written, {reader['size']} are read"
    elif kind == "enum":
        yield from _enum_problems(reader, writer, place)
    elif kind == "record" and (_simple_name(reader), _simple_name(writer)) not in seen:
        around = seen | {(_simple_name(reader), _simple_name(writer))}
        yield from _record_problems(reading, reader, writing, writer, place, around)


def _record_problems(
    reading: _Scope,
    reader: Mapping[str, Schema],
    writing: _Scope,
    writer: Mapping[str, Schema],
    place: str,
    seen: frozenset[tuple[str, str]],
) -> Iterator[str]:
    written = {str(field["name"]): field for field in _fields(writer)}
    place = place or _simple_name(reader)
    for field in _fields(reader):
        inner = f"{place}.{field['name']}"
        if str(field["name"]) in written:
            other = written[str(field["name"])]["type"]
            yield from _reading(reading, field["type"], writing, other, inner, seen)
        elif "default" not in field:
            yield f"{inner}: was not written, and has no default"


def _enum_problems(reader: Mapping[str, Schema], writer: Mapping[str, Schema], place: str) -> Iterator[str]:
    unknown = set(cast(Sequence[str], writer["symbols"])) - set(cast(Sequence[str], reader["symbols"]))
    if unknown and "default" not in reader:
        yield f"{_at(place)}: symbols {', '.join(sorted(unknown))} are unknown, and there is no default"


def _misfit(place: str, writer: Schema, reader: Schema) -> str:
    return f"{_at(place)}: {_words(writer)} was written, {_words(reader)} is read"


def _at(place: str) -> str:
    return place or "the schema"


def _words(schema: Schema) -> str:
    if _is_union(schema):
        return " or ".join(_words(branch) for branch in cast(Sequence[Schema], schema))
    kind = _kind(schema)
    if isinstance(schema, Mapping) and kind in _NAMED:
        return f"{kind} {_simple_name(schema)}"
    return kind


def _is_union(schema: Schema) -> bool:
    return isinstance(schema, Sequence) and not isinstance(schema, str)


def _kind(schema: Schema) -> str:
    """The type's word: a primitive's name, record, array, …; ``{"type": "string"}`` is a string."""
    if isinstance(schema, Mapping):
        return _kind(schema["type"])
    return str(schema)


def _fields(schema: Mapping[str, Schema]) -> Sequence[Mapping[str, Schema]]:
    return cast(Sequence[Mapping[str, Schema]], schema.get("fields", ()))


def _simple_name(schema: Mapping[str, Schema]) -> str:
    return str(schema["name"]).rpartition(".")[2]


def _full_name(schema: Mapping[str, Schema], namespace: str) -> str:
    name = str(schema["name"])
    return name if "." in name or not namespace else f"{namespace}.{name}"
