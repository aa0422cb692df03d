"""Bad input: one clear message naming file and place, exit code 2, no traceback, nothing written."""

import json

import pytest

from hoofprint.app.main import main

JOB = "- {type: job, name: sh, id: A, uses: []}"
HEAD = "pegasus: '5.0'\nname: broken\n"
PROGRAM = """
transformationCatalog:
  transformations: [{name: sh, sites: [{name: local, pfn: /bin/sh, type: installed}]}]
"""
ALIAS_BOMB = "a: &a [x, x]\n" + "\n".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]" for n in range(24)
)
XML_BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;">]>'
    '<adag xmlns="http://pegasus.isi.edu/schema/DAX" version="3.4" name="&b;"><job id="A" name="sh"/></adag>'
)


def use(lfn: str, kind: str) -> str:
    return f"{{lfn: {lfn}, type: {kind}}}"


CASES = {
    "malformed YAML": (HEAD + "jobs: [\n  {", ("workflow.yml:", "YAML")),
    "an unknown key": (
        HEAD + "jobs:\n- {type: job, name: sh, id: A, argumnts: []}",
        ("workflow.yml:4", "argumnts", "arguments"),
    ),
    "a missing replica": (
        HEAD + f"jobs:\n- {{type: job, name: sh, id: A, uses: [{use('raw.txt', 'input')}]}}" + PROGRAM,
        ("raw.txt", "A"),
    ),
    "a missing transformation": (HEAD + f"jobs:\n{JOB}", ("sh", "workflow.yml:4")),
    "a cycle": (
        HEAD + f"jobs:\n{JOB}\n- {{type: job, name: sh, id: B, uses: []}}\n"
        "jobDependencies: [{id: A, children: [B]}, {id: B, children: [A]}]" + PROGRAM,
        ("cycle", "A", "B"),
    ),
    "two producers": (
        HEAD + f"jobs:\n- {{type: job, name: sh, id: A, uses: [{use('f', 'output')}]}}\n"
        f"- {{type: job, name: sh, id: B, uses: [{use('f', 'output')}]}}" + PROGRAM,
        ("workflow.yml:4", "workflow.yml:5", "'f'", "--duplicate-producers"),
    ),
    "an LFN that leaves its folder": (
        HEAD + f"jobs:\n- {{type: job, name: sh, id: A, uses: [{use('../../etc/x', 'input')}]}}",
        ("workflow.yml:4", "../../etc/x"),
    ),
    "a YAML alias bomb": (ALIAS_BOMB + "\n" + HEAD + f"jobs:\n{JOB}", ("workflow.yml", "alias")),
    "an XML bomb": (XML_BOMB, ("workflow.yml",)),
    "an empty file": ("", ("workflow.yml",)),
    "binary junk": ("\x00\x01\x02PK\x03\x04", ("workflow.yml",)),
}


@pytest.fixture
def plan(tmp_path, monkeypatch, capsys):
    """Plans a text in process; returns exit code and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOOFPRINT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("HOOFPRINT_LOG", "HOOFPRINT_VIEWS", "HOOFPRINT_PLANS"):
        monkeypatch.delenv(name, raising=False)

    def call(text: str, *options: str) -> tuple[int, str]:
        (tmp_path / "workflow.yml").write_text(text)
        code = main(["plan", "workflow.yml", *options])
        captured = capsys.readouterr()
        assert captured.out == ""
        return code, captured.err

    return call


def assert_refused(code: int, message: str, words: tuple[str, ...], folder) -> None:
    assert code == 2, message
    assert "Traceback" not in message
    for word in words:
        assert word in message, message
    assert not [path for path in folder.rglob("*") if path.name in ("plan.jsonl", "manifest.json")]
    assert not list(folder.glob("plans/**/run*"))


@pytest.mark.parametrize("case", CASES)
def test_a_bad_workflow_is_refused_with_file_and_place(case, plan, tmp_path) -> None:
    text, words = CASES[case]
    code, message = plan(text)
    assert_refused(code, message, words, tmp_path)


def test_an_unknown_site_is_refused_with_those_that_are_known(plan, tmp_path) -> None:
    code, message = plan(HEAD + f"jobs:\n{JOB}" + PROGRAM, "--sites", "nowhere")
    assert_refused(code, message, ("nowhere", "local", "condorpool"), tmp_path)


def test_two_producers_are_planned_when_the_last_shall_count(plan, tmp_path, capsys) -> None:
    text, _ = CASES["two producers"]
    (tmp_path / "workflow.yml").write_text(text)
    assert main(["plan", "workflow.yml", "--duplicate-producers", "last", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["jobs"]["compute"] == 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["run", "latest"], 3, ("no run yet",)),
        (["status", "0123abc"], 3, ("0123abc",)),
        (["find", "lines >"], 2, ("expected",)),
        (["find", 'not type = "a"'], 2, ()),
        (["plan", "missing.yml"], 2, ("missing.yml",)),
        (["lineage", "nothing"], 3, ("nothing",)),
        (["tag", "f", "novalue"], 3, ("'f'",)),
        (["serve", "--host", "0.0.0.0", "--port", "0"], 2, ("token",)),
        (["--views", "mysql://x/y", "status"], 2, ("postgresql+psycopg",)),
        (["--log", "pigeon:coop", "status"], 2, ("pigeon", "sqlite")),
        (["--views", "postgresql+psycopg://nobody@127.0.0.1:1/none", "status"], 4, ("127.0.0.1",)),
        (["plan", "workflow.yml", "-D", "novalue"], 2, ("KEY=VALUE",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_wrong_call_says_what_is_wrong_and_exits_with_its_code(
    plan, capsys, arguments: list[str], code: int, words: tuple[str, ...]
) -> None:
    assert main(arguments) == code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    assert all(word in captured.err for word in words), captured.err


def test_a_foreign_file_is_not_taken_for_a_log(plan, tmp_path, capsys) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/log.db").write_text("my precious notes, no database at all")
    assert main(["status"]) != 0
    assert "log.db" in capsys.readouterr().err
    assert (tmp_path / "home/log.db").read_text() == "my precious notes, no database at all"
