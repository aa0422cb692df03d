from collections.abc import Callable
from pathlib import Path

import pytest

from eventlog.errors import InputError
from planner.formats import read_workflow

HEAD = "pegasus: '5.0'\nname: w\n"


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "workflow.yml"
        path.write_text(text)
        return path

    return write


def test_arguments_keep_the_text_their_author_wrote(written: Callable[[str], Path]) -> None:
    path = written(
        HEAD + "jobs:\n- {type: job, id: a, name: t, arguments: [1.0, 010, 1e3, yes, 2026-11-22, '']}\n"
    )

    assert read_workflow(path).jobs[0].arguments == ("1.0", "010", "1e3", "yes", "2026-11-22", "")


def test_an_unknown_key_is_refused_with_its_line_and_the_nearest_known_one(
    written: Callable[[str], Path],
) -> None:
    path = written(HEAD + "jobs:\n- type: job\n  id: ID3\n  name: t\n  argumnts: []\n")

    with pytest.raises(InputError) as refused:
        read_workflow(path)

    assert str(refused.value) == f'{path}:7: job ID3: unknown key "argumnts"; did you mean "arguments"?'
