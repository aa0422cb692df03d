from collections.abc import Callable
from pathlib import Path

import pytest

from eventlog.errors import InputError

Write = Callable[..., Path]
Refusal = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write text or bytes to a file of the test's own folder and return its path."""

    def to_file(content: str | bytes, name: str = "workflow.yml") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return to_file


@pytest.fixture
def refusal(tmp_path: Path) -> Refusal:
    """Run a reader that must refuse, and return its message with the folder's name left out."""

    def message(read: Callable[..., object], *arguments: object) -> str:
        with pytest.raises(InputError) as refused:
            read(*arguments)
        return str(refused.value).replace(f"{tmp_path}/", "")

    return message
