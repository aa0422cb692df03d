"""States as Pegasus' tables and streams name them, turned back into the events that made them."""

from collections.abc import Mapping

NOTE = "note.info"
"""What a state becomes that no event is known for; the note says which state it was."""

WORKFLOW_EVENTS = {"WORKFLOW_STARTED": "xwf.start", "WORKFLOW_TERMINATED": "xwf.end"}

_EVENTS: Mapping[str, tuple[str, str | None]] = {
    "PRE_SCRIPT_STARTED": ("pre.start", None),
    "PRE_SCRIPT_TERMINATED": ("pre.term", None),
    "PRE_SCRIPT_SUCCESS": ("pre.end", "0"),
    "PRE_SCRIPT_FAILED": ("pre.end", "-1"),
    "PRE_SCRIPT_FAILURE": ("pre.end", "-1"),
    "SUBMIT": ("submit.end", "0"),
    "SUBMIT_FAILED": ("submit.end", "-1"),
    "EXECUTE": ("main.start", None),
    "JOB_TERMINATED": ("main.term", "0"),
    "JOB_EVICTED": ("main.term", "-1"),
    "JOB_SUCCESS": ("main.end", "0"),
    "JOB_FAILURE": ("main.end", "-1"),
    "POST_SCRIPT_STARTED": ("post.start", None),
    "POST_SCRIPT_TERMINATED": ("post.term", None),
    "POST_SCRIPT_SUCCESS": ("post.end", "0"),
    "POST_SCRIPT_FAILED": ("post.end", "-1"),
    "POST_SCRIPT_FAILURE": ("post.end", "-1"),
    "JOB_HELD": ("held.start", None),
    "JOB_RELEASED": ("held.end", None),
    "IMAGE_SIZE": ("image.info", None),
    "JOB_ABORTED": ("abort.info", None),
    "GRID_SUBMIT": ("grid.submit.end", "0"),
    "GRID_SUBMIT_FAILED": ("grid.submit.end", "-1"),
    "GLOBUS_SUBMIT": ("globus.submit.end", "0"),
    "GLOBUS_SUBMIT_FAILED": ("globus.submit.end", "-1"),
}
"""A job's state: its event without ``job_inst.``, and that event's status, where it has one."""


def event_of_state(state: object) -> tuple[str, str | None]:
    """The event of a job's state, without its ``job_inst.``, and its status."""
    return _EVENTS.get(str(state), (NOTE, None))


def note_of_state(state: object) -> str:
    """A state that no event is known for, in the words of a note."""
    return str(state).lower().replace("_", "-")
