"""One real workflow, all the way: planned, run, remembered, found, traced, reused, asked for over GraphQL."""

import hashlib
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest


def lies_at(url: str) -> Path:
    return Path(unquote(urlsplit(url).path))


def test_the_split_workflow_is_planned_run_found_traced_and_reused(split) -> None:
    planned = split.json("plan", "workflow.yml")
    assert (planned["tasks"], planned["pruned"], planned["jobs"]["compute"]) == (5, 0, 5)
    outcome = split.json("run", planned["directory"], "--quiet")["outcome"]
    assert outcome["status"] == 0

    found = split.json("find", 'type = "counts" and lines >= 50')["files"]
    assert sorted(file["lfn"] for file in found) == [f"count.txt.{letter}" for letter in "abcd"]
    for file in found:
        (replica,) = file["replicas"]
        assert file["checksum"] == "verified"
        content = lies_at(replica["pfn"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        tagged = {tag["text"] for tag in file["tags"] if tag["key"] == "lines"}
        assert tagged == {content.split()[0].decode()}

    told = split.json("lineage", "count.txt.d")
    commands = {task["transformation"]: task["argv"] for task in told["tasks"]}
    assert commands == {"wc": ["-l", "part.d"], "split": ["-l", "100", "-a", "1", "page.txt", "part."]}
    page = next(node for node in told["files"] if node["lfn"] == "page.txt")
    assert page["sha256"] == hashlib.sha256(lies_at_source(split).read_bytes()).hexdigest()

    again = split.json("plan", "workflow.yml", "--reuse", planned["run"])
    assert (again["pruned"], again["jobs"]) == (5, {})
    reasons = {decision["task"]: decision["reason"] for decision in split.json("explain", again["run"])}
    assert "count.txt.a" in reasons["ID0000002"]
    assert split.json("run", again["run"])["outcome"]["status"] == 0
    third = split.json("plan", "workflow.yml", "--reuse", again["run"])
    assert third["pruned"] == 5
    reused = split.json("lineage", "count.txt.d", "--run", again["run"])
    assert {link["kind"] for link in reused["links"]} == {"reused", "read", "written"}


def lies_at_source(project) -> Path:
    text = (project.folder / "replicas.yml").read_text()
    return lies_at(next(word.strip('"') for word in text.split() if "file://" in word))


def test_statistics_status_and_the_log_tell_the_same_run(split) -> None:
    planned = split.json("plan", "workflow.yml")
    split.call("run", planned["run"], "--quiet")
    summary = split.json("statistics", "latest")["summary"]
    assert summary["Tasks"] == {
        "succeeded": 5, "failed": 0, "incomplete": 0, "total": 5, "retries": 0, "total_with_retries": 5
    }  # fmt: skip
    assert summary["Jobs"]["succeeded"] == sum(planned["jobs"].values())
    assert len(summary["durations"]) == 5
    status = split.json("status", "latest")
    assert status["run"]["progress"]["succeeded"] == summary["Jobs"]["total"]
    assert status["integrity"]["failed"] == 0 < status["integrity"]["verified"]
    shown = split.call("log", "show", "latest", "--type", "JobFinished").stdout
    assert shown.count("JobFinished") == summary["Jobs"]["total"]
    assert split.json("views", "verify")["holds"]


def test_files_of_several_workflows_are_found_by_command_and_by_graphql_alike(split, write_workflow) -> None:
    split.call("run", split.json("plan", "workflow.yml")["run"], "--quiet")
    write_workflow("other", ("make", "echo hello > hello.txt", (), ("hello.txt",)))
    split.call("run", split.json("plan", "workflow.yml", "--dir", "other")["directory"], "--quiet")
    split.call("tag", "hello.txt", "type=counts", "lines=1")

    def names(question: str) -> list[str]:
        return sorted(file["lfn"] for file in split.json("find", question)["files"])

    query = """
      query Found($kind: String!, $least: Float!) {
        files(where: {and: [
          {tag: {key: "type", eq: {string: $kind}}}, {tag: {key: "lines", gte: {number: $least}}}
        ]}) { edges { node { lfn run checksumState replicas { site pfn } } } }
      }
    """
    with split.serving() as server:
        for least, expected in ((50, 4), (1, 5), (101, 0)):
            nodes = server.ask(query, kind="counts", least=least)["files"]["edges"]
            assert sorted(edge["node"]["lfn"] for edge in nodes) == names(
                f'type = "counts" and lines >= {least}'
            )
            assert len(nodes) == expected
            assert {edge["node"]["checksumState"] for edge in nodes} <= {"VERIFIED"}
    assert names('workflow = "other" and lines < 50') == ["hello.txt"]


def test_the_last_word_about_a_file_counts_and_can_be_taken_back(split) -> None:
    split.call("run", split.json("plan", "workflow.yml")["run"], "--quiet")
    split.call("tag", "count.txt.a", "quality=good")
    split.call("tag", "count.txt.a", "quality=bad")
    assert not split.json("find", 'quality = "good"')["files"]
    assert [file["lfn"] for file in split.json("find", 'quality = "bad"')["files"]] == ["count.txt.a"]
    split.call("tag", "count.txt.a", "--", "-quality")
    assert not split.json("find", 'quality = "bad"')["files"]
    split.call("tag", "nothing.txt", "quality=good", expect=3)


def test_a_plan_of_another_log_is_not_run_unseen(split, tmp_path) -> None:
    directory = split.json("plan", "workflow.yml")["directory"]
    elsewhere = split.call("--home", str(tmp_path / "elsewhere"), "run", directory, expect=3)
    assert "does not know this plan" in elsewhere.stderr


@pytest.mark.postgres
def test_the_same_commands_answer_from_postgresql(split, postgres_url) -> None:
    split.environment["HOOFPRINT_VIEWS"] = postgres_url
    planned = split.json("plan", "workflow.yml")
    split.call("run", planned["directory"], "--quiet")
    found = split.json("find", 'type = "counts" and lines >= 50')["files"]
    assert sorted(file["lfn"] for file in found) == [f"count.txt.{letter}" for letter in "abcd"]
    assert split.json("statistics")["summary"]["Jobs"]["failed"] == 0
    assert split.json("plan", "workflow.yml", "--reuse", "latest")["pruned"] == 5
    digests = split.json("views", "digest")
    assert split.json("views", "verify")["holds"]
    del split.environment["HOOFPRINT_VIEWS"]
    assert split.json("views", "digest") == digests
