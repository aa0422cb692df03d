"""Corruption: a wrong file fails its job, and everybody is told which, what was expected and found."""

import hashlib
import json


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_an_input_that_changes_after_staging_fails_its_job_and_is_named_everywhere(
    project, write_workflow
) -> None:
    write_workflow(
        "corrupted",
        ("tamper", "echo surprise >> raw.txt; echo done > done.txt", (), ("done.txt",)),
        ("use", "cat raw.txt > result.txt", ("raw.txt",), ("result.txt",)),
        ("after", "cat result.txt > end.txt", ("result.txt",), ("end.txt",)),
        raw={"raw.txt": "as it was\n"},
        edges=(("tamper", "use"),),
    )
    planned = project.json("plan", "workflow.yml")
    # stage-in has a higher priority than any task: the file lies there before it is tampered with
    outcome = project.json("run", planned["directory"], "--quiet", "--cores", "1", expect=1)["outcome"]
    assert [failure["job"] for failure in outcome["failures"]] == ["sh_use"]
    expected, found = digest("as it was\n"), digest("as it was\nsurprise\n")

    events = project.call("log", "show", planned["run"], "--type", "ChecksumVerified", "--json").stdout
    facts = [json.loads(line)["fact"] for line in events.splitlines()]
    wrong = [fact for fact in facts if not fact["ok"]]
    assert {(fact["lfn"], fact["expected"], fact["found"]) for fact in wrong} == {
        ("raw.txt", expected, found)
    }

    status = project.call("status", "latest").stdout
    assert "CORRUPTED" in status
    assert "raw.txt" in status
    analysis = project.call("analyze", "latest", expect=1).stdout
    for word in ("sh_use", "raw.txt", expected, found, "jobs could not run because of it"):
        assert word in " ".join(analysis.split()), analysis
    (failure,) = project.json("analyze", "latest", expect=1)["failures"]
    assert {wrong["lfn"] for wrong in failure["mismatches"]} == {"raw.txt"}
    with project.serving() as server:
        told = server.ask(
            "query Wrong($run: ID!) { run(id: $run) { state integrity { failed mismatches"
            " { lfn expected found job } } } }",
            run=planned["run"],
        )["run"]
    assert told["state"] == "FAILED"
    assert told["integrity"]["failed"] == len(wrong)
    assert {(one["lfn"], one["expected"], one["found"]) for one in told["integrity"]["mismatches"]} == {
        ("raw.txt", expected, found)
    }


def test_an_input_that_differs_from_its_catalogued_checksum_is_never_staged(project, write_workflow) -> None:
    write_workflow(
        "catalogued",
        ("use", "cat raw.txt > result.txt", ("raw.txt",), ("result.txt",)),
        raw={"raw.txt": "not what the catalog says\n"},
        checksum={"raw.txt": digest("what the catalog says\n")},
    )
    project.call("run", project.json("plan", "workflow.yml")["directory"], "--quiet", expect=1)
    analysis = project.call("analyze", "latest", expect=1).stdout
    assert "stage_in" in analysis
    assert digest("what the catalog says\n") in analysis
    assert digest("not what the catalog says\n") in analysis


def test_a_failing_command_is_analyzed_with_its_exit_its_words_and_what_to_do(
    project, write_workflow
) -> None:
    write_workflow(
        "failing",
        ("bad", "echo the disk is on fire >&2; exit 3", (), ("never.txt",)),
        ("after", "cat never.txt > end.txt", ("never.txt",), ("end.txt",)),
        ("other", "echo fine > fine.txt", (), ("fine.txt",)),
        retries=1,
    )
    planned = project.json("plan", "workflow.yml")
    project.call("run", planned["directory"], expect=1)
    analysis = project.call("analyze", expect=1).stdout
    for word in (
        "sh_bad",
        "exited with 3",
        "attempt 2",
        "the disk is on fire",
        "hoofprint run",
        "/bin/sh -c",
    ):
        assert word in analysis, analysis
    summary = project.json("statistics")["summary"]
    assert summary["Tasks"]["failed"] == 1
    assert summary["Tasks"]["retries"] == 1
    assert [
        file["lfn"] for file in project.json("find", 'lfn = "fine.txt" and checksum = "computed"')["files"]
    ]
