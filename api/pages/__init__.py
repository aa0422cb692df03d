"""The server's pages, a dashboard and a place to try GraphQL: plain files, no build step, no foreign host."""

from collections.abc import Awaitable, Callable
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_TYPES = {"html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript"}
_PLACES = {
    "/": "dashboard.html",
    "/graphql": "explorer.html",
    "/assets/page.css": "page.css",
    "/assets/ask.js": "ask.js",
    "/assets/dashboard.js": "dashboard.js",
    "/assets/explorer.js": "explorer.js",
}


def page_routes() -> list[Route]:
    """A route for each page and for what it is made of."""
    return [Route(path, _page(name), methods=["GET"]) for path, name in _PLACES.items()]


def _page(name: str) -> Callable[[Request], Awaitable[Response]]:
    content = files(__name__).joinpath(name).read_bytes()
    content_type = _TYPES[name.rpartition(".")[2]]

    async def page(request: Request) -> Response:
        return Response(content, headers={"content-type": content_type})

    return page
