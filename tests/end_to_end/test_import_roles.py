"""hoofprint import --roles-from: lineage of a run whose trace does not say who reads and writes what."""

from pathlib import Path

import pytest


@pytest.mark.realdata
def test_lineage_of_the_black_diamond_leads_from_its_end_to_its_beginning_with_argv_and_host(
    project, realdata: Path
) -> None:
    trace, workflow = realdata / "events/blackdiamond.bp", realdata / "dax/blackdiamond-3.6.dax"
    project.call("import", str(trace), "--roles-from", str(workflow))
    words = project.call("lineage", "f.d").stdout.split()
    assert [each for each in words if each.startswith("/var/lib/condor/execute")] == [
        "/var/lib/condor/execute/dir_9580/pegasus-analyze-4.0",
        "/var/lib/condor/execute/dir_9503/pegasus-findrange-4.0",
        "/var/lib/condor/execute/dir_9460/pegasus-preprocess-4.0",
        "/var/lib/condor/execute/dir_9531/pegasus-findrange-4.0",
        "/var/lib/condor/execute/dir_9460/pegasus-preprocess-4.0",
    ]
    assert "-a preprocess -T 60 -i f.a -o f.b1 f.b2 on worker2.novalocal" in " ".join(
        w for w in words if w != "│"
    )
    assert "f.a" in words


@pytest.mark.realdata
def test_roles_may_be_told_afterwards_and_add_only_them(project, realdata: Path) -> None:
    trace, workflow = realdata / "events/blackdiamond.bp", realdata / "dax/blackdiamond-3.6.dax"
    known = project.json("import", str(trace))["added"]
    told = project.json("import", str(trace), "--roles-from", str(workflow))
    assert (told["added"], told["contradicted"]) == (1, 0)
    assert told["refined"] + told["known"] == known
    again = project.json("import", str(trace), "--roles-from", str(workflow))
    assert (again["added"], again["refined"]) == (0, 0)


@pytest.mark.realdata
def test_another_workflow_is_named_as_such_and_tells_nothing(project, realdata: Path) -> None:
    trace = realdata / "events/blackdiamond.bp"
    other = project.call("import", str(trace), "--roles-from", str(realdata / "dax/blackdiamond.dax"))
    assert "none of its tasks is in" in other.stderr
