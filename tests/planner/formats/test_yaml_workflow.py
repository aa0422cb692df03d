import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from planner.abstract import Use
from planner.catalogs import ShellHook, Transformation
from planner.formats import read_workflow

Write = Callable[..., Path]
Refusal = Callable[..., str]

HEAD = "pegasus: '5.0'\nname: w\n"
TWO_JOBS = (
    HEAD
    + """\
jobs:
- type: job
  id: first
  name: hello
  uses:
  - lfn: f.a
    type: input
  - lfn: f.b
    type: output
- type: job
  id: second
  name: world
  uses:
  - lfn: f.b
    type: input
jobDependencies:
- id: first
  children:
  - second
"""
)


def one_job(fields: str) -> str:
    return HEAD + f"jobs:\n- type: job\n  id: ID3\n  name: t\n{fields}"


def test_jobs_uses_and_edges_are_read(write: Write) -> None:
    workflow = read_workflow(write(TWO_JOBS))

    assert workflow.name == "w"
    assert workflow.version == "5.0"
    assert [job.id for job in workflow.jobs] == ["first", "second"]
    assert workflow.jobs[0].uses == (Use("f.a", "input"), Use("f.b", "output"))
    assert workflow.jobs[0].place.endswith("workflow.yml:4")
    assert workflow.edges == ((0, 1),)


def test_arguments_keep_the_text_their_author_wrote(write: Write) -> None:
    path = write(one_job("  arguments: [1.0, 010, 1e3, 0x10, yes, 2026-11-22, '', \"a b\", -o f.out]\n"))

    assert read_workflow(path).jobs[0].arguments == (
        *("1.0", "010", "1e3", "0x10", "yes", "2026-11-22", "", "a b"),
        "-o f.out",
    )


def test_every_field_of_the_format_is_read(write: Write) -> None:
    path = write(
        HEAD
        + """\
x-pegasus: {createdBy: someone}
metadata: {temperature: 200}
profiles: {env: {LANG: C, x-note: [1]}, hints: {execution.site: local}}
hooks: {shell: [{_on: end, cmd: notify}]}
jobs:
- type: job
  id: j
  namespace: ns
  name: t
  version: '1.2'
  nodeLabel: label
  stdin: in.txt
  stdout: out.txt
  stderr: err.txt
  profiles: {pegasus: {cores: 4}}
  metadata: {time: '60'}
  hooks: {shell: [{_on: error, cmd: mail}]}
  uses:
  - {lfn: a/b.txt, type: inout, stageOut: false, registerReplica: false, optional: true, size: '12',
     bypass: true, forPlanning: true, executable: true, namespace: n, version: '2', metadata: {k: v}}
- {type: pegasusWorkflow, id: sub, file: inner.yml, arguments: []}
- {type: condorWorkflow, id: dag, file: inner.dag}
"""
    )

    workflow = read_workflow(path)

    assert workflow.metadata == {"temperature": "200"}
    assert workflow.profiles == {"env": {"LANG": "C"}, "selector": {"execution.site": "local"}}
    assert workflow.hooks == (ShellHook("end", "notify"),)
    job, sub, dag = workflow.jobs
    assert job.transformation == Transformation("t", "ns", "1.2")
    assert (job.label, job.stdin, job.stdout, job.stderr) == ("label", "in.txt", "out.txt", "err.txt")
    assert job.profiles == {"pegasus": {"cores": "4"}}
    assert job.metadata == {"time": "60"}
    assert job.hooks == (ShellHook("error", "mail"),)
    assert job.uses == (
        Use(
            "a/b.txt",
            "inout",
            False,
            False,
            True,
            True,
            True,
            True,
            12,
            {"k": "v"},
            namespace="n",
            version="2",
        ),
    )
    assert (sub.kind, sub.workflow_file) == ("pegasusWorkflow", "inner.yml")
    assert (dag.kind, dag.workflow_file) == ("condorWorkflow", "inner.dag")


