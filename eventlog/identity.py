"""Deterministic event ids: whoever observes the same fact makes the same id."""

import hashlib
import uuid
from functools import lru_cache
from typing import TYPE_CHECKING

from eventlog.construction import uuid_numbered

if TYPE_CHECKING:
    from hashlib import _Hash

# UUIDv5 of the URL namespace and "hoofprint/event"; a constant of the log's format, never to change.
EVENT_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "hoofprint/event")
_VERSION_5 = uuid.UUID(int=0, version=5).int
"""Version and variant, as a UUID holds them between the digest's bits."""
_FREE_BITS = uuid.UUID(int=(1 << 128) - 1, version=5).int ^ _VERSION_5


def event_id(
    kind: str, *, root: str, run: str, job: str = "", attempt: int = 0, ordinal: int = 0, revision: int = 0
) -> uuid.UUID:
    """The UUIDv5 of one fact: the ``ordinal``-th of its ``kind`` in this root, run, job and attempt.

    Parts are length-prefixed, so that no two different tuples share a pre-image.
    """
    name = (
        f"{len(job)}:{job}{_measured_number(attempt)}{len(kind)}:{kind}"
        f"{_measured_number(ordinal)}{_measured_number(revision)}"
    )
    digest = _digest_of_run(root, run).copy()
    digest.update(_encoded(name))
    return _uuid5(digest)


def mutation_id(kind: str, *, namespace: str, actor: str, root: str, idempotency_key: str) -> uuid.UUID:
    """The UUIDv5 of a client's mutation: the same actor and idempotency key make the same event of a tree.

    An event's key and id name it together: of another workflow tree the same idempotency key is another's.
    """
    parts = (namespace, actor, root, kind, idempotency_key)
    return _uuid5(_digest("mutation:" + _measured(*parts)))


def key_of_file(namespace: str, lfn: str) -> str:
    """The event key of facts about a file that belongs to no run: a hash of (namespace, LFN)."""
    pre_image = f"{len(namespace)}:{namespace}{len(lfn)}:{lfn}".encode()
    return "file-" + hashlib.sha256(pre_image).hexdigest()[:32]


@lru_cache(maxsize=256)
def _digest_of_run(root: str, run: str) -> "_Hash":
    """What the names of all facts of a run begin with, digested: copied, never updated."""
    return _digest(_measured(root, run))


def _digest(name: str) -> "_Hash":
    return hashlib.sha1(EVENT_NAMESPACE.bytes + _encoded(name), usedforsecurity=False)


def _measured(*parts: str) -> str:
    return "".join([f"{len(part)}:{part}" for part in parts])


@lru_cache(maxsize=1024)
def _measured_number(number: int) -> str:
    return _measured(str(number))


def _encoded(name: str) -> bytes:
    # surrogateescape: foreign names may hold bytes that are no UTF-8
    return name.encode("utf-8", "surrogateescape")


def _uuid5(digest: "_Hash") -> uuid.UUID:
    return uuid_numbered(int.from_bytes(digest.digest()[:16]) & _FREE_BITS | _VERSION_5)
