"""Tags: what is said about workflows, runs, tasks, jobs and files; now, and ever."""

from sqlalchemy import Connection, Index, Table

from eventlog.facts import MetadataRegistered, MetadataRetracted
from projections.batch import FactBatch
from projections.bulk import Part
from projections.columns import key, named, number, real, text, version
from projections.data.metadata import metadata
from projections.keys import run_key, text_key, tie
from projections.rows import Rows

TAGS = Table(
    "tags",
    metadata,
    key("run_key"),
    named("target"),
    key("name_key"),
    named("key"),
    text("namespace", required=True),
    text("name", required=True),
    version("said_at"),
    version("said_tie"),
    text("type"),
    text("text"),
    text("text_start"),
    real("number"),
    text("actor"),
    text("origin"),
    Index("tags_by_text", "namespace", "key", "target", "text_start", "run_key", "name_key"),
)
"""The current tags: of each (run, target, name, key) the last word.

``target`` is workflow, run, task, job or file; ``name`` the task, job or LFN and ``name_key`` its
``text_key`` (that of the empty name for workflow and run): a file's tags have the ``(run_key, lfn_key)`` of
its ``files`` row. ``text_start`` is the text's first 200 characters, what fits an index: compare both. A
retracted tag has no type, text or number, and so matches no question.
"""

_NUMBERED = TAGS.c.number.is_not(None)
# most tags are texts, and stand in no index of numbers
Index(
    "tags_by_number",
    *(TAGS.c.namespace, TAGS.c.key, TAGS.c.target, TAGS.c.number, TAGS.c.run_key, TAGS.c.name_key),
    sqlite_where=_NUMBERED,
    postgresql_where=_NUMBERED,
)

TAG_HISTORY = Table(
    "tag_history",
    metadata,
    key("run_key"),
    named("target"),
    key("name_key"),
    named("key"),
    key("said_at"),
    key("said_tie"),
    text("type"),
    text("text"),
    real("number"),
    text("actor"),
    text("origin"),
    text("job"),
    number("attempt"),
    text("reason"),
)
"""Everything ever said, retractions (no type) among it."""

INDEXED_TEXT = 200
"""How many characters of a tag's text stand in ``text_start``."""

_CURRENT = Part(
    TAGS,
    order=("said_at", "said_tie"),
    constant=("namespace", "name"),
    values=("type", "text", "text_start", "number", "actor", "origin"),
)
_SAID = Part(
    TAG_HISTORY,
    order=(),
    constant=("type", "text", "number", "actor", "origin", "job", "attempt", "reason"),
    values=(),
    fresh=True,
)


def apply(batch: FactBatch, connection: Connection) -> None:
    """Fold what was said, and what was taken back."""
    current, history = Rows(_CURRENT), Rows(_SAID)
    _put_registered(batch, current, history)
    _put_retracted(batch, current, history)
    current.write(connection)
    history.write(connection)


def _put_registered(batch: FactBatch, current: Rows, history: Rows) -> None:
    for event, fact in batch.of(MetadataRegistered):
        run, moment = run_key(fact.run, event.namespace), (event.time, tie(event))
        for item in fact.items:
            key, constant = (run, item.target, text_key(item.name)), (event.namespace, item.name)
            # of a key that one fact says twice the last counts
            for tag in {tag.key: tag for tag in item.tags}.values():
                number = None if tag.number is None else float(tag.number)
                start = tag.text[:INDEXED_TEXT]
                values = (tag.type, tag.text, start, number, event.actor, fact.origin)
                current.put((*key, tag.key), moment, values, constant)
                said = (tag.type, tag.text, number, event.actor, fact.origin, fact.job, fact.attempt, None)
                history.put((*key, tag.key, *moment), (), (), said)


def _put_retracted(batch: FactBatch, current: Rows, history: Rows) -> None:
    for event, fact in batch.of(MetadataRetracted):
        key = (run_key(fact.run, event.namespace), fact.target, text_key(fact.name), fact.key)
        moment = (event.time, tie(event))
        current.put(key, moment, (None, None, None, None, event.actor, None), (event.namespace, fact.name))
        said = (None, None, None, event.actor, None, None, None, fact.reason)
        history.put((*key, *moment), (), (), said)
