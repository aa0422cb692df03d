"""Who may ask what: tokens, kept as digests in a file.

The file is TOML, one table a token::

    [[token]]
    name = "ci"
    sha256 = "…"                     # of the secret; the secret itself is shown once, when it is made
    scopes = ["read", "annotate"]
    namespaces = ["physics"]         # left out: every namespace
"""

import hashlib
import hmac
import json
import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from eventlog.errors import InputError

_KEYS = {"name", "sha256", "scopes", "namespaces"}
_PREFIX = "hp_"


class Scope(StrEnum):
    """What a token allows: to ask, to tag, to decide over others' data."""

    READ = "read"
    ANNOTATE = "annotate"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Access:
    """What one caller may do; ``namespaces`` None means all of them."""

    actor: str
    scopes: frozenset[Scope]
    namespaces: tuple[str, ...] | None = None

    def may(self, scope: Scope) -> bool:
        """Whether this scope is granted; admin grants all."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def lacking(self, scope: Scope) -> str:
        """In words for the caller: that this scope is not granted, and what is."""
        return f"this token does not allow to {scope}; it has {', '.join(sorted(self.scopes))}"

    def sees(self, namespace: str) -> bool:
        """Whether the namespace lies within the caller's borders."""
        return self.namespaces is None or namespace in self.namespaces


@dataclass(frozen=True, slots=True)
class Token:
    """One accepted token: the digest of its secret and what it grants."""

    digest: bytes
    access: Access


class TokenFile:
    """The accepted tokens; the file is read again when it changes, so that a removed token stops at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._tokens: tuple[Token, ...] = ()
        self._refresh()

    def access_of(self, secret: str) -> Access | None:
        """What this secret grants, None for one that is not accepted.

        Every token is compared, each in constant time: the answer's delay tells nothing.
        """
        self._refresh()
        digest = _digest(secret)
        found: Access | None = None
        for token in self._tokens:
            if hmac.compare_digest(token.digest, digest):
                found = token.access
        return found

    def _refresh(self) -> None:
        try:
            status = self._path.stat()
        except OSError as error:
            raise InputError(f"token file {self._path}: {error.strerror}") from error
        if (seen := (status.st_mtime_ns, status.st_size)) != self._seen:
            self._tokens, self._seen = read_tokens(self._path), seen


def read_tokens(path: Path) -> tuple[Token, ...]:
    """The tokens of a file. Raises InputError that names the file and the entry that is wrong."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"token file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"token file {path}: {error}") from error
    entries = content.get("token")
    if set(content) != {"token"} or not isinstance(entries, list):
        raise InputError(f"token file {path}: expected [[token]] tables and nothing else")
    return tuple(_token(path, number, entry) for number, entry in enumerate(entries, start=1))


def _token(path: Path, number: int, entry: Mapping[str, object]) -> Token:
    where = f"token file {path}, token {number}"
    if unknown := set(entry) - _KEYS:
        raise InputError(f"{where}: unknown key {sorted(unknown)[0]!r}; known are {', '.join(sorted(_KEYS))}")
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        raise InputError(f"{where}: name must be a text")
    scopes = [_scope(where, word) for word in _texts(where, entry, "scopes")]
    namespaces = _texts(where, entry, "namespaces") if "namespaces" in entry else None
    access = Access(name, frozenset(scopes), None if namespaces is None else tuple(namespaces))
    return Token(_stored_digest(where, entry), access)


def _stored_digest(where: str, entry: Mapping[str, object]) -> bytes:
    try:
        digest = bytes.fromhex(str(entry.get("sha256")))
    except ValueError:
        digest = b""
    if len(digest) != hashlib.sha256().digest_size:
        raise InputError(f"{where}: sha256 must be the 64 hexadecimal digits of the secret's digest")
    return digest


def _texts(where: str, entry: Mapping[str, object], key: str) -> list[str]:
    values = entry.get(key)
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise InputError(f'{where}: {key} must be a list of texts, such as ["read"]')
    return [str(value) for value in values]


def _scope(where: str, word: str) -> Scope:
    try:
        return Scope(word)
    except ValueError:
        raise InputError(f"{where}: no scope {word!r}; known are {', '.join(Scope)}") from None


def _digest(secret: str) -> bytes:
    # secrets are random and long: a plain digest cannot be searched
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def add_token(path: Path, name: str, scopes: frozenset[Scope], namespaces: tuple[str, ...] | None) -> str:
    """Append a new token to the file, which its owner alone can read; returns the token's secret."""
    secret = _PREFIX + secrets.token_urlsafe(32)
    lines = ["[[token]]", f"name = {_quoted(name)}", f'sha256 = "{_digest(secret).hex()}"']
    lines.append(f"scopes = [{', '.join(map(_quoted, sorted(scopes)))}]")
    if namespaces is not None:
        lines.append(f"namespaces = [{', '.join(map(_quoted, namespaces))}]")
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        # a file that was written by hand may end within a line
        file.write("\n" * (os.fstat(descriptor).st_size > 0) + "\n".join(lines) + "\n")
    return secret


def _quoted(text: str) -> str:
    # a JSON string in ASCII is a TOML string, but for DEL and surrogate pairs, which names have no use for
    if not text.isprintable() or not text.isascii():
        raise InputError(f"{text!r}: names of tokens and namespaces are printable ASCII here")
    return json.dumps(text)
