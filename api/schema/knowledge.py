"""Mutations: they append events, and nothing else."""

import socket
from functools import partial

import strawberry

from api.context import Info, RequestContext
from api.schema.filters import ValueInput, value_of
from api.schema.naming import require_names
from api.schema.resolving import mutating
from api.tokens import Scope
from api.writing import Receipt
from eventlog.clock import now
from eventlog.errors import InputError, NotFoundError
from eventlog.event import Event, Observer
from eventlog.facts import Fact, MetadataRegistered, MetadataRetracted, ReuseInvalidated, Tag, Tagged
from projections.search.files import FoundFile, find_file
from projections.search.filter import TagKey
from projections.search.values import Value, ValueType, check_text
from projections.search.writing import write_value

MAX_TAGS = 100
MAX_REASON = 2000
_MAX_IDEMPOTENCY_KEY = 200
_WAIT = 2.0
_TARGET = "file"


@strawberry.input(description="A tag to be said: a key and a typed value.")
class TagInput:
    """A key and its value."""

    key: str
    value: ValueInput


@strawberry.type(name="Receipt", description="What became of what was said.")
class ReceiptAnswer:
    """The receipt of one appended event."""

    event_id: strawberry.ID
    position: str = strawberry.field(description="The log's position behind it.")
    duplicate: bool = strawberry.field(description="It had been said before, with the same idempotency key.")
    folded: bool = strawberry.field(description="Queries show it already.")

    @classmethod
    def of(cls, receipt: Receipt) -> "ReceiptAnswer":
        """The receipt as an answer."""
        return cls(
            event_id=strawberry.ID(str(receipt.events[0])),
            position=str(receipt.position),
            duplicate=receipt.duplicate,
            folded=receipt.folded,
        )


@strawberry.type
class Mutation:
    """Everything a caller may say."""

    @mutating("Say something about a file; of each key the last word counts.")
    async def tag_file(
        self,
        info: Info,
        run: strawberry.ID,
        lfn: str,
        tags: list[TagInput],
        idempotency_key: str,
        wait_seconds: float = _WAIT,
    ) -> ReceiptAnswer:
        """Append a MetadataRegistered."""
        file = await _file(info.context, Scope.ANNOTATE, run, lfn)
        item = Tagged(target=_TARGET, name=file.lfn, tags=_tags(tags))
        fact = MetadataRegistered(
            run=str(run), items=(item,), origin="user", idempotency_key=_checked(idempotency_key)
        )
        return await _append(info.context, file, fact, wait_seconds)

    @mutating("Take back what was said about a file under this key.")
    async def retract_tag(
        self,
        info: Info,
        run: strawberry.ID,
        lfn: str,
        key: str,
        idempotency_key: str,
        reason: str = "",
        wait_seconds: float = _WAIT,
    ) -> ReceiptAnswer:
        """Append a MetadataRetracted."""
        file = await _file(info.context, Scope.ANNOTATE, run, lfn)
        fact = MetadataRetracted(
            run=str(run),
            target=_TARGET,
            name=file.lfn,
            key=_key(key),
            reason=_reason(reason),
            idempotency_key=_checked(idempotency_key),
        )
        return await _append(info.context, file, fact, wait_seconds)

    @mutating("Say that a file must not be reused by later plans.")
    async def invalidate(
        self,
        info: Info,
        run: strawberry.ID,
        lfn: str,
        reason: str,
        idempotency_key: str,
        wait_seconds: float = _WAIT,
    ) -> ReceiptAnswer:
        """Append a ReuseInvalidated."""
        file = await _file(info.context, Scope.ADMIN, run, lfn)
        fact = ReuseInvalidated(
            run=str(run), lfn=file.lfn, reason=_reason(reason), idempotency_key=_checked(idempotency_key)
        )
        return await _append(info.context, file, fact, wait_seconds)


async def _file(context: RequestContext, scope: Scope, run: str, lfn: str) -> FoundFile:
    context.require(scope)
    require_names((run, lfn))
    namespaces = await context.namespaces()
    found = await context.reader.ask("data", partial(find_file, run=run, lfn=lfn, namespaces=namespaces))
    if found is None:
        raise NotFoundError(f"run {run!r} has no file {lfn!r}")
    return found


async def _append(context: RequestContext, file: FoundFile, fact: Fact, wait: float) -> ReceiptAnswer:
    observer = Observer(
        source=f"hoofprint-api@{socket.gethostname()}",
        actor=context.access.actor,
        root=file.root or fact.run,
        namespace=file.namespace,
    )
    event: Event = observer.event(fact, now())
    return ReceiptAnswer.of(await context.writer.append([event], wait))


def _tags(tags: list[TagInput]) -> tuple[Tag, ...]:
    if not 0 < len(tags) <= MAX_TAGS:
        raise InputError(f"{len(tags)} tags were given; a file is tagged with 1 to {MAX_TAGS} at a time")
    return tuple(_tag(_key(tag.key), value_of(tag.value)) for tag in tags)


def _tag(key: str, value: Value) -> Tag:
    if value.type is ValueType.STRING:
        return Tag(key=key, type=value.type.value, text=value.text)
    return Tag(key=key, type=value.type.value, text=write_value(value), number=value.number)


def _key(key: str) -> str:
    return TagKey(key).key


def _checked(idempotency_key: str) -> str:
    if not 0 < len(idempotency_key) <= _MAX_IDEMPOTENCY_KEY:
        raise InputError(
            f"idempotencyKey has {len(idempotency_key)} characters; it takes 1 to {_MAX_IDEMPOTENCY_KEY}."
            " Sent again with the same key, the same thing is said once"
        )
    check_text(idempotency_key)
    return idempotency_key


def _reason(reason: str) -> str:
    if len(reason) > MAX_REASON:
        raise InputError(f"a reason has at most {MAX_REASON} characters, not {len(reason)}")
    check_text(reason)
    return reason
