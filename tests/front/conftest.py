"""What the tests of the front share."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def load_module() -> Callable[[str], ModuleType]:
    """Import a file of the checkout that belongs to no package, by its path below the root."""

    def load(path: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(Path(path).stem + "_loaded", ROOT / path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def read_yaml() -> Callable[[Path], dict[str, object]]:
    """Read a YAML file as plain values."""

    def read(path: Path) -> dict[str, object]:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)

    return read
