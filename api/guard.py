"""What stands before every route: which hosts and origins are let in, who asks, safe headers on answers."""

import logging
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.headers import SAFE_HEADERS
from api.settings import ServerSettings, is_loopback
from api.tokens import Access, TokenFile
from api.tokens import Scope as Grant
from eventlog.errors import InputError

log = logging.getLogger("hoofprint.api")

_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_READING = frozenset({"GET", "HEAD"})
_MAX_SECRET = 512


class Doorkeeper:
    """ASGI middleware: refuses foreign hosts and origins, and puts safe headers on every answer."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        # a name that resolves to this machine must not turn a browser into a visitor from inside
        self._hosts = _LOCAL_NAMES if is_loopback(settings.host) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SAFE_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        problem = self._problem(scope["method"], Headers(scope=scope))
        if problem is None:
            await self._app(scope, receive, safely)
        else:
            await refusal(problem, 403)(scope, receive, safely)

    def _problem(self, method: str, headers: Headers) -> str | None:
        host = headers.get("host", "")
        if self._hosts is not None and _host_name(host) not in self._hosts:
            return (
                "this server answers to localhost, 127.0.0.1 and [::1] only; its address is in another name"
            )
        origin = headers.get("origin")
        if method not in _READING and origin is not None and urlsplit(origin).netloc != host:
            return "requests from pages of other origins are not accepted"
        return None


def _host_name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def refusal(message: str, status: int, *, code: str = "FORBIDDEN") -> JSONResponse:
    """An error in the form of GraphQL's, with a status."""
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    headers = {"www-authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(body, status, headers)


class Gate:
    """Tells what a request may do, by its token, or as the local user where no tokens are kept."""

    def __init__(self, settings: ServerSettings) -> None:
        self._tokens = TokenFile(settings.token_file) if settings.token_file else None
        self._local = Access(settings.actor, frozenset(Grant))

    def admitted(self, request: Request, scope: Grant) -> Access | JSONResponse:
        """What the caller may do, who may do this; else the answer that says why not, and what would help."""
        try:
            access = self._access_of(request)
        except InputError as error:
            log.error("nobody is let in: %s", error)
            return refusal(
                "the server cannot read its token file; its log tells why", 503, code="UNAVAILABLE"
            )
        if access is None:
            return refusal(
                "a token is needed: send it as 'Authorization: Bearer …'", 401, code="UNAUTHENTICATED"
            )
        if not access.may(scope):
            return refusal(access.lacking(scope), 403)
        return access

    def _access_of(self, request: Request) -> Access | None:
        """What the caller may do; None for a missing or unknown token."""
        if self._tokens is None:
            return self._local
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not 0 < len(secret) <= _MAX_SECRET:
            return None
        return self._tokens.access_of(secret.strip())
