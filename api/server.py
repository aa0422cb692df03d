"""The server: the application over a log and its views, and uvicorn around it."""

import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.context import RequestContext
from api.endpoint import GraphQLEndpoint
from api.following import Following
from api.guard import Doorkeeper, Gate
from api.limits import Meter
from api.metrics import Metrics
from api.pages import page_routes
from api.probes import Probes
from api.reading import Reader
from api.schema import build_schema
from api.settings import ServerSettings, require_safe
from api.standing import standing_of
from api.tokens import Access
from api.writing import Writer
from eventlog.errors import InputError, UnavailableError
from eventlog.log import EventLog
from projections.store import ViewStore

_GRACE_SECONDS = 5
_BACKLOG = 512
_LAST_PORT = 65_535

_Handler = Callable[[Request], Awaitable[Response]]


def build_app(log: EventLog, store: ViewStore, settings: ServerSettings) -> Starlette:
    """The application over a log and its views.

    Raises InputError for settings that would let strangers in, or for an unreadable token file.
    """
    require_safe(settings)
    gate, following = Gate(settings), Following(settings.follow)
    standing = partial(standing_of, log, store)
    metrics = Metrics(standing, settings.spool)
    probes = Probes(gate, metrics, following, standing)
    endpoint = _endpoint(log, store, settings, gate, metrics)
    routes = [
        *page_routes(settings.as_of),
        Route("/graphql", _measured(metrics, "/graphql", endpoint), methods=["POST"]),
        Route("/healthz", probes.healthz, methods=["GET"]),
        Route("/readyz", probes.readyz, methods=["GET"]),
        Route("/metrics", _measured(metrics, "/metrics", probes.metrics_page), methods=["GET"]),
    ]

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        following.start()
        try:
            yield
        finally:
            following.stop()

    return Starlette(routes=routes, middleware=[Middleware(Doorkeeper, settings)], lifespan=lifespan)


def _endpoint(
    log: EventLog, store: ViewStore, settings: ServerSettings, gate: Gate, metrics: Metrics
) -> GraphQLEndpoint:
    schema = build_schema(introspection=settings.introspection)
    meter = Meter(schema)
    writer = Writer(log, store, follows=settings.follow is not None)

    def context_of(access: Access) -> RequestContext:
        return RequestContext(
            access=access,
            reader=Reader(store, settings.time_budget),
            writer=writer,
            meter=meter,
            standing=partial(standing_of, log, store),
            namespace=settings.namespace,
        )

    return GraphQLEndpoint(schema, gate, metrics, context_of, settings.time_budget)


def _measured(metrics: Metrics, route: str, handler: _Handler) -> _Handler:
    async def measured(request: Request) -> Response:
        began = time.perf_counter()
        status = 500
        try:
            response = await handler(request)
            status = response.status_code
            return response
        finally:
            metrics.requests.labels(route, str(status)).inc()
            metrics.duration.labels(route).observe(time.perf_counter() - began)

    return measured


def serve(app: Starlette, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM; port 0 is any free one.

    Prints the address as a line on stdout once requests are answered. Raises UnavailableError where the
    address cannot be bound, KeyboardInterrupt after SIGINT.
    """
    listening = _listen(host, port)
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    name = f"[{host}]" if ":" in host else host
    with listening:
        _Announced(config, f"http://{name}:{listening.getsockname()[1]}").run([listening])


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= _LAST_PORT:
        raise InputError(f"port {port} is none: use 1 to {_LAST_PORT}, or 0 for any free one")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise UnavailableError(f"cannot listen on {host} port {port}: {error}") from error


class _Announced(uvicorn.Server):
    """A server that says where it is when it is ready."""

    def __init__(self, config: uvicorn.Config, address: str) -> None:
        super().__init__(config)
        self._address = address

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Being told to stop is no failure; an interrupt goes on to whoever started us."""
        if sig == signal.SIGTERM and not self.should_exit:
            self.should_exit = True
        else:
            super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the address."""
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(f"{self._address}\n")
            sys.stdout.flush()
