"""Dependencies: what files imply, what is declared, and how the two come together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoofprint import DuplicateError, Job, Workflow, WorkflowError
from hoofprint.dependencies import infer_children, join_children


def pairs(children):
    return [(parent, child) for parent, below in children.items() for child in below]


def brute_force(jobs):
    """Every pair of a job that writes a file and a job that reads it, compared one by one."""
    return {
        (writer.id, reader.id)
        for writer in jobs
        for reader in jobs
        for file in writer.get_outputs() & reader.get_inputs()
    }


FILES = st.lists(st.sampled_from("abcdefgh"), max_size=4, unique=True)


@given(st.lists(st.tuples(FILES, st.integers(0, 4)), max_size=8))
def test_inference_finds_the_pairs_that_brute_force_finds_each_once(shapes):
    jobs = []
    for number, (files, cut) in enumerate(shapes):
        jobs.append(Job("t", _id=f"j{number}").add_inputs(*files[:cut]).add_outputs(*files[cut:]))
    found = pairs(join_children(by_id := {job.id: job for job in jobs}, {}, infer_children(by_id)))
    assert set(found) == brute_force(jobs)
    assert len(found) == len(set(found))


def test_standard_streams_imply_dependencies_too():
    first, second = Job("a", _id="a").set_stdout("x"), Job("b", _id="b").set_stdin("x")
    assert infer_children({"a": first, "b": second}) == {"a": ["b"]}


def test_a_reader_of_two_files_of_one_job_waits_for_it_once():
    first = Job("a", _id="a").add_outputs("x", "y")
    other = Job("c", _id="c").add_outputs("z")
    second = Job("b", _id="b").add_inputs("x", "z", "y")
    jobs = {"a": first, "b": second, "c": other}
    assert join_children(jobs, {}, infer_children(jobs)) == {"a": ["b"], "c": ["b"]}


def test_jobs_that_change_a_file_in_place_follow_one_another_and_readers_follow_the_last():
    make, read = Job("make", _id="make").add_outputs("x"), Job("read", _id="read").add_inputs("x")
    change = [Job("change", _id=name).add_inouts("x") for name in ("first", "second")]
    jobs = {job.id: job for job in (read, *change, make)}
    assert infer_children(jobs) == {"make": ["first"], "first": ["second"], "second": ["read"]}


def test_checkpoint_files_imply_nothing():
    jobs = {"a": Job("a", _id="a").add_checkpoint("x"), "b": Job("b", _id="b").add_inputs("x")}
    assert infer_children(jobs) == {}


def diamond(**options):
    workflow = Workflow("diamond", **options)
    jobs = [Job("top").add_outputs("x"), Job("left").add_inputs("x"), Job("right"), Job("bottom")]
    return workflow.add_jobs(*jobs), jobs


def edges(workflow, tmp_path, read_yaml):
    document = read_yaml(workflow.write(tmp_path / "w.yml").path)
    return {edge["id"]: edge["children"] for edge in document["jobDependencies"]}


def test_declared_and_inferred_dependencies_are_written_together(tmp_path, read_yaml):
    workflow, (top, left, right, bottom) = diamond()
    workflow.add_dependency(bottom, parents=[left, right]).add_dependency(top, children=[right, left])
    assert edges(workflow, tmp_path, read_yaml) == {
        "ID0000001": ["ID0000003", "ID0000002"],
        "ID0000002": ["ID0000004"],
        "ID0000003": ["ID0000004"],
    }


def test_without_inference_only_declared_dependencies_are_written(tmp_path, read_yaml):
    workflow, (_, left, _, bottom) = diamond(infer_dependencies=False)
    workflow.add_dependency(left, children=[bottom])
    assert edges(workflow, tmp_path, read_yaml) == {"ID0000002": ["ID0000004"]}


def test_a_dependency_declared_twice_is_refused():
    workflow, (top, left, *_) = diamond()
    workflow.add_dependency(top, children=[left])
    with pytest.raises(DuplicateError, match=r"ID0000001 \(top\) -> job ID0000002 \(left\) is already there"):
        workflow.add_dependency(left, parents=[top])


def test_a_job_cannot_wait_for_itself():
    workflow, (top, *_) = diamond()
    with pytest.raises(WorkflowError, match="cannot wait for itself"):
        workflow.add_dependency(top, children=[top])


def test_a_dependency_needs_ids():
    with pytest.raises(WorkflowError, match="both need an id; add_jobs gives them one"):
        Workflow("w").add_dependency(Job("a"), children=[Job("b")])


def test_a_dependency_on_a_job_of_no_workflow_is_refused_when_written(tmp_path):
    workflow, (top, *_) = diamond()
    workflow.add_dependency(top, children=[Job("stray", _id="stray")])
    with pytest.raises(WorkflowError, match="job stray is not in the workflow; add it with add_jobs"):
        workflow.write(tmp_path / "w.yml")
    assert list(tmp_path.iterdir()) == []
