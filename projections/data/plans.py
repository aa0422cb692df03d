"""Plans as the data views see them: which run, whose, and whether its plan is complete."""

from sqlalchemy import Index, Table

from projections.columns import counted, flag, key, named, number, text, version
from projections.data.metadata import metadata

PLANS = Table(
    "plans",
    metadata,
    key("run_key"),
    text("run", required=True),
    text("namespace", required=True),
    text("root", required=True),
    key("root_key", primary=False),
    # PlanStarted
    version("identity_version"),
    text("workflow"),
    text("user"),
    text("submit_directory"),
    number("created_at"),
    # WorkflowPlanned
    version("plan_version"),
    number("chunks"),
    number("planned_at"),
    # refreshed from the chunks seen
    flag("visible", default=False),
    Index("plans_by_run", "run"),
    Index("plans_by_workflow", "namespace", "workflow", "run_key"),
    Index("plans_by_user", "namespace", "user", "run_key"),
    Index("plans_by_root", "root_key", "run_key"),
)
"""A run as files and tags refer to it; ``visible`` once every chunk of its plan has been seen."""

PLAN_CHUNKS = Table(
    "plan_chunks",
    metadata,
    key("run_key"),
    named("kind"),
    counted("chunk"),
    version(),
    sqlite_with_rowid=False,
)
"""The chunks of a plan that have been seen; ``kind`` is the event type."""
