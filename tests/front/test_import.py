"""What `import hoofprint` brings along, and what it does not."""

import subprocess
import sys

import pytest

import hoofprint

HEAVY = ["yaml", "sqlalchemy", "strawberry", "starlette", "uvicorn", "fastavro", "msgspec", "typer", "rich"]
ROOMS = ["eventlog", "planner", "worker", "monitor", "projections", "api", "hoofprint.app"]


def modules_after(statement):
    command = [sys.executable, "-c", f"{statement}\nimport sys; print(*sys.modules)"]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def test_the_package_itself_loads_none_of_its_modules():
    loaded = modules_after("import hoofprint")
    assert {name for name in loaded if name.startswith("hoofprint.")} == set()


def test_writing_workflows_needs_no_room_and_no_library():
    loaded = modules_after("from hoofprint import *\nassert Workflow and Properties")
    assert loaded.isdisjoint(HEAVY)
    assert loaded.isdisjoint(ROOMS)


def test_every_public_name_is_there_and_listed():
    for name in hoofprint.__all__:
        assert getattr(hoofprint, name).__name__ == name
    assert set(hoofprint.__all__) <= set(dir(hoofprint))
    assert set(hoofprint.__all__) == set(hoofprint._HOME)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Wokflow'"):
        hoofprint.Wokflow  # noqa: B018
