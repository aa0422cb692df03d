"""The envelope: CloudEvents attributes around one fact."""

import uuid
from dataclasses import dataclass

from eventlog.construction import constructor
from eventlog.facts import Fact
from eventlog.identity import event_id, mutation_id

DEFAULT_NAMESPACE = "default"


@dataclass(frozen=True, slots=True)
class Event:
    """One fact with its envelope, ready to be appended.

    ``time`` is when it happened (microseconds since the epoch, UTC); ``key`` the root run's id, by which one
    workflow tree is totally ordered; ``source`` the program that saw it; ``actor`` the person or account on
    whose behalf.
    """

    id: uuid.UUID
    type: str
    source: str
    subject: str
    time: int
    namespace: str
    actor: str
    key: str
    fact: Fact


_make_event = constructor(Event)


@dataclass(frozen=True, slots=True)
class Observer:
    """Who emits: makes events of facts with the same source, actor, namespace and root run."""

    source: str
    actor: str
    root: str
    namespace: str = DEFAULT_NAMESPACE

    def event(self, fact: Fact, time: int) -> Event:
        """The event of a fact that happened at ``time`` (microseconds since the epoch, UTC)."""
        kind = type(fact).__name__
        job = getattr(fact, "job", "")
        attempt = getattr(fact, "attempt", 0)
        idempotency_key = getattr(fact, "idempotency_key", "")
        if idempotency_key:
            identity = mutation_id(
                kind,
                namespace=self.namespace,
                actor=self.actor,
                root=self.root,
                idempotency_key=idempotency_key,
            )
        else:
            identity = event_id(
                kind,
                root=self.root,
                run=fact.run,
                job=job,
                attempt=attempt,
                ordinal=ordinal_of(fact),
                revision=fact.revision,
            )
        subject = f"{fact.run}/{job}/{attempt}" if job else fact.run
        return _make_event(
            identity, kind, self.source, subject, time, self.namespace, self.actor, self.root, fact
        )


def ordinal_of(fact: Fact) -> int:
    """Which of its kind a fact is: its chunk number for planning chunks, its ordinal otherwise."""
    chunk: int | None = getattr(fact, "chunk", None)
    if chunk is not None:
        return chunk
    ordinal: int = getattr(fact, "ordinal", 0)
    return ordinal
