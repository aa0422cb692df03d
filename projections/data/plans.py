"""Plans as the data views see them: which run, whose, and whether its plan is complete."""

from sqlalchemy import Connection, Index, Table

from eventlog.facts import PlanStarted, WorkflowPlanned
from projections.batch import FactBatch
from projections.bulk import Part
from projections.columns import flag, key, number, text, version
from projections.data.metadata import metadata
from projections.keys import run_key
from projections.rows import Rows

PLANS = Table(
    "plans",
    metadata,
    key("run_key"),
    text("run", required=True),
    text("namespace", required=True),
    # PlanStarted
    version("identity_version"),
    text("root"),
    number("root_key"),
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


_WHO = ("run", "namespace")
_IDENTITY = Part(
    PLANS,
    order=("identity_version",),
    constant=_WHO,
    values=("root", "root_key", "workflow", "user", "submit_directory", "created_at"),
)
_PLANNED = Part(PLANS, order=("plan_version",), constant=_WHO, values=("chunks", "planned_at"))


def apply(batch: FactBatch, connection: Connection) -> None:
    """Fold whose plan it is, and how many chunks it has."""
    identities, plans = Rows(_IDENTITY), Rows(_PLANNED)
    for event, start in batch.of(PlanStarted):
        key = (run_key(start.run, event.namespace),)
        whose = (start.root, run_key(start.root, event.namespace), start.workflow, start.user)
        values = (*whose, start.submit_directory, event.time)
        identities.put(key, (start.revision,), values, (start.run, event.namespace))
    for event, plan in batch.of(WorkflowPlanned):
        key = (run_key(plan.run, event.namespace),)
        plans.put(key, (plan.revision,), (plan.chunks, event.time), (plan.run, event.namespace))
    identities.write(connection)
    plans.write(connection)
