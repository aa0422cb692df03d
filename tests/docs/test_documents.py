"""The tutorial, executed: its files are written, its commands run, what it shows must be what they print."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs/tutorial").glob("*.md"))
PEGASUS_RUNS = ("process_wf_success", "process_wf_failure", "hierarchical_wf_success")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file it shows if it names one, its text, its line."""

    language: str
    file: str
    text: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text()
    for match in re.finditer(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield Block(match[1], match[2] or "", match[3], text.count("\n", 0, match.start()) + 1)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("HOOFPRINT_")},
        "HOOFPRINT_HOME": str(tmp_path / ".home"),
        "XDG_CONFIG_HOME": str(tmp_path / ".config"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of a console block with the lines that are shown below it."""
    command, shown = "", []
    for line in text.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, shown
            command, shown = line[2:], []
        elif line.strip():
            shown.append(line)
    if command:
        yield command, shown


def resembles(shown: str, printed: str) -> bool:
    """Whether a shown line is a printed one; ``…`` stands for anything, white space is folded."""
    parts = [re.escape(part).replace(r"\ ", r"\s+") for part in " ".join(shown.split()).split("…")]
    return re.fullmatch(".*".join(parts), " ".join(printed.split())) is not None


def check_shown(shown: list[str], printed: str, place: str) -> None:
    lines = iter(printed.splitlines())
    for line in shown:
        if line.strip() != "…":
            assert any(resembles(line, each) for each in lines), f"{place}: not printed: {line}\n\n{printed}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_of_the_tutorial_does_what_it_says(
    page: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    check_page(page, tmp_path, environment)


@pytest.mark.realdata
def test_the_page_for_pegasus_users_does_what_it_says(
    tmp_path: Path, environment: dict[str, str], realdata: Path
) -> None:
    for number, sample in enumerate(PEGASUS_RUNS, 1):
        source = realdata / "submit-dirs" / sample
        shutil.copytree(source, tmp_path / f"run{number:04}", copy_function=shutil.copyfile)
    check_page(ROOT / "docs/pegasus-users.md", tmp_path, environment)


def check_page(page: Path, folder: Path, environment: dict[str, str]) -> None:
    for block in blocks(page):
        if block.file:
            (folder / block.file).write_text(block.text)
        elif block.language == "console":
            for command, shown in commands(block.text):
                place = f"{page.name}:{block.line}: {command}"
                done = subprocess.run(
                    ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True
                )
                fails = command.endswith("# fails")
                assert (done.returncode != 0) == fails, f"{place}\n{done.stdout}{done.stderr}"
                check_shown(shown, done.stdout + done.stderr, place)


def test_there_is_a_tutorial() -> None:
    assert PAGES


def test_links_between_documents_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page}: {target}"


def test_commands_in_the_readme_are_commands_that_exist() -> None:
    text = (ROOT / "README.md").read_text()
    named = {shlex.split(match)[0] for match in re.findall(r"`hoofprint ([a-z][^`]*)`", text)}
    help_text = subprocess.run(
        [sys.executable, "-m", "hoofprint", "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    assert named
    assert all(re.search(rf"\b{name}\b", help_text) for name in named), named
