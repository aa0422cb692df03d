"""The generator of large workflows, and that writing one stays linear."""

import io
from collections import Counter

import pytest

import hoofprint


@pytest.fixture(scope="module")
def large(load_module):
    return load_module("benchmarks/workflow_194k.py")


def test_the_full_size_has_the_jobs_and_files_it_is_known_for(large):
    groups = list(large.group_sizes())
    assert sum(groups) + 2 * len(groups) == 194_364
    # A raw and a merged file a group, a part and a result a worker.
    assert 2 * len(groups) + 2 * sum(groups) == 384_916


def test_a_number_of_jobs_that_leaves_no_whole_group_is_refused(large):
    with pytest.raises(ValueError, match="2 would be left over"):
        list(large.group_sizes(104))


def test_a_small_one_has_the_same_shape(large, tmp_path, read_yaml):
    large.write_everything(hoofprint, tmp_path, jobs=24, fan=10)
    document = read_yaml(tmp_path / "workflow.yml")
    assert Counter(job["name"] for job in document["jobs"]) == {"split": 2, "work": 20, "merge": 2}
    children = {edge["id"]: edge["children"] for edge in document["jobDependencies"]}
    for job in document["jobs"]:
        assert len(children.get(job["id"], [])) == {"split": 10, "work": 1, "merge": 0}[job["name"]]
    raw = {entry["lfn"] for entry in read_yaml(tmp_path / "replicas.yml")["replicas"]}
    made = {use["lfn"] for job in document["jobs"] for use in job["uses"] if use["type"] == "output"}
    read = {use["lfn"] for job in document["jobs"] for use in job["uses"] if use["type"] == "input"}
    assert read - made == raw
    assert len(made | read) == 2 * 2 + 2 * 20


class CountingFile(hoofprint.File):
    """A file that counts how often any of its kind is hashed."""

    __slots__ = ()
    hashed = 0

    def __hash__(self):
        CountingFile.hashed += 1
        return super().__hash__()


@pytest.mark.parametrize("fan", [100, 1000, 5000])
def test_one_wide_fan_is_written_with_a_fixed_number_of_look_ups_a_file(fan):
    CountingFile.hashed = 0
    parts = [CountingFile(f"p{number}") for number in range(fan)]
    workflow = hoofprint.Workflow("fan").add_jobs(hoofprint.Job("split").add_outputs(*parts))
    workflow.add_jobs(*(hoofprint.Job("work").add_inputs(part) for part in parts))
    workflow.add_jobs(hoofprint.Job("merge").add_inputs(*parts))
    stream = io.StringIO()
    workflow.write(stream)
    assert stream.getvalue().count("\n- type: job\n") == fan + 2
    assert CountingFile.hashed <= 8 * fan
