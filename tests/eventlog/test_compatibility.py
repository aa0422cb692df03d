"""What the gate says of two schemas is what happens: a reader of Avro is the judge."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.avro import record_schema
from eventlog.compatibility import breaches, reading_problems
from eventlog.facts import FACT_TYPES

PRIMITIVES = ("int", "long", "float", "double", "string", "bytes", "boolean")
EXAMPLES: dict[str, object] = {
    "null": None,
    "int": 5,
    "long": 2**40,
    "float": 0.5,
    "double": 0.25,
    "string": "x",
    "bytes": b"x",
    "boolean": True,
}


def default_of(kind: Any) -> object:
    """A default that fits a type."""
    match kind:
        case [first, *_]:
            return default_of(first)
        case {"type": "record", "fields": fields}:
            return {field["name"]: default_of(field["type"]) for field in fields}
        case {"type": "enum", "symbols": symbols}:
            return symbols[0]
        case {"type": "fixed", "size": size}:
            return "x" * size
        case {"type": "array"}:
            return []
        case {"type": "map"}:
            return {}
        case "string" | "bytes":
            return ""
        case _:
            return {"null": None, "boolean": False}.get(kind, 0)


def field_of(name: str, kind: Any, *, has_default: bool) -> dict[str, Any]:
    return {"name": name, "type": kind, **({"default": default_of(kind)} if has_default else {})}


@st.composite
def kinds(draw: st.DrawFn, path: str, depth: int) -> Any:
    """A type; named types are called by where they are, with one of two letters before."""
    name = draw(st.sampled_from("RS")) + path
    flat, deep = ["primitive", "primitive", "nullable", "union"], ["array", "map", "enum", "fixed", "record"]
    match draw(st.sampled_from(flat + deep if depth > 0 else flat)):
        case "primitive":
            return draw(st.sampled_from(PRIMITIVES))
        case "nullable":
            return [
                "null",
                draw(st.sampled_from(PRIMITIVES) if depth < 1 else records(name, path, depth - 1)),
            ]
        case "union":
            return draw(st.sampled_from([["null", "string", "long"], ["string", "double"], ["long", "null"]]))
        case "array":
            return {"type": "array", "items": draw(kinds(path, depth - 1))}
        case "map":
            return {"type": "map", "values": draw(kinds(path, depth - 1))}
        case "enum":
            symbols = draw(st.lists(st.sampled_from("XYZ"), min_size=1, unique=True))
            made = {"type": "enum", "name": "E" + name, "symbols": symbols}
            return {**made, "default": symbols[0]} if draw(st.booleans()) else made
        case "fixed":
            return {"type": "fixed", "name": "F" + name, "size": draw(st.integers(1, 3))}
        case _:
            return draw(records(name, path, depth))


@st.composite
def fields(draw: st.DrawFn, name: str, path: str, depth: int) -> dict[str, Any]:
    return field_of(name, draw(kinds(f"{path}_{name}", depth - 1)), has_default=draw(st.booleans()))


@st.composite
def records(draw: st.DrawFn, name: str, path: str = "", depth: int = 2) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from("abc"), min_size=1, unique=True))
    return {"type": "record", "name": name, "fields": [draw(fields(each, path, depth)) for each in names]}


@st.composite
def evolved(draw: st.DrawFn, schema: Any, path: str = "", depth: int = 2) -> Any:
    """A schema as a later version might have it: mostly the same."""
    if draw(st.integers(0, 9)) == 0 and path:
        return draw(kinds(path, depth))
    if isinstance(schema, list):
        return [*schema[:-1], draw(evolved(schema[-1], "", depth))]
    if not isinstance(schema, dict):
        return schema
    if schema["type"] == "array":
        return {**schema, "items": draw(evolved(schema["items"], path, depth - 1))}
    if schema["type"] == "map":
        return {**schema, "values": draw(evolved(schema["values"], path, depth - 1))}
    if schema["type"] != "record":
        return schema
    kept = []
    for field in schema["fields"]:
        if draw(st.integers(0, 7)):
            kind = draw(evolved(field["type"], f"{path}_{field['name']}", depth - 1))
            kept.append(field_of(field["name"], kind, has_default="default" in field))
    absent = [name for name in "abc" if name not in {field["name"] for field in schema["fields"]}]
    kept += [draw(fields(name, path, depth)) for name in absent if draw(st.booleans())]
    return {**schema, "fields": kept}


def witnesses(schema: Any) -> Iterator[Any]:
    """Values of a schema that between them go through every branch of it."""
    if isinstance(schema, list):
        for branch in schema:
            yield from witnesses(branch)
    elif isinstance(schema, str):
        yield EXAMPLES[schema]
    elif schema["type"] == "array":
        yield from ([item] for item in witnesses(schema["items"]))
    elif schema["type"] == "map":
        yield from ({"k": item} for item in witnesses(schema["values"]))
    elif schema["type"] == "enum":
        yield from schema["symbols"]
    elif schema["type"] == "fixed":
        yield b"x" * schema["size"]
    else:
        usual = {field["name"]: next(witnesses(field["type"])) for field in schema["fields"]}
        yield usual
        for field in schema["fields"]:
            yield from ({**usual, field["name"]: value} for value in witnesses(field["type"]))


def is_read(reader: Any, writer: Any, datum: object) -> bool:
    """Whether fastavro reads with one schema what it wrote with another."""
    stream = BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(writer), datum)
    stream.seek(0)
    try:
        fastavro.schemaless_reader(stream, fastavro.parse_schema(writer), fastavro.parse_schema(reader))
    except Exception:
        return False
    return True


def all_are_read(reader: Any, writer: Any) -> bool:
    return all(is_read(reader, writer, datum) for datum in witnesses(writer))


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_the_checker_and_a_reader_agree_on_what_can_be_read(data: st.DataObject) -> None:
    old = data.draw(records("Event"))
    new = data.draw(evolved(old))
    assert (reading_problems(new, old) == []) == all_are_read(new, old), reading_problems(new, old)
    assert (reading_problems(old, new) == []) == all_are_read(old, new), reading_problems(old, new)


def made(*fields: object, name: str = "Event") -> dict[str, Any]:
    """A record of fields: (name, type) or (name, type, default)."""
    keys = ("name", "type", "default")
    return {
        "type": "record",
        "name": name,
        "fields": [dict(zip(keys, each, strict=False)) for each in fields],
    }  # type: ignore[call-overload]


A = ("a", "long", 0)
HOST = made(("ram", "long", 0), name="Host")

FULL = {
    "a field with a default comes": (made(A), made(A, ("b", "string", ""))),
    "a field with a default comes first": (made(A), made(("b", "string", ""), A)),
    "fields change their order": (made(A, ("b", "string", "")), made(("b", "string", ""), A)),
    "a default changes": (made(A), made(("a", "long", 7))),
    "a word of documentation changes": (made(A), {**made(A), "doc": "Otherwise."}),
    "a nested record gets a field": (
        made(("h", ["null", HOST], None)),
        made(("h", ["null", made(("ram", "long", 0), ("cpu", "string", ""), name="Host")], None)),
    ),
    "a namespace is spelled out": (
        {**made(A), "namespace": "hoofprint"},
        {**made(A), "name": "hoofprint.Event"},
    ),
    "a type refers to itself": (
        made(("next", ["null", "Event"], None)),
        made(("next", ["null", "Event"], None), A),
    ),
}
BROKEN = {
    "a field without default comes": (
        made(A),
        made(A, ("b", "string")),
        ["the newer cannot read the older: Event.b: was not written, and has no default"],
    ),
    "a field without default goes": (
        made(A, ("b", "string")),
        made(A),
        ["the older cannot read the newer: Event.b: was not written, and has no default"],
    ),
    "an integer becomes a text": (
        made(A),
        made(("a", "string", "")),
        [
            "the older cannot read the newer: Event.a: string was written, long is read",
            "the newer cannot read the older: Event.a: long was written, string is read",
        ],
    ),
    "a promotion goes one way only": (
        made(("a", "int", 0)),
        made(("a", "long", 0)),
        ["the older cannot read the newer: Event.a: long was written, int is read"],
    ),
    "a field without default is renamed": (
        made(("a", "long")),
        made(("b", "long")),
        [
            "the older cannot read the newer: Event.a: was not written, and has no default",
            "the newer cannot read the older: Event.b: was not written, and has no default",
        ],
    ),
    "a nested record is renamed": (
        made(("h", HOST)),
        made(("h", {**HOST, "name": "Machine"})),
        [
            "the older cannot read the newer: Event.h: record Machine was written, record Host is read",
            "the newer cannot read the older: Event.h: record Host was written, record Machine is read",
        ],
    ),
    "a nested record's field changes its type": (
        made(("h", ["null", HOST], None)),
        made(("h", ["null", made(("ram", "double", 0), name="Host")], None)),
        ["the older cannot read the newer: Event.h.ram: double was written, long is read"],
    ),
    "an item of an array changes its type": (
        made(("h", {"type": "array", "items": HOST}, [])),
        made(("h", {"type": "array", "items": made(("ram", "string", ""), name="Host")}, [])),
        [
            "the older cannot read the newer: Event.h[].ram: string was written, long is read",
            "the newer cannot read the older: Event.h[].ram: long was written, string is read",
        ],
    ),
    "a value may be missing from now on": (
        made(A),
        made(("a", ["null", "long"], None)),
        ["the older cannot read the newer: Event.a: null was written, long is read"],
    ),
    "a union gets a member": (
        made(("a", ["null", "long"], None)),
        made(("a", ["null", "long", "string"], None)),
        ["the older cannot read the newer: Event.a: string was written, null or long is read"],
    ),
    "an enum gets a symbol": (
        made(("e", {"type": "enum", "name": "E", "symbols": ["X"]})),
        made(("e", {"type": "enum", "name": "E", "symbols": ["X", "Y"]})),
        ["the older cannot read the newer: Event.e: symbols Y are unknown, and there is no default"],
    ),
}


@pytest.mark.parametrize("case", FULL)
def test_a_change_that_both_sides_can_read_is_compatible(case: str) -> None:
    older, newer = FULL[case]
    assert breaches(older, newer) == []


@pytest.mark.parametrize("case", BROKEN)
def test_a_change_that_one_side_cannot_read_is_told_with_its_place(case: str) -> None:
    older, newer, told = BROKEN[case]
    assert breaches(older, newer) == told


@pytest.mark.parametrize("kind", FACT_TYPES)
def test_every_event_type_may_lose_any_field_and_get_another(kind: str) -> None:
    schema: Any = record_schema(FACT_TYPES[kind])
    for number in range(len(schema["fields"])):
        fields = schema["fields"][:number] + schema["fields"][number + 1 :]
        newer = {**schema, "fields": [*fields, {"name": "brand_new", "type": "string", "default": ""}]}
        assert breaches(schema, newer) == []
