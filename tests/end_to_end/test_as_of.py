"""Asking how things stood: every reading command answers from what the log held then."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

import pytest

from hoofprint.app.as_of import views_as_of
from hoofprint.app.house import House
from hoofprint.app.settings import resolve
from projections.answers.runs import list_runs

QUESTION = 'quality = "good"'


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the folder of the story is kept, so that it is told once."""
    return tmp_path_factory.mktemp("told") / "split"


@pytest.fixture
def told(project, kept: Path, request: pytest.FixtureRequest):
    """Planned, run, tagged, the tag taken back, planned again; with the log's end and the time after each."""
    if not kept.exists():
        split = request.getfixturevalue("split")
        moments = {"planned": moment(split, "plan", "workflow.yml")}
        moments["run"] = moment(split, "run", "latest", "--quiet")
        moments["tagged"] = moment(split, "tag", "count.txt.a", "quality=good")
        moments["taken back"] = moment(split, "tag", "count.txt.a", "--", "-quality")
        moments["planned again"] = moment(split, "plan", "workflow.yml", "--force")
        (split.folder / "moments.json").write_text(json.dumps(moments))
        shutil.copytree(split.folder, kept)
    shutil.copytree(kept, project.folder, dirs_exist_ok=True)
    project.environment["TMPDIR"] = str(project.folder)
    yield project
    assert not list(project.folder.glob("hoofprint-views-*"))


def moment(project, *arguments: str) -> tuple[str, str]:
    project.call(*arguments)
    return project.json("log", "info")["head"], datetime.now(UTC).isoformat()


After = Callable[[str], tuple[str, str]]


@pytest.fixture(params=[0, 1], ids=["position", "time"])
def after(request: pytest.FixtureRequest, told, kept: Path) -> After:
    """The option that asks how things stood after something had happened, by position or by time."""
    moments = json.loads((kept / "moments.json").read_text())
    return lambda name: ("--as-of", moments[name][request.param])


by_position = pytest.mark.parametrize("after", [0], indirect=True)
by_time = pytest.mark.parametrize("after", [1], indirect=True)


def test_a_run_stands_where_it_stood(told, after: After) -> None:
    run = told.json("status")["runs"][-1]["ref"]["run"]
    planned = told.json("status", run, *after("planned"))["run"]
    assert (planned["summary"]["state"], planned["progress"]["succeeded"]) == ("planned", 0)
    assert planned["summary"]["tasks"] == 5
    ended = told.json("status", run[:8], *after("run"))
    assert ended == told.json("status", run)
    assert ended["run"]["summary"]["state"] == "succeeded"


@by_time
def test_the_latest_run_is_the_one_that_was_the_latest_then(told, after: After) -> None:
    second, first = (run["ref"]["run"] for run in told.json("status")["runs"])
    assert told.json("status", "latest")["run"]["summary"]["ref"]["run"] == second
    assert told.json("status", "latest", *after("run"))["run"]["summary"]["ref"]["run"] == first
    assert [run["ref"]["run"] for run in told.json("status", *after("taken back"))["runs"]] == [first]
    assert len(told.json("status", *after("planned again"))["runs"]) == 2


def test_a_tag_is_found_from_when_it_was_given_until_it_was_taken_back(told, after: After) -> None:
    def found(*as_of: str) -> list[str]:
        return [file["lfn"] for file in told.json("find", QUESTION, *as_of)["files"]]

    assert found(*after("run")) == []
    assert found(*after("tagged")) == ["count.txt.a"]
    assert found(*after("taken back")) == found() == []


@by_position
def test_statistics_analysis_and_lineage_are_those_of_then(told, after: After) -> None:
    first = told.json("status")["runs"][-1]["ref"]["run"]
    before, now = (told.json("statistics", first, *when)["summary"] for when in (after("planned"), ()))
    assert (before["Jobs"]["succeeded"], now["Jobs"]["succeeded"]) == (0, now["Jobs"]["total"])
    assert before["Jobs"]["total"] == now["Jobs"]["total"]
    assert told.json("analyze", *after("planned"))["run"]["progress"]["unsubmitted"] > 0
    for name, is_known in (("planned", False), ("run", True)):
        files = told.json("lineage", "count.txt.a", *after(name))["files"]
        assert [file["sha256"] is not None for file in files if file["lfn"] == "count.txt.a"] == [is_known]


