"""Reads the keys of one JSON object, so that a mistake in an order is told with its place."""

import math
import re
from typing import Callable, Dict, Optional, Set, Tuple, TypeVar

from worker.errors import OrderError
from worker.places import leaves_its_directory

T = TypeVar("T")

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_TYPES = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}


def _kind(value: object) -> str:
    return _TYPES.get(type(value), "a number")


def _wrong(place: str, wanted: str, value: object) -> OrderError:
    return OrderError("%s: expected %s, found %s" % (place, wanted, _kind(value)))


def _checked_text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise _wrong(place, "a string", value)
    if "\0" in value:
        raise OrderError("%s: holds a NUL character, which no path and no argument can have" % place)
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise OrderError("%s: is not valid Unicode" % place) from None
    return value


def _checked_number(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _wrong(place, "a number", value)
    return value


class Fields:
    """The keys of one JSON object, each asked for by its type; `done` refuses what nobody asked for."""

    def __init__(self, value: object, place: str) -> None:
        if not isinstance(value, dict):
            raise _wrong(place or "the order", "an object", value)
        self._values: Dict[str, object] = value
        self._place = place
        self._known: Set[str] = set()

    def place(self, key: str) -> str:
        """Name a key with the way to it: `tasks[0].argv`."""
        return "%s.%s" % (self._place, key) if self._place else key

    def _take(self, key: str) -> object:
        self._known.add(key)
        return self._values.get(key)

    def done(self) -> None:
        """Refuse keys nobody asked for."""
        unknown = sorted(set(self._values) - self._known)
        if unknown:
            known = ", ".join(sorted(self._known))
            raise OrderError("%s: unknown key; known are: %s" % (self.place(unknown[0]), known))

    def optional_text(self, key: str) -> Optional[str]:
        """Give a string, or None when the key is missing or null."""
        value = self._take(key)
        return None if value is None else _checked_text(value, self.place(key))

    def text(self, key: str) -> str:
        """Give a string that must be there and not be empty."""
        value = self.optional_text(key)
        if not value:
            raise OrderError("%s: is %s" % (self.place(key), "missing" if value is None else "empty"))
        return value

    def optional_path(self, key: str) -> Optional[str]:
        """Give a path that does not climb out of the work directory, or None."""
        path = self.optional_text(key)
        if path is not None and (not path or leaves_its_directory(path)):
            raise OrderError("%s: %r leaves the work directory" % (self.place(key), path))
        return path

    def path(self, key: str) -> str:
        """Give a path, absolute or relative to the work directory, that does not climb out of it."""
        self.text(key)
        return str(self.optional_path(key))

    def absolute_path(self, key: str) -> str:
        """Give an absolute path."""
        path = self.text(key)
        if not path.startswith("/"):
            raise OrderError("%s: %r is no absolute path" % (self.place(key), path))
        return path

    def optional_sha256(self, key: str) -> Optional[str]:
        """Give 64 hexadecimal digits in lower case, or None."""
        digest = self.optional_text(key)
        if digest is not None and not _SHA256.fullmatch(digest):
            raise OrderError("%s: expected 64 hexadecimal digits, found %r" % (self.place(key), digest))
        return digest and digest.lower()

    def optional_number(self, key: str) -> Optional[float]:
        """Give a finite number greater than zero, or None."""
        value = self._take(key)
        if value is None:
            return None
        number = _checked_number(value, self.place(key))
        if number <= 0:
            raise OrderError("%s: expected a number above 0, found %s" % (self.place(key), number))
        return number

    def optional_whole(self, key: str, least: int = 0) -> Optional[int]:
        """Give a whole number that is at least `least`, or None."""
        value = self._take(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise _wrong(self.place(key), "a whole number", value)
        if value < least:
            raise OrderError("%s: expected at least %d, found %d" % (self.place(key), least, value))
        return value

    def whole(self, key: str, default: Optional[int] = None, least: int = 0) -> int:
        """Give a whole number that must be there unless it has a default."""
        value = self.optional_whole(key, least)
        if value is None:
            value = default
        if value is None:
            raise OrderError("%s: is missing" % self.place(key))
        return value

    def flag(self, key: str) -> bool:
        """Give true or false; missing is false."""
        value = self._take(key)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise _wrong(self.place(key), "true or false", value)
        return value

    def texts(self, key: str) -> Tuple[str, ...]:
        """Give a list of strings; missing is empty."""
        return self.each(key, _checked_text)

    def text_map(self, key: str) -> Dict[str, str]:
        """Give an object whose values are strings; missing is empty."""
        value = self._take(key)
        if value is None:
            return {}
        fields = Fields(value, self.place(key))
        return {
            _checked_text(name, self.place(key)): _checked_text(item, fields.place(name))
            for name, item in fields._values.items()
        }

    def nested(self, key: str) -> "Fields":
        """Give the keys of an object below this one; missing is empty."""
        value = self._take(key)
        return Fields({} if value is None else value, self.place(key))

    def each(self, key: str, read: Callable[[object, str], T]) -> Tuple[T, ...]:
        """Read every item of a list; missing is empty."""
        value = self._take(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise _wrong(self.place(key), "a list", value)
        return tuple(read(item, "%s[%d]" % (self.place(key), index)) for index, item in enumerate(value))
