"""Files of a web server, over HTTP and HTTPS."""

import http.client
import urllib.error
import urllib.request
from typing import Iterator, Optional

from worker import VERSION
from worker.errors import TransferFailed
from worker.integrity import CHUNK
from worker.landing import Landed, Request, land
from worker.places import without_credentials

_SILENCE = 30.0  # seconds without a byte after which a server counts as gone
_MAY_PASS = (408, 425, 429)  # of the 4xx answers, those that ask to try again later
_MISSING = (404, 410)


def fetch(request: Request) -> Landed:
    """Download a file; a body shorter than announced is a failure, never a file."""
    name = without_credentials(request.source)
    if name != request.source:
        raise TransferFailed("%s: a user or password in a URL is not supported" % name, hopeless=True)
    try:
        with _opener().open(_question(request.source), timeout=_SILENCE) as answer:
            return land(_body(answer, name), name, request, 0o666)
    except urllib.error.HTTPError as error:
        with error:
            hopeless = 400 <= error.code < 500 and error.code not in _MAY_PASS
            raise TransferFailed(
                "%s: HTTP status %d %s" % (name, error.code, error.reason), hopeless, error.code in _MISSING
            ) from None
    except urllib.error.URLError as error:
        raise TransferFailed("%s: %s" % (name, error.reason)) from None
    except (http.client.InvalidURL, ValueError) as error:
        raise TransferFailed("%s: no valid URL: %s" % (name, error), hopeless=True) from None
    except http.client.HTTPException as error:
        raise TransferFailed("%s: broken answer: %s" % (name, error.__class__.__name__)) from None
    except OSError as error:
        raise TransferFailed("%s: %s" % (name, error)) from None


def _question(url: str) -> urllib.request.Request:
    # A compressed body would have another digest than the file.
    headers = {"User-Agent": "hoofprint-worker/%s" % VERSION, "Accept-Encoding": "identity"}
    return urllib.request.Request(url, headers=headers)  # noqa: S310 - the scheme was chosen by the protocol


def _opener() -> urllib.request.OpenerDirector:
    """Build an opener that follows redirections over HTTP(S) only: no file, ftp or data URL."""
    opener = urllib.request.OpenerDirector()
    opener.add_handler(urllib.request.ProxyHandler())
    opener.add_handler(urllib.request.UnknownHandler())
    opener.add_handler(urllib.request.HTTPHandler())
    opener.add_handler(urllib.request.HTTPDefaultErrorHandler())
    opener.add_handler(urllib.request.HTTPRedirectHandler())
    opener.add_handler(urllib.request.HTTPErrorProcessor())
    if hasattr(urllib.request, "HTTPSHandler"):  # missing where Python was built without OpenSSL
        opener.add_handler(urllib.request.HTTPSHandler())
    return opener


def _body(answer: http.client.HTTPResponse, name: str) -> Iterator[bytes]:
    announced = _length(answer)
    received = 0
    while True:
        chunk = answer.read(CHUNK)
        if not chunk:
            break
        received += len(chunk)
        yield chunk
    if announced is not None and received != announced:
        raise TransferFailed("%s: body ended after %d of %d bytes" % (name, received, announced))


def _length(answer: http.client.HTTPResponse) -> Optional[int]:
    text = answer.getheader("Content-Length")
    return int(text) if text is not None and text.isdigit() else None
