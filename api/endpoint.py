"""The GraphQL endpoint: one JSON request in, one JSON answer out, within one request's time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import strawberry
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from api.context import RequestContext
from api.errors import LimitError, code_of, shown
from api.guard import Gate, refusal
from api.metrics import Metrics
from api.tokens import Access, Scope
from eventlog.errors import HoofprintError, InputError

MAX_BODY = 64 * 1024 * 1024

_STATUS = {"TIME_BUDGET_EXCEEDED": 503, "UNAVAILABLE": 503, "LIMIT_EXCEEDED": 413}
_OPERATIONS = (OperationType.QUERY, OperationType.MUTATION)
_JSON = "application/json"


class Question(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """The body of a GraphQL request."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class GraphQLEndpoint:
    """Answers POST requests; ``context_of`` makes what the resolvers of one request share."""

    schema: strawberry.Schema
    gate: Gate
    metrics: Metrics
    context_of: Callable[[Access], RequestContext]
    time_budget: float

    async def __call__(self, request: Request) -> Response:
        """Answer one request. Errors of the question come with status 200, as GraphQL has it."""
        access = self.gate.admitted(request, Scope.READ)
        if isinstance(access, Response):
            return access
        try:
            question = _question(await _body(request))
        except HoofprintError as error:
            code = code_of(error)
            return refusal(str(error), _STATUS.get(code, 400), code=code)
        except ClientDisconnect:
            return Response(status_code=400)
        return self._response(await self._answer(question, self.context_of(access)))

    async def _answer(self, question: Question, context: RequestContext) -> dict[str, Any]:
        context.operation_name = question.operation_name
        try:
            async with asyncio.timeout(self.time_budget):
                result = await self.schema.execute(
                    question.query,
                    variable_values=question.variables,
                    context_value=context,
                    operation_name=question.operation_name,
                    allowed_operation_types=_OPERATIONS,
                )
        except TimeoutError:
            return _failed(context.reader.over_budget())
        except MissingQueryError:
            return _failed(InputError("the request has no query"))
        except (CannotGetOperationTypeError, InvalidOperationTypeError):
            return _failed(InputError("operationName names no query or mutation of the document"))
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [shown(error) for error in result.errors]
        return answer

    def _response(self, answer: dict[str, Any]) -> Response:
        codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
        for code in codes:
            self.metrics.errors.labels(code).inc()
        status = _STATUS.get(codes[0], 200) if codes and answer.get("data") is None else 200
        return Response(msgspec.json.encode(answer), status, media_type=_JSON)


def _failed(error: HoofprintError) -> dict[str, Any]:
    return {"data": None, "errors": [{"message": str(error), "extensions": {"code": code_of(error)}}]}


async def _body(request: Request) -> bytes:
    """The request's body. Raises LimitError for one that is too long, told or not."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
        raise InputError(f"a GraphQL request is POSTed as {_JSON}")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise LimitError(f"the request is longer than {MAX_BODY} bytes")
    return bytes(body)


def _question(body: bytes) -> Question:
    try:
        return msgspec.json.decode(body, type=Question)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f'the body is no GraphQL request, {{"query": …, "variables": …}}: {error}') from None
