"""What all pages have in common."""

import base64
import binascii
from typing import TypeVar

import msgspec
import strawberry

from eventlog.errors import InputError

MAX_PAGE = 100
PAGE = 20

T = TypeVar("T")


@strawberry.type
class PageInfo:
    """Where a page ends, and whether another follows."""

    has_next_page: bool
    end_cursor: str | None = strawberry.field(description="Pass it as `after` for the next page.")


def require_page(first: int, limit: int = MAX_PAGE) -> None:
    """Raise InputError for a page that is empty or longer than one request may have."""
    if not 1 <= first <= limit:
        raise InputError(f"first is {first}; a page has 1 to {limit} entries: follow endCursor for more")


def pack_cursor(key: object) -> str:
    """A natural key as an opaque cursor."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def unpack_cursor(cursor: str, form: type[T], what: str) -> T:
    """The natural key in a cursor. Raises InputError for what is no cursor of such a page."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=form)
    except (binascii.Error, UnicodeEncodeError, msgspec.DecodeError):
        raise InputError(
            f"{cursor[:60]!r} is no cursor of a page of {what}; pass endCursor of the page before"
        ) from None
