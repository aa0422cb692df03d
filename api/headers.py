"""Headers that keep browsers careful: what a page may load and be part of, and what is kept of answers."""

from collections.abc import Mapping
from types import MappingProxyType

_SOURCES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' data:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}


def content_policy(allowed: Mapping[str, str] = MappingProxyType({})) -> str:
    """The content security policy of an answer: this server's files and, by directive, what else it needs."""
    return "; ".join(f"{directive} {sources}" for directive, sources in (_SOURCES | dict(allowed)).items())


SAFE_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "content-security-policy": content_policy(),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
    }
)
"""What stands on every answer that does not say otherwise itself."""
