"""Jobs that are read one by one are those of the whole workflow."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from eventlog.errors import InputError
from planner.formats import read_jobs, read_workflow
from planner.formats.yaml_workflow import read_yaml_jobs

Write = Callable[..., Path]
Refusal = Callable[..., str]

HEAD = "pegasus: '5.0'\nname: w\njobs:\n"
JOB = "- type: job\n  id: ID{0}\n  name: keg\n  arguments: [-n, {0}, {1}]\n"
DAX = '<adag version="3.6" name="w">{}<child ref="ID2"><parent ref="ID1"/></child></adag>'
DAX_JOB = '<job id="ID{0}" name="keg"><argument>{1}</argument><uses name="f.{0}" link="output"/></job>\n'


def jobs(count: int, last: str = "x") -> str:
    return "".join(JOB.format(number, "x") for number in range(1, count)) + JOB.format(count, last)


@pytest.mark.realdata
def test_every_real_workflow_has_the_same_jobs(realdata: Path) -> None:
    paths = [
        *realdata.glob("pegasus-yaml/*.workflow.yml*"),
        *realdata.glob("pegasus-yaml/casa-wind-wf-0.yml"),
        *realdata.glob("pegasus-yaml/etc/workflow.yml"),
        *realdata.glob("submit-dirs/*/workflow.yml"),
        *realdata.glob("dax/*.dax"),
        *realdata.glob("dax/*.xml"),
    ]

    assert len(paths) >= 24
    for path in paths:
        assert tuple(read_jobs(path)) == tuple(read_workflow(path).jobs), path


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["1000genome-i10.workflow", "casa-wind-5.workflow", "casa-wind-wf-0"])
def test_what_programs_write_is_not_read_whole(realdata: Path, name: str) -> None:
    path = realdata / "pegasus-yaml" / f"{name}.yml"
    lines = path.read_bytes().splitlines(keepends=True)
    seen = iter(lines)
    first = next(read_yaml_jobs(str(path), seen))
    assert first == read_workflow(path).jobs[0]
    assert len(list(seen)) > len(lines) // 3


@pytest.mark.parametrize("last", ["é", "'it''s'", '"\\n"', "!!str x"])
def test_a_document_that_turns_out_to_be_unusual_gives_each_job_once(write: Write, last: str) -> None:
    path = write(HEAD + jobs(2_500, last) + "jobDependencies: []\n")
    given = list(read_jobs(path))
    assert given == list(read_workflow(path).jobs)
    assert len(given) == 2_500


def test_a_packed_document_is_read(write: Write) -> None:
    path = write(gzip.compress((HEAD + jobs(3)).encode()))
    assert [job.id for job in read_jobs(path)] == ["ID1", "ID2", "ID3"]


def test_where_a_document_is_broken_what_stands_before_is_given(write: Write, refusal: Refusal) -> None:
    path = write(HEAD + jobs(2) + "- {type: job, name: keg}\n" + JOB.format(3, "x"))
    given = []
    with pytest.raises(InputError, match=r"workflow.yml:12: job number 3: \"id\" is missing"):
        given.extend(read_jobs(path))
    several = read_jobs(path)
    assert [next(several).id, next(several).id] == ["ID1", "ID2"]
    assert refusal(list, several) == refusal(read_workflow, path)


def test_what_is_wrong_beside_the_jobs_is_not_asked_for(write: Write) -> None:
    path = write(HEAD + jobs(2) + "jobDependencies:\n- id: ID1\n  children: [ID7]\n")
    assert len(list(read_jobs(path))) == 2


@pytest.mark.parametrize(
    "content", ["", "jobs:\n", "jobs: []\n", "pegasus: '5.0'\n", "- x\n", "<adag/>", "\0"]
)
def test_a_document_without_jobs_is_refused_as_it_is_read_whole(
    write: Write, refusal: Refusal, content: str
) -> None:
    path = write(content)
    if content != "<adag/>":
        assert refusal(list, read_jobs(path)) == refusal(read_workflow, path)
    else:
        assert list(read_jobs(path)) == []


def test_jobs_of_a_dax_are_given_as_far_as_it_is_well_formed(write: Write) -> None:
    text = DAX.format("".join(DAX_JOB.format(number, number) for number in range(1, 2_003)))
    whole = write(text)
    assert tuple(read_jobs(whole)) == tuple(read_workflow(whole).jobs)
    half = read_jobs(write(text[: len(text) // 2], "half.xml"))
    assert [next(half).id for _ in range(1_000)] == [f"ID{number}" for number in range(1, 1_001)]
    with pytest.raises(InputError, match=r"half.xml:.*not well-formed XML"):
        list(half)
