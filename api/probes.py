"""What watches the server from outside: is it alive, is it of use, how is it doing."""

from collections.abc import Callable
from dataclasses import dataclass

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from api.following import Following
from api.guard import Gate
from api.metrics import CONTENT_TYPE, Metrics
from api.standing import Standing
from api.tokens import Scope
from eventlog.errors import HoofprintError


@dataclass(frozen=True, slots=True)
class Probes:
    """The answers to /healthz, /readyz and /metrics."""

    gate: Gate
    metrics: Metrics
    following: Following
    standing: Callable[[], Standing]

    async def healthz(self, request: Request) -> Response:
        """The process answers: that is all it says."""
        return PlainTextResponse("ok\n")

    async def readyz(self, request: Request) -> Response:
        """Whether log and views answer and folding goes on; 503 where not."""
        if self.following.problem is not None:
            return JSONResponse({"ready": False, "problem": "folding stopped; see the server's log"}, 503)
        try:
            standing = await to_thread.run_sync(self.standing)
        except HoofprintError as error:
            return JSONResponse({"ready": False, "problem": type(error).__name__}, 503)
        lag = {view.group: view.lag for view in standing.views}
        return JSONResponse({"ready": True, "lag": lag})

    async def metrics_page(self, request: Request) -> Response:
        """Everything in Prometheus' text format, for callers who may read."""
        access = self.gate.admitted(request, Scope.READ)
        if isinstance(access, Response):
            return access
        text = await to_thread.run_sync(self.metrics.exposition)
        return Response(text, headers={"content-type": CONTENT_TYPE})
