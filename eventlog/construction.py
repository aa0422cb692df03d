"""Makes frozen, slotted dataclasses at a third of what their own ``__init__`` takes.

That goes through ``object.__setattr__`` field by field. An unfrozen twin is filled instead, which then
becomes the record; the interpreter allows that between classes of the same slots, and only those.
"""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import MISSING, fields
from typing import Any, TypeVar, cast

T = TypeVar("T")

_set = object.__setattr__
_SAFETY = uuid.SafeUUID.unknown


def constructor(record: Callable[..., T]) -> Callable[..., T]:
    """A function that makes a record of all its fields, by position."""
    names = [field.name for field in fields(cast(Any, record))]
    known: dict[str, Any] = {"Twin": twin(cast(type, record), names), "Record": record}
    source = f"""\
def make({", ".join(names)}):
    record = Twin()
    {"; ".join(f"record.{name} = {name}" for name in names)}
    record.__class__ = Record
    return record
"""
    # the source is made of the names of our own dataclass and its fields, nothing from outside
    exec(compile(source, f"<constructor of {known['Record'].__name__}>", "exec"), known)  # noqa: S102
    return cast(Callable[..., T], known["make"])


def made_fast(record: type) -> None:
    """Let a frozen, slotted dataclass that takes its fields by name make its instances in half of the time.

    What its ``__init__`` takes and raises stays as it is; none of its fields may have a default factory.
    """
    names = [field.name for field in fields(record)]
    known: dict[str, Any] = {"Twin": twin(record, names), "Record": record, "set": _set}
    parameters = []
    for field in fields(record):
        if field.default is not MISSING:
            known[f"default_{field.name}"] = field.default
        parameters.append(field.name if field.default is MISSING else f"{field.name}=default_{field.name}")
    source = f"""\
def __init__(self, *, {", ".join(parameters)}):
    set(self, "__class__", Twin)
    {"; ".join(f"self.{name} = {name}" for name in names)}
    self.__class__ = Record
"""
    # the source is made of the names of our own dataclass and its fields, nothing from outside
    exec(compile(source, f"<constructor of {record.__name__}>", "exec"), known)  # noqa: S102
    setattr(record, "__init__", known["__init__"])  # noqa: B010


def twin(record: type, slots: Iterable[str]) -> type:
    """An unfrozen class with the slots of a record; an instance of it may become one of that."""
    return type(record.__name__, (), {"__slots__": tuple(slots)})


def uuid_of(octets: bytes) -> uuid.UUID:
    """The UUID of these 16 bytes, at half of what its own ``__init__`` takes: that checks much more."""
    return uuid_numbered(int.from_bytes(octets))


def uuid_numbered(number: int) -> uuid.UUID:
    """The UUID of this number of 128 bits, unchecked."""
    made = object.__new__(uuid.UUID)
    _set(made, "int", number)
    _set(made, "is_safe", _SAFETY)
    return made
