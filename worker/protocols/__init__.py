"""The protocols a file can travel by, one module each, imported when a transfer needs it."""

from typing import Callable, Tuple

from worker.errors import TransferFailed
from worker.landing import Landed, Request
from worker.places import scheme_of

Handler = Callable[[Request], Landed]


def choose(source: str, destination: str, link: bool) -> Tuple[str, Handler]:
    """Choose who brings a source URL to a destination URL; gives the protocol's name and its handler.

    Raises TransferFailed, hopeless, when no protocol does.
    """
    pair = (scheme_of(source), scheme_of(destination))
    if pair == ("file", "file"):
        from worker.protocols import file

        return ("symlink", file.link) if link else ("file", file.copy)
    if pair in (("http", "file"), ("https", "file")):
        from worker.protocols import http

        return pair[0], http.fetch
    raise TransferFailed(
        "no protocol brings %s:// to %s://; known are file and http(s) to file" % pair, hopeless=True
    )
