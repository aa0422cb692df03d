"""Where a file lies: URLs of the order, and paths relative to the work directory."""

import os
import re

from worker.errors import WorkerError

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_CREDENTIALS = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)[^/?#]*@")


def native(text: str) -> str:
    """Give a text of the order in the form the file system functions take.

    The order is UTF-8; a compute node may run without a locale, where Python 3.6 takes file names for ASCII.
    """
    return os.fsdecode(text.encode("utf-8", "surrogateescape"))


def readable(text: str) -> str:
    """Give a text fit to be told: file names back in UTF-8, and what is no text as replacement characters."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")


def leaves_its_directory(path: str) -> bool:
    """Say whether a path climbs up with `..`."""
    return ".." in path.split("/")


def inside(directory: str, path: str) -> str:
    """Give the native path of a file of the job: relative to the work directory, or absolute as ordered."""
    return os.path.join(native(directory), native(path))


def scheme_of(url: str) -> str:
    """Give the protocol of a URL in lower case; a bare absolute path is a file."""
    if url.startswith("/"):
        return "file"
    match = _SCHEME.match(url)
    if match is None:
        raise WorkerError("%r is neither a URL nor an absolute path" % url)
    return match.group(1).lower()


def path_of(url: str) -> str:
    """Give the native path a file URL (percent-decoded, RFC 8089) or a bare absolute path names."""
    if url.startswith("/"):
        return native(url)
    encoded = url[len("file:") :].encode("utf-8", "surrogateescape")
    if encoded.startswith(b"//"):
        host, slash, rest = encoded[2:].partition(b"/")
        if host.lower() not in (b"", b"localhost"):
            raise WorkerError("%s names another host; a file URL means this machine: file:///path" % url)
        encoded = slash + rest
    path = _ESCAPE.sub(lambda match: bytes([int(match.group(1), 16)]), encoded)
    if not path.startswith(b"/") or b"\0" in path:
        raise WorkerError("%s has no absolute path; write file:///path" % url)
    return os.fsdecode(path)


def without_credentials(url: str) -> str:
    """Give the URL with a user and password in it masked, fit for facts and messages."""
    return _CREDENTIALS.sub(r"\1***@", url)
