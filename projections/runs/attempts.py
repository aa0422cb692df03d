"""Attempts: every try of every job, its states, scripts and verdict."""

from sqlalchemy import Computed, Index, Table

from projections.columns import NAME, Column, counted, key, named, number, real, text, version
from projections.runs.metadata import metadata

# A failing PRE or POST script decides over the job's own exit, as in DAGMan.
_VERDICT = """
CASE WHEN pre_exit <> 0 THEN pre_exit
     WHEN post_exit <> 0 THEN post_exit
     ELSE exit_raw END
"""

# A function of what was seen, not of when: an attempt that was held once more often than released is held.
_STATE = """
CASE WHEN pre_exit <> 0 OR post_exit <> 0 OR exit_raw <> 0 THEN 'failed'
     WHEN exit_raw = 0 THEN 'succeeded'
     WHEN aborted > 0 THEN 'aborted'
     WHEN submit_status <> 0 THEN 'failed'
     WHEN held > released THEN 'held'
     WHEN started > evicted THEN 'running'
     WHEN evicted > 0 THEN 'evicted'
     ELSE 'submitted' END
"""

ATTEMPTS = Table(
    "attempts",
    metadata,
    key("run_key"),
    named("job"),
    counted("attempt"),
    # JobSubmitted
    version("submit_version"),
    number("submission"),
    number("submitted_at"),
    text("submit_site"),
    text("scheduler_id"),
    number("submit_status"),
    # how many of each were seen
    version("started"),
    version("evicted"),
    version("held"),
    version("released"),
    version("aborted"),
    # ScriptFinished
    version("pre_version"),
    number("pre_exit"),
    version("post_version"),
    number("post_exit"),
    # JobFinished
    version("finish_version"),
    number("finished_at"),
    number("exit_raw"),
    number("terminated_at"),
    number("local_duration"),
    number("multiplier"),
    text("site"),
    text("user"),
    text("work_directory"),
    text("stdin_file"),
    text("stdout_file"),
    text("stderr_file"),
    number("cluster_start"),
    number("cluster_duration"),
    number("host_key"),
    text("problem"),
    text("stderr_tail"),
    Column("verdict", number("verdict").type, Computed(_VERDICT, persisted=True)),
    Column("state", NAME, Computed(_STATE, persisted=True)),
    Index("attempts_by_state", "run_key", "state", "job", "attempt"),
)
"""``verdict`` is the raw exit code that counts; ``state`` one of submitted, running, held, evicted,
succeeded, failed, aborted."""

ATTEMPT_STATES = Table(
    "attempt_states",
    metadata,
    key("run_key"),
    named("job"),
    counted("attempt"),
    named("state"),
    counted("ordinal"),
    version(),
    number("time"),
    text("route"),
    text("reason"),
    number("code"),
    number("subcode"),
    text("host"),
    text("scheduler_id"),
    sqlite_with_rowid=False,
)
"""What happened to an attempt, fact by fact: submitted, started, held, released, evicted, aborted, finished.

``code`` is the hold code, the submission's status or the raw exit code.
"""

SCRIPTS = Table(
    "scripts",
    metadata,
    key("run_key"),
    named("job"),
    counted("attempt"),
    named("script"),
    counted("ordinal"),
    version(),
    number("time"),
    number("started"),
    number("terminated"),
    number("exit_raw"),
    text("executable"),
    text("argv"),
)
"""PRE and POST scripts; ``script`` is pre or post, ``argv`` a JSON list."""

HOSTS = Table(
    "hosts",
    metadata,
    key("host_key"),
    text("hostname", required=True),
    text("ip"),
    text("system"),
    text("release"),
    text("machine"),
    number("cpu_count"),
    real("cpu_speed"),
    text("cpu_vendor"),
    text("cpu_model"),
    number("ram"),
)
"""The machines that jobs ran on, told apart by everything known about them."""
