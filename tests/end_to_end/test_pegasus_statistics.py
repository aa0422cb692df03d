"""Every cell of Pegasus' own statistics of real runs, against ours: equal, or there is a reason."""

import csv
import itertools
import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from hoofprint.app.main import main

pytestmark = pytest.mark.realdata

ZONE = "America/Los_Angeles"
"""Where the runs were, and whose hours the given tables speak of."""

Cell = tuple[str, ...]
Cells = dict[Cell, str]


@dataclass(frozen=True)
class Sample:
    """A run: the folder of what Pegasus said of it, and what ours is imported from.

    ``only`` is a pattern of the cells that the source can tell.
    """

    oracle: str
    source: str
    run: str
    only: str = ""

    def __str__(self) -> str:
        return f"{self.oracle} from {self.source}"


DIAMOND = "ea17e8ac-02ac-4909-b5e3-16e367392556"
SUCCESS = "f00c0056-abd4-4e8e-b793-24eb760dda1f"
FAILURE = "f84f05fc-a8d0-42b5-bac5-52d6f41a77e3"
OUTER = "48f759a4-165f-47d6-8c32-571649ce311b"
INNER = "160be601-bda4-45fb-86cd-9cf7a269bb22"
# the folder keeps no dagman.out of the inner workflow: only the outer one's own tables can be compared
OF_OUTER = f"(workflow|jobs|breakdown|integrity)\\.... {OUTER} "
TREE = Sample(
    "hierarchical_wf_success",
    "submit-dirs/hierarchical_wf_success/hierarchical-workflow-0.stampede.db",
    OUTER,
)
SAMPLES = (
    Sample("bp_blackdiamond", "events/blackdiamond.bp", DIAMOND),
    Sample("process_wf_success", "submit-dirs/process_wf_success/process-0.stampede.db", SUCCESS),
    Sample("process_wf_success", "oracles/replay/process_wf_success.bp", SUCCESS),
    Sample("process_wf_success", "submit-dirs/process_wf_success", SUCCESS),
    Sample("process_wf_failure", "submit-dirs/process_wf_failure/process-0.stampede.db", FAILURE),
    Sample("process_wf_failure", "oracles/replay/process_wf_failure.bp", FAILURE),
    Sample("process_wf_failure", "submit-dirs/process_wf_failure", FAILURE),
    TREE,
    Sample("hierarchical_wf_success", "oracles/replay/hierarchical_wf_success.bp", OUTER, OF_OUTER),
    Sample("hierarchical_wf_success", "submit-dirs/hierarchical_wf_success", OUTER, OF_OUTER),
)


@dataclass(frozen=True)
class Reason:
    """Why cells may differ: patterns of the sample's name and of the place, and what must still hold."""

    why: str
    sample: str
    place: str
    holds: Callable[[str, str], bool] = lambda theirs, ours: True


def is_float_noise(theirs: str, ours: str) -> bool:
    return float(theirs) == pytest.approx(float(ours), rel=1e-12) and len(theirs) > len(ours)


REASONS = (
    Reason(
        "sums of binary fractions are printed with their noise; ours are summed as whole microseconds",
        "",
        r"summary-time\.csv workflow_cumulative_job_wall_time time_seconds",
        is_float_noise,
    ),
    Reason(
        "the sample was saved while it ran: wc_ID0000002 has JOB_SUCCESS and POST_SCRIPT_SUCCESS among its "
        "states, and no exit code in its row yet",
        r"hierarchical.*\.db",
        r"(summary|workflow)\.... (\S+ )?Jobs (Succeeded|Incomplete|Total\+Retries)",
        lambda theirs, ours: abs(int(theirs) - int(ours)) == 1,
    ),
    Reason(
        "the sample was saved while it ran: its folder tells of the jobs that ended later",
        r"hierarchical.*(\.bp|wf_success)$",
        r"workflow\.... \S+ Jobs (Succeeded|Incomplete|Total\+Retries)"
        r"|jobs\.... \S+ (wc_ID0000002|register_local_1_0|stage_out_local_local_2_0) 1 "
        r"|breakdown\.... \S+ (dagman::post|pegasus::rc-client|pegasus::transfer) "
        r"|integrity\.... \S+ check output ",
    ),
    Reason(
        "the summary's integrity part, which Pegasus documents and does not print",
        "",
        r"summary\.txt (Checksums |Jobs that failed on a wrong checksum )",
        lambda theirs, ours: not theirs,
    ),
    Reason(
        "the sample was saved while it ran: the outer workflow's end came later",
        r"hierarchical.*(\.bp|wf_success)$",
        r"jobs\.... \S+ (register_local_2_0|cleanup_hierarchical-workflow_0_local) 1 "
        r"|breakdown\.... \S+ pegasus::cleanup ",
        lambda theirs, ours: not theirs,
    ),
)
KEYS = {
    "summary": ("Type",),
    "summary-time": ("stat_type",),
    "workflow": ("of", "Type"),
    "jobs": ("of", "Job", "Try"),
    "breakdown": ("of", "Transformation", "Type"),
    "integrity": ("of", "Type", "File Type"),
    "time": ("of", "date[YYYY-MM-DD : HH]", "host"),
    "time-per-host": ("of", "date[YYYY-MM-DD : HH]", "host"),
}
"""What tells the rows of a file apart; ``of`` is the run, or what a time table counts."""
ORACLES = ("bp_blackdiamond", "process_wf_success", "process_wf_failure", "hierarchical_wf_success")
_NAMES = re.compile(r"Date\[YYYY-MM-DD : HH\]|File Type|Total Duration|WF Retries|\S+(?: \([a-z. ]+\))?")
_CSV_NAMES = {"Date[YYYY-MM-DD : HH]": "date[YYYY-MM-DD : HH]", "Host": "host"}
_RUN = re.compile(r"^(?:# )?([0-9a-f]{8}-[0-9a-f-]{27}|All)\b.*?(\d*)$")
_FACT = re.compile(r"^(\S.*?)\s*: (\S.*)$")


