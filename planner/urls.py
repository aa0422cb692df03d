"""URLs of files, by one rule: a file URL is percent-encoded text (RFC 8089), a bare absolute path is literal.

URLs that others wrote stay as they wrote them; a blank that nobody encoded means itself.
"""

import re
from urllib.parse import quote, unquote

_file_url = re.compile(r"file:(?://[^/]*)?(/.*)", re.IGNORECASE | re.DOTALL).fullmatch
# nearly all names need no encoding, which this finds out faster than encoding does
_plain = re.compile(r"[A-Za-z0-9_.~/-]*").fullmatch


def is_file_url(pfn: str) -> bool:
    """Whether a PFN is a file URL; a bare absolute path is none."""
    return pfn[:5].lower() == "file:"


def file_url(path: str) -> str:
    """The URL of an absolute path, as ``pathlib.Path.as_uri`` writes it."""
    return f"file://{_encoded(path)}"


def url_below(base: str, relative: str) -> str:
    """The URL of a relative path (an LFN, a run's folder) below a URL that ends without a slash."""
    return f"{base}/{_encoded(relative)}"


def as_url(pfn: str) -> str:
    """A PFN as URL: a bare absolute path becomes a file URL; everything else stays as it is."""
    return file_url(pfn) if pfn.startswith("/") else pfn


def path_of(pfn: str) -> str:
    """The path that a file URL names (its host, if any, left out); any other PFN as it is.

    Two PFNs with the same path are the same place, however they are written.
    """
    match = _file_url(pfn) if is_file_url(pfn) else None
    return unquote(match[1], errors="surrogateescape") if match else pfn


def _encoded(path: str) -> str:
    return path if _plain(path) else quote(path, errors="surrogateescape")
