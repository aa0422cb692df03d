"""Writers and readers of Avro's binary encoding, compiled to Python code for each record type.

A log lives by how many events a second it takes and gives. Code that goes straight between a dataclass and
its bytes is two to four times as fast as a general encoder that needs a mapping in between and tries the
branches of every union. Source of the format: Avro 1.12 specification, "Binary Encoding".
"""

import struct
from collections.abc import Callable, Collection
from functools import cache
from textwrap import indent
from typing import cast

from eventlog.avro import record_schema
from eventlog.construction import twin
from eventlog.field_types import Fields, FieldType, Items, Nested, Nullable, Primitive, field_types

Put = Callable[[bytes], object]
Write = Callable[[object, Put], None]
"""Puts the encoding of a record, piece by piece."""
Read = Callable[[bytes, int], tuple[object, int]]
"""Reads the value that starts at an index, and tells the index after it."""

# Most integers and sizes have one byte or two; those are worth lines of their own.
_READ_VARINT = """\
varint = body[at]
at += 1
if varint > 127:
    if body[at] < 128:
        varint += (body[at] << 7) - 128
        at += 1
    else:
        varint, at = rest_of_varint(varint, body, at)
"""
_READ_TEXT = f"""\
{_READ_VARINT}
if varint & 1:
    raise ValueError("a text of negative size")
end = at + (varint >> 1)
value = body[at:end].decode()
at = end
"""
_READ_BOOLEAN = """\
value = body[at] == 1
if body[at] > 1:
    raise ValueError("neither true nor false")
at += 1
"""
_READ_NULLABLE = """\
branch = body[at]
at += 1
if branch == 0:
    value = None
elif branch == 2:
{present}
else:
    raise ValueError("neither null nor a value")
"""
_READ_ITEMS = """\
if body[at] == 0:
    value = ()
    at += 1
else:
    value, at = read_items({read_item}, body, at)
"""
_WRITE_NULLABLE = """\
value = {value}
if value is None:
    put(b"\\0")
else:
    put(b"\\2")
{present}
"""
_WRITE_ITEMS = """\
items = {value}
if items:
    put(LONG[len(items)])
    for item in items:
{each}
put(b"\\0")
"""


@cache
def compile_writer(record: type) -> Write:
    """The writer of a fact type, or of a dataclass nested in one.

    It raises TypeError, ValueError, AttributeError, OverflowError or struct.error where a value does not fit.
    """
    names: dict[str, object] = {"LONG": LONGS, "double": struct.Struct("<d").pack}
    fields = [_writing(kind, f"record.{name}", names) for name, kind in field_types(record).items()]
    return cast(Write, _compiled(f"write_{record.__name__}(record, put)", fields, names))


@cache
def compile_reader(record: type, written: Fields | None = None) -> Read:
    """The reader of a fact type, or of a dataclass nested in one.

    ``written`` are its fields as another version wrote them: those that the record does not have are passed
    over, those that it has besides get the default of its schema. The reader raises IndexError, ValueError or
    struct.error for bytes that do not fit. A text that is cut short is not noticed by itself: the index that
    is returned then lies behind the end.
    """
    ours = field_types(record)
    names = {**_reading_names(), "Twin": twin(record, ours), "Record": record}
    lines = ["record = Twin()"]
    for name, kind in ours.items() if written is None else written:
        lines += [_reading(kind, names), f"record.{name} = value" if name in ours else ""]
    if written is not None:
        names["defaults"] = defaults = _defaults(record, {name for name, _ in written})
        lines += [f"record.{name} = defaults[{name!r}]" for name in defaults]
    lines += ["record.__class__ = Record", "return record, at"]
    return cast(Read, _compiled(f"read_{record.__name__}(body, at)", lines, names))


def _defaults(record: type, written: Collection[str]) -> dict[str, object]:
    """What the fields of a record hold that were not written; as its schema says, in immutable values."""
    fields = cast(list[dict[str, object]], record_schema(record)["fields"])
    defaults = {cast(str, field["name"]): field["default"] for field in fields}
    return {
        name: () if default == [] else default for name, default in defaults.items() if name not in written
    }


def _writing(kind: FieldType, value: str, names: dict[str, object]) -> str:
    """The statements that put the expression ``value``; what they need is added to ``names``."""
    match kind:
        case Primitive("string"):
            return f"text = {value}.encode()\nput(LONG[len(text)])\nput(text)"
        case Primitive("long"):
            return f"put(LONG[{value}])"
        case Primitive("double"):
            return f"put(double({value}))"
        case Primitive():
            return f'put(b"\\1" if {value} else b"\\0")'
        case Nullable(of):
            return _WRITE_NULLABLE.format(value=value, present=indent(_writing(of, "value", names), "    "))
        case Items(of):
            return _WRITE_ITEMS.format(value=value, each=indent(_writing(of, "item", names), "        "))
        case Nested(record):
            names[f"write_{record.__name__}"] = compile_writer(record)
            return f"write_{record.__name__}({value}, put)"


