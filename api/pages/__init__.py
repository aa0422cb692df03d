"""The server's pages, a dashboard and GraphiQL: plain files, no build step, no foreign host."""

from collections.abc import Mapping
from html import escape
from importlib.resources import files
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.headers import content_policy

_TYPES = {"html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript"}
_OWN = {
    "/": "dashboard.html",
    "/graphql": "graphiql.html",
    **{
        f"/assets/{name}": name
        for name in ("ask.js", "dashboard.css", "dashboard.js", "frame.css", "graphiql.css", "graphiql.js")
    },
}
_VENDORED = {
    "/assets/react-18.3.1/react.production.min.js": "vendor/graphiql/react.production.min.js",
    "/assets/react-dom-18.3.1/react-dom.production.min.js": "vendor/graphiql/react-dom.production.min.js",
    "/assets/graphiql-3.9.0/graphiql.min.js": "vendor/graphiql/graphiql.min.js",
    "/assets/graphiql-3.9.0/graphiql.min.css": "vendor/graphiql/graphiql.min.css",
}
"""Addresses with a version: what is there never changes."""

_PLACE_OF_BANNER = b"<!-- as of -->\n"
_BANNER = (
    '<p class="past" role="note"><b>As of {moment}.</b>'
    " This is the past: nothing newer is shown, and nothing can be added.</p>\n"
)

_KEPT = {"cache-control": "public, max-age=31536000, immutable"}
# GraphiQL's menus and dialogs write style elements, and its style sheet holds its fonts
_POLICIES = {
    "/graphql": {
        "content-security-policy": content_policy(
            {"style-src": "'self' 'unsafe-inline'", "font-src": "data:"}
        )
    }
}


def page_routes(as_of: str | None = None) -> list[Route]:
    """A route for each page and for what it is made of.

    A moment in words, of a server that shows the past, stands at the top of each page.
    """
    banner = "" if as_of is None else _BANNER.format(moment=escape(as_of))
    own = [_route(address, name, _POLICIES.get(address, {}), banner) for address, name in _OWN.items()]
    return own + [_route(address, name, _KEPT) for address, name in _VENDORED.items()]


def _route(address: str, name: str, headers: Mapping[str, str], banner: str = "") -> Route:
    content = files(__name__).joinpath(name).read_bytes()
    if name.endswith(".html"):
        content = content.replace(_PLACE_OF_BANNER, banner.encode())
    told = MappingProxyType({"content-type": _TYPES[name.rpartition(".")[2]], **headers})

    async def page(request: Request) -> Response:
        return Response(content, headers=told)

    return Route(address, page, methods=["GET"])