@by_time
def test_as_of_now_every_table_is_what_it_is_now(told, after: After) -> None:
    assert told.json("views", "digest", *after("planned again")) == told.json("views", "digest")
    assert told.json("views", "digest", *after("tagged")) != told.json("views", "digest")


@by_position
def test_a_run_that_was_not_there_yet_is_not_found(told, after: After) -> None:
    second = told.json("status")["runs"][0]["ref"]["run"]
    refused = told.call("status", second, *after("run"), expect=3)
    assert f"no run '{second}'" in refused.stderr


@by_time
def test_the_answer_says_as_of_when_it_is(told, after: After) -> None:
    option = after("run")
    done = told.call("status", *option)
    assert done.stderr.startswith("as of ")
    assert option[1].replace("T", " ") in done.stderr
    done = told.call("status", "--as-of", datetime.now().isoformat())
    assert re.search(r"as of \S+ \S+[+-]\d\d:\d\d \(in this machine's time zone\)", done.stderr)


RUNS = "{ runs { edges { node { id state } } } }"
RETRACT = """mutation ($run: ID!) {
  retractTag(run: $run, lfn: "count.txt.a", key: "quality", idempotencyKey: "1") { eventId }
}"""


@by_time
def test_a_server_of_the_past_shows_it_and_takes_nothing(told, after: After) -> None:
    option, moment = after("planned")
    with told.serving(option, moment) as server:
        with urlopen(f"{server.address}/", timeout=20) as page:
            assert f"As of {datetime.fromisoformat(moment).isoformat(sep=' ')}." in page.read().decode()
        (edge,) = server.ask(RUNS)["runs"]["edges"]
        assert edge["node"]["state"] == "PLANNED"
        with pytest.raises(AssertionError, match="nothing can be added"):
            server.ask(RETRACT, run=edge["node"]["id"])
        server.process.terminate()
        server.process.wait(timeout=20)


@pytest.fixture
def house(told) -> Iterator[House]:
    """The rooms, joined as for a command in the folder of the story."""
    with closing(House(resolve({}, told.environment, told.folder))) as house:
        yield house


def test_of_a_run_that_is_named_by_its_id_no_other_is_folded(house: House) -> None:
    def runs(**asked: str) -> list[str]:
        store = views_as_of(house, str(house.log.head()), **asked)
        with store.reading("runs") as connection:
            return [run.ref.run for run in list_runs(connection)]

    second, first = runs()
    assert runs(run=first) == runs(run=first[:8]) == [first]
    # these may mean another run then than now
    assert runs(run="latest") == runs(run="") == [second, first]


def test_the_live_views_stay_where_they_stand(told, house: House) -> None:
    before = [house.store.checkpoint(group).position for group in ("runs", "data")]
    told.call("find", QUESTION, "--as-of", "0:3")
    assert [house.store.checkpoint(group).position for group in ("runs", "data")] == before


@pytest.mark.parametrize("moment", ["yesterday", "0:9999"])
def test_a_command_refuses_a_bad_moment_in_one_line(told, moment: str) -> None:
    refused = told.call("find", QUESTION, "--as-of", moment, expect=2)
    assert refused.stdout == ""
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.kafka
def test_a_log_on_kafka_is_asked_by_position_and_by_time(split, kafka_location: str) -> None:
    split.environment["HOOFPRINT_LOG"] = f"{kafka_location}?partitions=2"
    position, time = moment(split, "plan", "workflow.yml")
    split.call("plan", "workflow.yml", "--force")
    second, first = (run["ref"]["run"] for run in split.json("status")["runs"])
    assert [run["ref"]["run"] for run in split.json("status", "--as-of", position)["runs"]] == [first]
    split.call("status", second, "--as-of", time, expect=3)


@pytest.mark.realdata
@pytest.mark.parametrize("command", ["status", "statistics", "analyze", "jobstate"])
def test_a_submit_directory_names_its_run_then_as_now(project, realdata: Path, command: str) -> None:
    directory = str(realdata / "submit-dirs" / "process_wf_success")
    project.call("import", directory)
    head = project.json("log", "info")["head"]
    assert project.json(command, directory, "--as-of", head) == project.json(command, directory)
