"""Deterministic event ids: whoever observes the same fact makes the same id."""

import hashlib
import uuid

# UUIDv5 of the URL namespace and "hoofprint/event"; a constant of the log's format, never to change.
EVENT_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "hoofprint/event")


def event_id(
    kind: str, *, root: str, run: str, job: str = "", attempt: int = 0, ordinal: int = 0, revision: int = 0
) -> uuid.UUID:
    """The UUIDv5 of one fact: the ``ordinal``-th of its ``kind`` in this root, run, job and attempt.

    Parts are length-prefixed, so that no two different tuples share a pre-image.
    """
    parts = (root, run, job, str(attempt), kind, str(ordinal), str(revision))
    return _uuid5("".join(f"{len(part)}:{part}" for part in parts))


def mutation_id(kind: str, *, namespace: str, actor: str, root: str, idempotency_key: str) -> uuid.UUID:
    """The UUIDv5 of a client's mutation: the same actor and idempotency key make the same event of a tree.

    An event's key and id name it together: of another workflow tree the same idempotency key is another's.
    """
    parts = (namespace, actor, root, kind, idempotency_key)
    return _uuid5("mutation:" + "".join(f"{len(part)}:{part}" for part in parts))


def key_of_file(namespace: str, lfn: str) -> str:
    """The event key of facts about a file that belongs to no run: a hash of (namespace, LFN)."""
    pre_image = f"{len(namespace)}:{namespace}{len(lfn)}:{lfn}".encode()
    return "file-" + hashlib.sha256(pre_image).hexdigest()[:32]


def _uuid5(name: str) -> uuid.UUID:
    # surrogateescape: foreign names may hold bytes that are no UTF-8
    digest = hashlib.sha1(
        EVENT_NAMESPACE.bytes + name.encode("utf-8", "surrogateescape"), usedforsecurity=False
    ).digest()
    return uuid.UUID(bytes=digest[:16], version=5)
