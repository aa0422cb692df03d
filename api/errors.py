"""What callers see of an error: a message, a code, never the inside."""

import logging
import secrets
from typing import Any

from graphql import GraphQLError

from eventlog.errors import HoofprintError, InputError, NotFoundError, UnavailableError

log = logging.getLogger("hoofprint.api")


class LimitError(HoofprintError):
    """A request asks for more than one request may; the message names the limit and its figure."""


class ForbiddenError(HoofprintError):
    """The caller may not do this."""


class ConflictError(HoofprintError):
    """The request contradicts one that was accepted before."""


class TimeBudgetError(HoofprintError):
    """The request took longer than one request may."""


_CODES: tuple[tuple[type[HoofprintError], str], ...] = (
    (InputError, "BAD_INPUT"),
    (NotFoundError, "NOT_FOUND"),
    (UnavailableError, "UNAVAILABLE"),
    (LimitError, "LIMIT_EXCEEDED"),
    (ForbiddenError, "FORBIDDEN"),
    (ConflictError, "CONFLICT"),
    (TimeBudgetError, "TIME_BUDGET_EXCEEDED"),
)
_MASKED = "the server could not answer this; its log tells more under reference {reference}"


def code_of(error: HoofprintError) -> str:
    """The code that callers may act upon."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), "FAILED")


def shown(error: GraphQLError) -> dict[str, Any]:
    """The error as the caller gets it; what is no message for people is logged and replaced."""
    original = _original(error)
    if original is None:
        return {**error.formatted, "extensions": {"code": "BAD_REQUEST"}}
    if isinstance(original, HoofprintError):
        message, code = str(original), code_of(original)
    else:
        reference = secrets.token_hex(4)
        log.error("request failed, reference %s", reference, exc_info=original)
        message, code = _MASKED.format(reference=reference), "INTERNAL"
    answer: dict[str, Any] = {"message": message, "extensions": {"code": code}}
    if error.path:
        answer["path"] = error.path
    if error.locations:
        answer["locations"] = [location.formatted for location in error.locations]
    return answer


def _original(error: GraphQLError) -> BaseException | None:
    """The exception of ours below any number of GraphQL's."""
    inner: BaseException | None = error
    while isinstance(inner, GraphQLError):
        inner = inner.original_error
    return inner
