"""Registration: make delivered outputs known, batch by batch, once they lie where they belong."""

from planner.draft import AuxiliaryJob, Draft
from planner.executable import JobKind


def register(draft: Draft) -> None:
    """Add a registration job behind each stage-out job, or behind the tasks where nothing is moved."""
    for batch in draft.batches:
        if not batch.registrations:
            continue
        name = f"register_{batch.site}_{batch.level}_{batch.number}"
        node = draft.add(
            AuxiliaryJob(
                name,
                JobKind.REGISTRATION,
                "local",
                batch.level,
                "registration",
                registrations=batch.registrations,
            )
        )
        if batch.stage_out is not None:
            draft.add_parent(node, batch.stage_out)
        for task in dict.fromkeys(batch.in_place):
            draft.add_parent(node, task)
