"""Tags: what is said about workflows, runs, tasks, jobs and files; now, and ever."""

from sqlalchemy import Index, Table

from projections.columns import key, named, number, real, text, version
from projections.data.metadata import metadata

TAGS = Table(
    "tags",
    metadata,
    key("run_key"),
    named("target"),
    key("name_key"),
    named("key"),
    version("said_at"),
    version("said_tie"),
    text("namespace", required=True),
    text("name", required=True),
    text("type"),
    text("text"),
    text("text_start"),
    real("number"),
    text("actor"),
    text("origin"),
    Index("tags_by_number", "namespace", "key", "target", "number", "run_key", "name_key"),
    Index("tags_by_text", "namespace", "key", "target", "text_start", "run_key", "name_key"),
)
"""The current tags: of each (run, target, name, key) the last word.

``target`` is workflow, run, task, job or file; ``name`` the task, job or LFN and ``name_key`` its ``text_key``
(that of the empty name for workflow and run): a file's tags have the ``(run_key, lfn_key)`` of its ``files``
row. ``text_start`` is the text's first 200 characters, what fits an index: compare both. A retracted tag has
no type, text or number, and so matches no question.
"""

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