@pytest.fixture(scope="module", autouse=True)
def no_settings_of_ours() -> Iterator[None]:
    """What is set where the tests run says nothing here."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [*os.environ]:
            if name.startswith(("HOOFPRINT_", "XDG_")) and name != "HOOFPRINT_REALDATA":
                patch.delenv(name)
        yield


@pytest.fixture(scope="module")
def answered(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Sample, str], Path]:
    """Imports a sample, once, and writes its statistics; returns the folder of the files."""
    folders: dict[str, Path] = {}

    def answer(sample: Sample, form: str) -> Path:
        if sample.source not in folders:
            folders[sample.source] = tmp_path_factory.mktemp("sample")
            command(folders[sample.source], "import", str(realdata / sample.source))
        output = folders[sample.source] / form
        if not output.exists():
            asked = ("-s", "all", "-f", form, "-t", "hour", "-z", ZONE, "-o", str(output))
            command(folders[sample.source], "statistics", sample.run, *asked)
        return output

    return answer


def command(home: Path, *arguments: str, expect: int = 0) -> str:
    """What the command prints, ended with the exit code it must have."""
    output = StringIO()
    with redirect_stdout(output):
        assert main(["--home", str(home / "home"), *arguments]) == expect
    return output.getvalue()


@pytest.mark.parametrize("form", ["text", "csv"])
@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_every_cell_is_that_of_pegasus_or_there_is_a_reason(
    sample: Sample, form: str, realdata: Path, answered: Callable[[Sample, str], Path]
) -> None:
    theirs, ours = cells_of(realdata / "oracles" / sample.oracle / form), cells_of(answered(sample, form))
    compared = [place for place in {**theirs, **ours} if re.match(sample.only, " ".join(place))]
    assert len(compared) > 150
    unexplained = {
        place: (theirs.get(place), ours.get(place))
        for place in compared
        if theirs.get(place) != ours.get(place) and reason_of(sample, place, theirs, ours) is None
    }
    assert not unexplained


def test_every_reason_is_needed(realdata: Path, answered: Callable[[Sample, str], Path]) -> None:
    needed = set()
    for sample, form in itertools.product(SAMPLES, ("text", "csv")):
        theirs = cells_of(realdata / "oracles" / sample.oracle / form)
        ours = cells_of(answered(sample, form))
        differing = [place for place in {**theirs, **ours} if theirs.get(place) != ours.get(place)]
        needed |= {reason_of(sample, place, theirs, ours) for place in differing}
    assert needed - {None} == {reason.why for reason in REASONS}


RECKONED = {
    "sums": """
        SELECT sum(remote_duration * multiplier_factor), (SELECT sum(local_duration) FROM job_instance),
            (SELECT sum(CASE state WHEN 'WORKFLOW_STARTED' THEN -timestamp ELSE timestamp END)
            FROM workflowstate), (SELECT max(restart_count) FROM workflowstate)
        FROM invocation JOIN job_instance USING (job_instance_id)
        WHERE task_submit_seq >= 0 AND transformation <> 'condor::dagman'""",
    "jobs": """
        SELECT exec_job_id, coalesce(ji.site, '-'), (SELECT sum(remote_duration) FROM invocation i
            WHERE i.job_instance_id = ji.job_instance_id AND task_submit_seq >= 0), local_duration,
            (SELECT min(timestamp) FROM jobstate s WHERE s.job_instance_id = ji.job_instance_id
            AND state IN ('GRID_SUBMIT', 'GLOBUS_SUBMIT', 'EXECUTE')) - (SELECT timestamp FROM jobstate s
            WHERE s.job_instance_id = ji.job_instance_id AND state = 'SUBMIT'),
            (SELECT min(timestamp) FROM jobstate s WHERE s.job_instance_id = ji.job_instance_id
            AND state = 'EXECUTE') - (SELECT min(timestamp) FROM jobstate s
            WHERE s.job_instance_id = ji.job_instance_id AND state IN ('GRID_SUBMIT', 'GLOBUS_SUBMIT'))
        FROM job_instance ji JOIN job USING (job_id) ORDER BY job_submit_seq""",
    "breakdown": """
        SELECT transformation, count(*), round(avg(remote_duration * multiplier_factor), 3)
        FROM invocation JOIN job_instance USING (job_instance_id)
        GROUP BY transformation ORDER BY transformation""",
    "time": """
        SELECT strftime('%Y-%m-%d : %H', start_time, 'unixepoch'), count(*), round(sum(remote_duration), 3)
        FROM invocation GROUP BY 1 ORDER BY 1""",
}


def test_a_run_that_was_restarted_twice_has_the_numbers_that_its_database_adds_up_to(
    realdata: Path, tmp_path: Path
) -> None:
    database = realdata / "submit-dirs/monitoring-test.stampede.db"
    with closing(sqlite3.connect(f"file:{database}?immutable=1", uri=True)) as connection:
        expected = {name: connection.execute(query).fetchall() for name, query in RECKONED.items()}
    command(tmp_path, "import", str(database))
    command(tmp_path, "statistics", "-f", "csv", "-t", "hour", "-z", "UTC", "-o", str(tmp_path))
    rows = {path.stem: list(csv_rows(path)) for path in tmp_path.glob("*.csv")}

    def cells(name: str, *columns: str, of: str = "") -> list[tuple[str, ...]]:
        return [tuple(row[column] for column in columns) for row in rows[name] if of in (row["of"], "")]

    def printed(name: str) -> list[tuple[str, ...]]:
        return [
            tuple(
                "-" if cell is None else cell if isinstance(cell, str) else str(float(cell)) for cell in row
            )
            for row in expected[name]
        ]

    ((cumulative, submit_side, wall, restarts),) = expected["sums"]
    sums = dict(cells("summary-time", "stat_type", "time_seconds"))
    assert float(sums["workflow_cumulative_job_wall_time"]) == pytest.approx(cumulative, abs=1e-6)
    assert float(sums["cumulative_job_walltime_from_submit_side"]) == submit_side
    assert float(sums["workflow_wall_time"]) == wall
    assert {row["WF_Retries"] for row in rows["workflow"]} == {str(restarts)} == {"2"}
    columns = ("Job", "Site", "Kickstart", "Runtime", "CondorQTime", "Resource")
    assert cells("jobs", *columns) == printed("jobs")
    assert [
        (name, str(float(count)), mean)
        for name, count, mean in cells("breakdown", "Transformation", "Count", "Mean (runtime)", of="ALL")
    ] == printed("breakdown")
    assert [
        (hour, str(float(count)), runtime)
        for hour, count, runtime in cells(
            "time", "date[YYYY-MM-DD : HH]", "count", "runtime (sec)", of="invocations/hour"
        )
    ] == printed("time")


def test_the_outer_and_the_inner_workflow_have_numbers_of_their_own(
    realdata: Path, answered: Callable[[Sample, str], Path]
) -> None:
    home = answered(TREE, "text").parent

    def durations(*arguments: str) -> list[int | None]:
        answer = json.loads(command(home, "statistics", *arguments, "--json"))
        return list(answer["summary"]["durations"].values())

    assert durations(OUTER) == [None, 130_931_000, 142_000_000, 0, 0]
    assert durations(OUTER, "--no-expand") == [None, 18_551_000, 207_000_000, 0, 0]
    assert durations(INNER) == [186_000_000, 112_380_000, 121_000_000, 0, 0]


def test_statistics_over_several_runs_are_those_of_all_of_them_without_a_wall_time(
    realdata: Path, tmp_path: Path
) -> None:
    runs = realdata / "submit-dirs"
    command(tmp_path, "import", str(runs / "process_wf_success"), str(runs / "process_wf_failure"))
    command(tmp_path, "statistics", SUCCESS, FAILURE, expect=2)
    named = command(tmp_path, "statistics", SUCCESS, FAILURE, "--multiple", "-s", "summary,wf_stats")
    assert named == command(tmp_path, "statistics", "-m", "-s", "summary,workflow")
    assert "Workflow wall time" not in named
    assert re.search(r"^Tasks +1 +1 +0 +2 +1 +3$", named, re.MULTILINE)
    assert re.search(r"^Jobs +6 +1 +3 +10 +1 +8$", named, re.MULTILINE)
    assert "Cumulative job badput wall time as seen from submit side : 2.0 secs" in named


def test_a_day_begins_where_the_reader_is_and_the_zone_is_named(
    realdata: Path, answered: Callable[[Sample, str], Path]
) -> None:
    home = answered(TREE, "text").parent
    for zone, day in ((ZONE, "2023-03-04"), ("Pacific/Honolulu", "2023-03-03")):
        said = command(home, "statistics", OUTER, "-s", "time", "-z", zone)
        assert f"# Job instances per day, times in {zone}" in said
        assert re.search(rf"^{day} +23 +142\.0$", said, re.MULTILINE)
        assert re.search(rf"^{day} +workflow.isi.edu +44 +138\.515$", said, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-s", "summary,everything"), "'everything'"),
        (("-z", "Mars/Olympus"), "America/Los_Angeles"),
        (("-o", "/dev/null/statistics"), "/dev/null/statistics"),
    ],
)
def test_what_cannot_be_meant_is_told_in_one_line(
    arguments: tuple[str, str],
    said: str,
    realdata: Path,
    answered: Callable[[Sample, str], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    command(answered(TREE, "text").parent, "statistics", OUTER, *arguments, expect=2)
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


def reason_of(sample: Sample, place: Cell, theirs: Cells, ours: Cells) -> str | None:
    for reason in REASONS:
        if (
            re.search(reason.sample, sample.source)
            and re.match(reason.place, " ".join(place))
            and reason.holds(theirs.get(place, ""), ours.get(place, ""))
        ):
            return reason.why
    return None


def cells_of(folder: Path) -> Cells:
    """Every cell of every file: (file, key of the row …, column) to what is printed there."""
    cells: Cells = {}
    for path in sorted(folder.iterdir()):
        read = csv_rows if path.suffix == ".csv" else text_rows
        for row in read(path):
            key = tuple(row.get(name, "") for name in KEYS[path.stem])
            for column, cell in row.items():
                place = (path.name, *key, column)
                assert place not in cells, f"two rows of {path} have the key {key}"
                cells[place] = cell
    return cells


def csv_rows(path: Path) -> Iterator[dict[str, str]]:
    columns: list[str] = []
    for row in csv.reader(line for line in path.read_text().splitlines() if line[:1] not in ("#", " ", "")):
        if row[0] in ("Type", "stat_type", "Workflow_Id"):
            columns = row
        else:
            cells = dict(zip(columns, row, strict=True))
            yield {"of": cells.get("Workflow_Id") or cells.get("stat_type", ""), **cells}
    assert columns or path.stem == "integrity", f"no table in {path}"


def text_rows(path: Path) -> Iterator[dict[str, str]]:
    """Rows of tables whose cells stand below their columns' names, under titles that say of what."""
    of, extra, columns = "", dict[str, str](), dict[str, tuple[int, int | None]]()
    for line in path.read_text().splitlines():
        if titled := _RUN.match(line):
            of = titled[1].upper() if titled[1] == "All" else titled[1]
            extra = {"WF Retries": titled[2]} if titled[2] and not line.startswith("#") else {}
        elif line.startswith("#") and path.stem == "time":
            what = "jobs" if line.startswith("# Job") else "invocations"
            of = f"{what}/host/hour" if " host" in line else f"{what}/hour"
        elif re.match(r"(Type|Job|Transformation|Date\S*)  ?", line):
            columns = columns_of(line)
        elif path.stem == "summary" and (fact := _FACT.match(line)) and not line.startswith("#"):
            yield {"Type": fact[1], "value": fact[2]}
        elif line[:1] not in ("#", "-", " ", ""):
            cells = {name: line[begin:end].strip() for name, (begin, end) in columns.items()}
            yield {"of": of, **cells, **extra}


def columns_of(header: str) -> dict[str, tuple[int, int | None]]:
    """Where each column begins and ends."""
    places = [(found.group(), found.start()) for found in re.finditer(_NAMES, header)]
    ends = [*(begin for _, begin in places[1:]), None]
    return {_CSV_NAMES.get(name, name): (begin, end) for (name, begin), end in zip(places, ends, strict=True)}
