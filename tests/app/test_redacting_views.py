"""``hoofprint log redact`` with views in PostgreSQL: what was said is in none of its tables any more."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from eventlog.event import Observer
from eventlog.facts import InvocationRecorded, PlanStarted, WorkflowPlanned
from eventlog.sqlite import SqliteLog
from hoofprint.app.main import main

pytestmark = pytest.mark.postgres

SECRET = "swordfish-7781"
TABLES = """
    SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema LIKE 'hoofprint%'
"""


def tables_that_say(url: str, words: str) -> Sequence[str]:
    """Every table of every generation in which some row has these words."""
    engine = create_engine(url)
    with engine.connect() as connection:
        tables = [f'"{schema}"."{name}"' for schema, name in connection.execute(text(TABLES))]
        said = [
            table
            for table in tables
            if connection.execute(
                text(f"SELECT count(*) FROM {table} AS row WHERE row::text LIKE :words"),
                {"words": f"%{words}%"},
            ).scalar_one()
        ]
    engine.dispose()
    return said


@pytest.fixture
def site(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A log in which a job's arguments hold a secret; the URL of the views."""
    monkeypatch.setenv("HOOFPRINT_HOME", str(tmp_path))
    monkeypatch.setenv("HOOFPRINT_VIEWS", postgres_url)
    for unset in ("HOOFPRINT_LOG", "HOOFPRINT_ARCHIVE"):
        monkeypatch.delenv(unset, raising=False)
    monkeypatch.chdir(tmp_path)
    observer = Observer("tests", "ada", "run")
    facts = [
        PlanStarted(run="run", workflow="w", root="run", user="ada"),
        WorkflowPlanned(run="run", tasks=0, files=0, jobs=0, reused_tasks=0, chunks=0),
        *(
            InvocationRecorded(
                run="run",
                job="a",
                attempt=1,
                sequence=n,
                ordinal=n,
                start=0,
                duration=1,
                exit_raw=0,
                argv=("tool", word),
            )
            for n, word in enumerate((SECRET, "harmless-7782"), start=1)
        ),
    ]
    with closing(SqliteLog.open(tmp_path / "log.db")) as log:
        log.append([observer.event(fact, 1_000) for fact in facts])
    return postgres_url


def test_a_redacted_secret_is_in_no_table_of_the_database(site: str) -> None:
    assert main(["views", "fold"]) == 0
    assert tables_that_say(site, SECRET)
    redact = ["log", "redact", "--run", "run", "--matching", SECRET, "--reason", "a password"]
    assert main(redact) == 0
    assert tables_that_say(site, SECRET) == []
    assert tables_that_say(site, "harmless-7782")
    assert main(["views", "verify"]) == 0