def _reading(kind: FieldType, names: dict[str, object]) -> str:
    """The statements that read ``value`` and move ``at`` behind it; what they need is added to ``names``."""
    match kind:
        case Primitive("string"):
            return _READ_TEXT
        case Primitive("long"):
            return f"{_READ_VARINT}value = (varint >> 1) ^ -(varint & 1)"
        case Primitive("double"):
            return "value, = double(body, at)\nat += 8"
        case Primitive():
            return _READ_BOOLEAN
        case Nullable(of):
            return _READ_NULLABLE.format(present=indent(_reading(of, names), "    "))
        case Items(of):
            read_item = f"read_item_{len(names)}"
            names[read_item] = _item_reader(of)
            return _READ_ITEMS.format(read_item=read_item)
        case Nested(record, written):
            names[f"read_{record.__name__}"] = compile_reader(record, written)
            return f"value, at = read_{record.__name__}(body, at)"


def _item_reader(kind: FieldType) -> Read:
    if isinstance(kind, Nested):
        return compile_reader(kind.record, kind.written)
    names = _reading_names()
    lines = [_reading(kind, names), "return value, at"]
    return cast(Read, _compiled("read_item(body, at)", lines, names))


def _reading_names() -> dict[str, object]:
    return {
        "rest_of_varint": _rest_of_varint,
        "read_items": _read_items,
        "double": struct.Struct("<d").unpack_from,
    }


def _compiled(signature: str, statements: list[str], names: dict[str, object]) -> object:
    source = f"def {signature}:\n" + indent("\n".join(statements), "    ")
    # The source is made of the names of our own dataclasses and their fields, nothing from outside.
    exec(compile(source, f"<compiled {signature}>", "exec"), names)  # noqa: S102
    return names[signature.partition("(")[0]]


def _read_items(read_item: Read, body: bytes, at: int) -> tuple[tuple[object, ...], int]:
    """An array: blocks of a count and that many items, the last one empty."""
    items: list[object] = []
    while True:
        count, at = read_long(body, at)
        if count == 0:
            return tuple(items), at
        if count < 0:
            # Such a block tells its size in bytes too, for those who want to skip it.
            count = -count
            _, at = read_long(body, at)
        for _ in range(count):
            item, at = read_item(body, at)
            items.append(item)


def read_long(body: bytes, at: int) -> tuple[int, int]:
    """The integer that starts at an index, and the index behind it."""
    value, at = body[at], at + 1
    if value > 127:
        value, at = _rest_of_varint(value, body, at)
    return (value >> 1) ^ -(value & 1), at


def _compiled_rest_of_varint() -> Callable[[int, bytes, int], tuple[int, int]]:
    """Reads the integer whose first byte, with more to come, was read: seven bits a byte, the lowest first.

    Byte by byte without a loop: every time and most durations are such integers.
    """
    lines = ["value &= 127"]
    for place in range(9):
        shift = 7 * (place + 1)
        lines += [
            f"byte = body[at + {place}]",
            "if byte < 128:",
            f"    return (value | byte << {shift}) & 0xFFFF_FFFF_FFFF_FFFF, at + {place + 1}",
            f"value |= (byte & 127) << {shift}",
        ]
    lines.append('raise ValueError("an integer of more than 64 bits")')
    compiled = _compiled("rest_of_varint(value, body, at)", lines, {})
    return cast("Callable[[int, bytes, int], tuple[int, int]]", compiled)


_rest_of_varint = _compiled_rest_of_varint()


def encode_long(value: int) -> bytes:
    """The encoding of a 64-bit integer: zigzag, then seven bits a byte, the lowest first."""
    if not -(1 << 63) <= value < 1 << 63:
        raise OverflowError(f"{value} does not fit into 64 bits")
    rest = (value << 1) ^ (value >> 63)
    encoded = bytearray()
    while rest > 127:
        encoded.append(rest & 127 | 128)
        rest >>= 7
    encoded.append(rest)
    return bytes(encoded)


class _Longs(dict[int, bytes]):
    """Encodings of integers: sizes and small numbers at hand, the others worked out."""

    def __missing__(self, value: int) -> bytes:
        return encode_long(value)


LONGS = _Longs((value, encode_long(value)) for value in range(-64, 8192))
"""The encoding of each 64-bit integer, by the integer."""