def test_the_same_use_in_many_jobs_is_one_object(write: Write) -> None:
    uses = "  uses:\n  - lfn: f\n    type: input\n"
    path = write(one_job(uses) + "- type: job\n  id: b\n  name: t\n" + uses)

    first, second = read_workflow(path).jobs

    assert first.uses[0] is second.uses[0]
    assert first.transformation is second.transformation


def test_json_is_read_like_yaml(write: Write) -> None:
    document = {
        "pegasus": "5.0",
        "name": "w",
        "jobs": [{"type": "job", "id": "a", "name": "t", "arguments": ["😀", "a\\/b", 1.0], "uses": []}],
    }
    expected = ("😀", "a\\/b", "1.0")

    for text in (json.dumps(document), json.dumps(document, indent="\t"), json.dumps(document, indent=2)):
        assert read_workflow(write(text, "w.json")).jobs[0].arguments == expected


def test_a_gzip_file_is_read_whatever_its_name(write: Write) -> None:
    packed = gzip.compress(TWO_JOBS.encode())

    assert len(read_workflow(write(packed, "workflow.yml")).jobs) == 2


def test_inline_catalogs_are_read(write: Write) -> None:
    path = write(
        TWO_JOBS
        + """\
replicaCatalog:
  replicas: [{lfn: f.a, pfns: [{site: local, pfn: /data/f.a}]}]
transformationCatalog:
  transformations:
  - {name: hello, sites: [{name: local, type: installed, pfn: /bin/true}]}
"""
    )

    catalogs = read_workflow(path).catalogs

    assert catalogs is not None
    assert catalogs.sites is None
    assert catalogs.replicas is not None
    assert catalogs.replicas.entries["f.a"].replicas[0].pfn == "/data/f.a"
    assert catalogs.transformations is not None
    assert Transformation("hello") in catalogs.transformations.entries


def test_a_reference_to_a_remote_catalog_is_noted_and_not_followed(write: Write) -> None:
    path = write(TWO_JOBS + 'siteCatalog: {$ref: "https://example.org/sites.yml"}\n')

    catalogs = read_workflow(path).catalogs

    assert catalogs is not None
    assert catalogs.sites is None
    assert catalogs.references == ("https://example.org/sites.yml",)


