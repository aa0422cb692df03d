"""The split example: what its script writes, and that its programs do what the workflow says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "split"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("split") / "below"
    subprocess.run([sys.executable, EXAMPLE / "workflow.py", "--dir", folder], check=True)
    return folder


def test_the_script_writes_the_workflow_and_its_three_catalogs(written):
    assert sorted(path.name for path in written.iterdir()) == [
        "replicas.yml",
        "sites.yml",
        "transformations.yml",
        "workflow.yml",
    ]


def test_four_jobs_count_what_one_job_cuts(written, read_yaml):
    workflow = read_yaml(written / "workflow.yml")
    assert [job["name"] for job in workflow["jobs"]] == ["split", "wc", "wc", "wc", "wc"]
    [edges] = workflow["jobDependencies"]
    assert edges["id"] == workflow["jobs"][0]["id"]
    assert edges["children"] == [job["id"] for job in workflow["jobs"][1:]]


def test_workflow_jobs_and_counts_carry_metadata_and_the_counting_jobs_their_label(written, read_yaml):
    workflow = read_yaml(written / "workflow.yml")
    assert workflow["metadata"]["experiment"] == "split-tutorial"
    for job in workflow["jobs"][1:]:
        assert job["metadata"]["step"] == "count"
        assert job["profiles"] == {"pegasus": {"label": "p1"}}
        [count] = [use for use in job["uses"] if use["type"] == "output"]
        assert count["lfn"] == job["stdout"]
        assert count["metadata"]["type"] == "counts"


def test_the_page_has_four_parts_of_at_most_a_hundred_lines():
    assert 301 <= len((EXAMPLE / "page.txt").read_text().splitlines()) <= 400


def test_every_place_in_the_catalogs_exists_and_the_counting_program_can_run(written, read_yaml):
    [replica] = read_yaml(written / "replicas.yml")["replicas"]
    assert Path(replica["pfns"][0]["pfn"].removeprefix("file://")).is_file()
    for transformation in read_yaml(written / "transformations.yml")["transformations"]:
        assert os.access(transformation["sites"][0]["pfn"].removeprefix("file://"), os.X_OK)


def test_scratch_and_storage_lie_below_the_folder(written, read_yaml):
    [site] = read_yaml(written / "sites.yml")["sites"]
    assert [(place["type"], place["path"]) for place in site["directories"]] == [
        ("sharedScratch", str(written / "scratch")),
        ("localStorage", str(written / "storage")),
    ]


def test_the_programs_run_by_hand_count_and_tag_every_part(written, read_yaml, tmp_path):
    workflow = read_yaml(written / "workflow.yml")
    (tmp_path / "page.txt").write_bytes((EXAMPLE / "page.txt").read_bytes())
    programs = {"split": "/usr/bin/split", "wc": EXAMPLE / "bin" / "wc-tagged"}
    environment = {**os.environ, "HOOFPRINT_METADATA": str(tmp_path / "tags")}
    printed = {}
    for job in workflow["jobs"]:
        done = subprocess.run(
            [programs[job["name"]], *job["arguments"]],
            cwd=tmp_path, env=environment, check=True, capture_output=True, text=True,
        )  # fmt: skip
        printed[job.get("stdout")] = done.stdout
    tags = [json.loads(line) for line in (tmp_path / "tags").read_text().splitlines()]
    assert [tag["file"] for tag in tags] == [f"count.txt.{letter}" for letter in "abcd"]
    assert [tag["tags"]["lines"] for tag in tags[:3]] == [100, 100, 100]
    for tag in tags:
        assert printed[tag["file"]] == f"{tag['tags']['lines']} part.{tag['file'][-1]}\n"
    assert sum(tag["tags"]["lines"] for tag in tags) == len((tmp_path / "page.txt").read_text().splitlines())


def test_without_a_place_for_tags_the_counting_program_only_counts(tmp_path):
    (tmp_path / "part.a").write_text("one\ntwo\n")
    environment = {name: value for name, value in os.environ.items() if name != "HOOFPRINT_METADATA"}
    command = [EXAMPLE / "bin" / "wc-tagged", "-l", "part.a"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
    assert done.stdout == "2 part.a\n"


def test_a_part_that_is_missing_fails_the_counting_program(tmp_path):
    command = [EXAMPLE / "bin" / "wc-tagged", "-l", "part.z"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
    assert "part.z" in done.stderr
