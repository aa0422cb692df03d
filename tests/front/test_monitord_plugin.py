"""The plugin of pegasus-monitord: it never disturbs its host, and what it saw is in the log once."""

import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from hoofprint.monitord import PREFIX, HoofprintPlugin

ROOT = Path(__file__).resolve().parents[2]
RUN = "11111111-2222-3333-4444-555555555555"
COMMAND = shlex.join([sys.executable, "-P", "-m", "hoofprint"])


class Settings:
    """Properties as the host hands them over."""

    def __init__(self, **told: str) -> None:
        self._told = told

    def propertyset(self, prefix: str, remove: bool = False) -> Mapping[str, str]:
        assert (prefix, remove) == (PREFIX, True)
        return self._told


def _events() -> Iterator[tuple[str, dict[str, object]]]:
    """What monitord says of a workflow of one job, in its own spelling."""
    own = {"xwf__id": RUN, "root__xwf__id": RUN}
    job = {**own, "job__id": "A", "job_inst__id": 1, "sched__id": "1.0"}
    yield "stampede.wf.plan", {**own, "ts": 100, "dax__label": "small", "user": "somebody", "argv": None}
    yield "stampede.job.info", {**own, "ts": 100, "job__id": "A", "type_desc": "compute", "task_count": 1}
    yield "stampede.static.end", {**own, "ts": 100}
    yield "stampede.xwf.start", {**own, "ts": 101, "restart_count": 0}
    yield "stampede.job_inst.submit.end", {**job, "ts": 102, "js__id": 1, "status": 0}
    yield "stampede.job_inst.main.start", {**job, "ts": 103, "js__id": 2}
    yield (
        "stampede.job_inst.main.end",
        {**job, "ts": 105, "js__id": 4, "status": 0, "exitcode": 0, "local__dur": 2},
    )
    yield "stampede.xwf.end", {**own, "ts": 106, "restart_count": 0, "status": 0}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Hoofprint keeps things; the command is started in the checkout."""
    monkeypatch.setenv("HOOFPRINT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(ROOT)
    return tmp_path / "home"


def _run_through(plugin: HoofprintPlugin, settings: Settings, **more: bool) -> None:
    plugin.start(settings, **more)
    for event, payload in _events():
        plugin.handle_event(event, payload)
    plugin.stop()


def _import(*paths: Path) -> dict[str, int]:
    done = subprocess.run(
        [*shlex.split(COMMAND), "import", *map(str, paths)], capture_output=True, text=True, check=True
    )
    return {
        name.strip(): int(count) for name, count in re.findall(r"^([a-z ]+?)\s+(\d+)\s*$", done.stdout, re.M)
    }


def test_what_monitord_says_is_in_the_log_when_it_ends_and_an_event_file_of_it_adds_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hoofprint.monitord._PATIENCE", 60)
    plugin = HoofprintPlugin()
    _run_through(plugin, Settings(command=COMMAND))
    assert list((home / "monitord").glob("*.jsonl")) == [], "what was brought in whole is removed"
    bp = tmp_path / "same.bp"
    bp.write_text("".join(_line(event, payload) for event, payload in _events()))
    again = _import(bp)
    assert again["events added"] == again["refined"] == again["contradictions"] == 0
    assert again["already known"] > 0


def _line(event: str, payload: Mapping[str, object]) -> str:
    fields = {name.replace("__", "."): value for name, value in payload.items() if value is not None}
    seconds = int(str(fields.pop("ts")))
    pairs = " ".join(f"{name}={value}" for name, value in fields.items())
    return f"ts=1970-01-01T00:{seconds // 60:02}:{seconds % 60:02}.000000Z event={event} {pairs}\n"


@pytest.mark.parametrize("command", ["false", "/nowhere/hoofprint", f"{sys.executable} -c raise-nothing"])
def test_events_wait_in_a_file_while_hoofprint_cannot_take_them(home: Path, command: str) -> None:
    _run_through(HoofprintPlugin(), Settings(command=command))
    waiting = home / "monitord" / f"{RUN}.jsonl"
    assert len(waiting.read_text().splitlines()) == len(list(_events()))
    assert _import(waiting)["events added"] > 0


def test_a_monitord_that_goes_on_appends_and_one_that_tells_everything_again_begins_anew(home: Path) -> None:
    waiting = home / "monitord" / f"{RUN}.jsonl"
    _run_through(HoofprintPlugin(), Settings(command="false"))
    _run_through(HoofprintPlugin(), Settings(command="false"))
    assert len(waiting.read_text().splitlines()) == 2 * len(list(_events()))
    _run_through(HoofprintPlugin(), Settings(command="false"), restart=True)
    assert len(waiting.read_text().splitlines()) == len(list(_events()))


def test_a_hoofprint_that_hangs_keeps_nobody_waiting(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hoofprint.monitord._PATIENCE", 0.5)
    plugin = HoofprintPlugin()
    plugin.start(Settings(command=f"{sys.executable} -c 'import time; time.sleep(60)'", interval="0"))
    begun = time.monotonic()
    for event, payload in _events():
        plugin.handle_event(event, payload)
        plugin.tick()
    assert time.monotonic() - begun < 2
    plugin.stop()
    assert time.monotonic() - begun < 4
    assert plugin._import is not None
    plugin._import.kill()
    plugin._import.wait()
    assert (home / "monitord" / f"{RUN}.jsonl").exists()


def test_a_full_or_unwritable_disk_disturbs_nobody(
    home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plugin = HoofprintPlugin()
    plugin.start(Settings(command="false", directory=str(tmp_path / "gone")))
    (tmp_path / "gone").rmdir()
    for event, payload in _events():
        plugin.handle_event(event, payload)
    plugin.stop()
    assert "is not passed on" in caplog.text


def test_the_entry_point_loads_the_plugin_and_the_module_needs_the_standard_library_only() -> None:
    name = "pegasus.monitord.plugins"
    text = (ROOT / "pyproject.toml").read_text()
    assert f'[project.entry-points."{name}"]\nhoofprint = "hoofprint.monitord:HoofprintPlugin"' in text
    point = EntryPoint("hoofprint", "hoofprint.monitord:HoofprintPlugin", name)
    assert point.load() is HoofprintPlugin
    bare = "import sys; sys.path.insert(0, sys.argv[1]); import hoofprint.monitord"
    blocked = "".join(
        f"sys.modules[{each!r}] = None; " for each in ("yaml", "msgspec", "sqlalchemy", "typer", "rich")
    )
    subprocess.run([sys.executable, "-S", "-c", f"import sys; {blocked}{bare}", str(ROOT)], check=True)
