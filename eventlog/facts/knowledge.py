"""Knowledge: typed tags on workflows, runs, tasks, jobs and files, and their retraction."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One key with its typed value.

    ``type`` is string, number, boolean or time; ``text`` is the value as it was written, so that an inferred
    type loses nothing; ``number`` is the value to compare by: the number itself, 0 or 1, microseconds since
    the epoch; None for strings.
    """

    key: str
    type: str
    text: str
    number: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """What is tagged, and with what.

    ``target`` is workflow, run, task, job or file; ``name`` the task's id, job's name or LFN, and empty for
    workflow and run.
    """

    target: str
    name: str = ""
    tags: tuple[Tag, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataRegistered:
    """Somebody (the event's actor) said something about parts of one run.

    ``origin`` is where it was said: workflow (in the abstract workflow), replica-catalog,
    transformation-catalog, job (by the running job), user, or import. ``job``, ``attempt`` name the job that
    spoke; a user's mutation carries its idempotency key instead.
    """

    run: str
    items: tuple[Tagged, ...] = ()
    origin: str = ""
    job: str = ""
    attempt: int = 0
    idempotency_key: str = ""
    ordinal: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataRetracted:
    """Somebody took back a key of one target, whatever its value was."""

    run: str
    target: str
    key: str
    name: str = ""
    reason: str = ""
    idempotency_key: str = ""
    ordinal: int = 0
    revision: int = 0
