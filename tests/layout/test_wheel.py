"""The wheel, installed beside a package named ``api`` and run in a folder with an ``api/`` of its own."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {"eventlog", "planner", "worker", "monitor", "projections", "api"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, its dependencies, and somebody else's package ``api``."""
    folder = tmp_path_factory.mktemp("installation")
    venv.create(folder, with_pip=True)
    python = folder / "bin/python"
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "--no-deps", wheel], check=True, capture_output=True
    )
    packages = next(folder.glob("lib/python*/site-packages"))
    # A path file's own path files are not read, so this checkout's editable installation stays outside.
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    for name in ("api", "planner"):
        (packages / name).mkdir()
        (packages / name / "__init__.py").write_text("raise ImportError('somebody else s package')\n")
    return folder


@pytest.fixture
def users_folder(tmp_path: Path) -> Path:
    (tmp_path / "api").mkdir()
    (tmp_path / "api/__init__.py").write_text("raise ImportError('the user s own package')\n")
    (tmp_path / "monitor.py").write_text("raise ImportError('the user s own module')\n")
    return tmp_path


def test_an_installation_gets_no_top_level_name_but_hoofprint(wheel: Path) -> None:
    names = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"hoofprint"}


def test_the_wheel_names_the_licences_of_everything_in_it(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    told = {name.partition(".dist-info/licenses/")[2] for name in names if ".dist-info/licenses/" in name}
    vendored = {str(path.relative_to(ROOT)) for path in ROOT.glob("api/pages/vendor/*/LICENSE*")}
    assert vendored
    assert told == {"LICENSE", *vendored}


def test_the_wheel_carries_every_room_with_its_data_files(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[2] for name in names if name.startswith("hoofprint/_rooms/")} == ROOMS
    shipped = {name.removeprefix("hoofprint/_rooms/").removeprefix("hoofprint/") for name in names}
    tracked = subprocess.run(
        ["git", "ls-files", *ROOMS, "hoofprint"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    assert {name.removeprefix("hoofprint/") for name in tracked} <= shipped


def test_a_workflow_runs_from_the_wheel_beside_colliding_names(
    installation: Path, users_folder: Path
) -> None:
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("HOOFPRINT_", "PYTHON"))},
        "HOOFPRINT_HOME": str(users_folder / "home"),
        "XDG_CONFIG_HOME": str(users_folder / "config"),
        "PYTHONPATH": ".",
    }

    def hoofprint(*arguments: str) -> str:
        done = subprocess.run(
            [installation / "bin/hoofprint", *arguments],
            cwd=users_folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    example = ROOT / "examples/split/workflow.py"
    write = [installation / "bin/python", example]
    subprocess.run(write, cwd=users_folder, env=environment, check=True, capture_output=True)
    planned = json.loads(hoofprint("plan", "workflow.yml", "--json"))
    assert planned["tasks"] == 5
    hoofprint("run", planned["directory"], "--quiet")
    found = json.loads(hoofprint("find", 'type = "counts" and lines >= 50', "--json"))
    assert {file["checksum"] for file in found["files"]} == {"verified"}
    assert len(found["files"]) >= 3


def test_a_script_drives_the_command_from_the_wheel(installation: Path, users_folder: Path) -> None:
    script = (
        "import hoofprint, sys; print(hoofprint.__file__); print(sorted(m for m in sys.modules if m in %r))"
    )
    done = subprocess.run(
        [installation / "bin/python", "-c", script % (ROOMS,)],
        cwd=users_folder,
        capture_output=True,
        text=True,
        check=True,
    )
    where, loaded = done.stdout.splitlines()
    assert Path(where).is_relative_to(installation)
    assert loaded == "[]"
