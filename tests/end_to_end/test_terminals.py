"""Foreign names are shown, not obeyed: a workflow called like an order to the terminal gives none."""

from pathlib import Path

from benchmarks.genome_event_file import write_event_file
from benchmarks.genome_run import LABEL, GenomeRun

COMMANDS = (
    ("status",),
    ("status", "latest"),
    ("analyze",),
    ("statistics", "-s", "all"),
    ("jobstate",),
    ("log", "show"),
    ("views", "dead-letters"),
)
ORDER = "\x1b]0;owned\x07"


def test_no_reading_command_hands_a_workflows_name_to_the_terminal_as_it_is(project, tmp_path: Path) -> None:
    path = tmp_path / "genome.bp"
    write_event_file(GenomeRun(20), path)
    path.write_text(path.read_text().replace(f"={LABEL} ", f"={LABEL}{ORDER} "))
    project.call("import", str(path))
    assert project.json("analyze")["run"]["summary"]["workflow"] == f"{LABEL}{ORDER}"
    told = {command: project.call(*command).stdout for command in COMMANDS}
    assert [command for command, text in told.items() if {"\x1b", "\x07"} & set(text)] == []
    assert f"{LABEL}\\x1b]0;owned\\x07" in told["analyze",]