def test_an_edge_told_twice_counts_once(write: Write) -> None:
    assert read_workflow(write(TWO_JOBS + "  - second\n")).edges == ((0, 1),)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("  argumnts: []\n", '7: job ID3: unknown key "argumnts"; did you mean "arguments"?'),
        ("  arguments: [a, ~]\n", '7: job ID3: "arguments" item 2 is empty; a text or number is wanted'),
        ("  arguments: {a: b}\n", '7: job ID3: "arguments" is a mapping; a list is wanted'),
        ("  uses: [f.a]\n", '7: job ID3: "uses" item 1 is a single value; a mapping is wanted'),
        ("  uses:\n  - type: input\n", '8: job ID3: file number 1: "lfn" is missing'),
        (
            "  uses:\n  - {lfn: f, type: inptu}\n",
            '8: job ID3: file f: "type" is "inptu"; did you mean "input"?',
        ),
        (
            "  uses:\n  - lfn: f\n    type: input\n    stageOut: maybe\n",
            '10: job ID3: file f: "stageOut" is "maybe"; true or false is wanted',
        ),
        (
            "  uses:\n  - {lfn: f, type: input, size: 1 kB}\n",
            '8: job ID3: file f: "size" is "1 kB"; a number of bytes is wanted',
        ),
        (
            "  uses:\n  - type: input\n    lfn: ../../etc/x\n",
            '9: job ID3: file ../../etc/x: LFN "../../etc/x" climbs out of the work directory; an LFN has',
        ),
        ("  stdout: /tmp/x\n", '7: job ID3: LFN "/tmp/x" is an absolute path'),
        (
            "  profiles: {condr: {a: b}}\n",
            '7: job ID3: profiles: unknown key "condr"; did you mean "condor"?',
        ),
        ("  profiles: {env: {A: [1]}}\n", '7: job ID3: profiles: "env" "A" is a list'),
        ("  hooks: {shell: [{_on: finish, cmd: x}]}\n", '"_on" is "finish"; known are all, end, error'),
    ],
)
def test_a_wrong_job_is_refused_with_line_job_and_what_would_be_right(
    write: Write, refusal: Refusal, fields: str, message: str
) -> None:
    assert refusal(read_workflow, write(one_job(fields))).startswith("workflow.yml:")
    assert message in refusal(read_workflow, write(one_job(fields)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n", 'workflow.yml:1: "pegasus" is missing'),
        (
            "- a\n",
            "workflow.yml:1: the document is a list; a mapping with the keys pegasus, name, jobs is wanted",
        ),
        (
            "hello\n",
            'this is no workflow in Pegasus 5 YAML or JSON, or in DAX XML; it begins with "hello"',
        ),
        ("JOB a b.sub\n", "workflow.yml: this is no workflow"),
        ("pegasus: '6.0'\nname: w\njobs: []\n", 'workflow.yml:1: version "6.0" of the format is not known'),
        (
            "pegasus: 5.0\nname: a/b\njobs: []\n",
            "workflow.yml:2: workflow name 'a/b': one line of text without",
        ),
        (HEAD + "jobs: []\n", 'workflow.yml:3: "jobs" is empty; at least one job is wanted'),
        (
            HEAD + "jobs:\n- {type: job, id: a/b, name: t}\n",
            "workflow.yml:4: job a/b: job id 'a/b': one word",
        ),
        (HEAD + "jobs:\n- {type: job, id: '', name: t}\n", 'workflow.yml:4: job: "id" is empty'),
        (
            HEAD + "jobs:\n- {type: job, id: [a], name: t}\n",
            '4: job number 1: "id" is a list; a text is wanted',
        ),
        (HEAD + "jobs:\n- {type: job, id: a, name: ''}\n", 'workflow.yml:4: job a: "name" is missing'),
        (HEAD + "jobs:\n- {type: job, id: a, name: t, stdin: ''}\n", "4: job a: an LFN is empty; a file"),
        ('{"pegasus": "5.0"\n "name": "w"}', "workflow.yml:2: not well-formed JSON: did not find expected"),
        (HEAD + "jobs:\n- {type: job, id: a}\n", 'workflow.yml:4: job a: "name" is missing'),
        (HEAD + "jobs:\n- {type: pegasusWorkflow, id: a}\n", 'workflow.yml:4: job a: "file" is missing'),
        (
            HEAD + "jobs:\n- {type: job, id: a, name: t}\n- {type: job, id: a, name: t}\n",
            "workflow.yml:5: job a: this id is given twice, first on line 4",
        ),
        (
            TWO_JOBS + "  - secnd\n",
            'workflow.yml:22: dependency of first: there is no job "secnd"; did you mean "second"?',
        ),
        (
            TWO_JOBS + "- {id: frist, children: [second]}\n",
            'workflow.yml:22: dependency of frist: there is no job "frist"; did you mean "first"?',
        ),
        (TWO_JOBS + "replicaCatalog: {replicas: {}}\n", 'replicaCatalog: "replicas" is a mapping; a list'),
    ],
)
def test_a_wrong_workflow_is_refused_with_its_line(
    write: Write, refusal: Refusal, text: str, message: str
) -> None:
    assert message in refusal(read_workflow, write(text))


def test_all_problems_are_told_at_once_in_the_order_of_the_file(write: Write, refusal: Refusal) -> None:
    jobs = "".join(f"- {{type: job, id: j{number}, name: t, wrong: 1}}\n" for number in range(25))

    lines = refusal(read_workflow, write(HEAD + "jobs:\n" + jobs)).splitlines()

    assert [line.split(":")[1] for line in lines[:-1]] == [str(number) for number in range(4, 24)]
    assert lines[-1] == "and 5 more"


def test_a_message_stays_one_line_whatever_the_file_holds(write: Write, refusal: Refusal) -> None:
    message = refusal(read_workflow, write(one_job(r'  "a\n\e[31mb": 1' + "\n")))

    assert message.startswith(r'workflow.yml:7: job ID3: unknown key "a\n\x1b[31mb"')
    assert "\n" not in message
