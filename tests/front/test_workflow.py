"""Workflows: jobs, files, inner workflows, and the file that is written."""

import io
import os
import stat
from pathlib import Path

import pytest

from hoofprint import (
    DuplicateError,
    EventType,
    File,
    Job,
    NotFoundError,
    ReplicaCatalog,
    Site,
    SiteCatalog,
    SubWorkflow,
    Transformation,
    TransformationCatalog,
    Workflow,
    WorkflowError,
    WrongTypeError,
)


def one_job():
    return Workflow("one").add_jobs(Job("wc"))


def test_arguments_may_be_files_text_numbers_and_paths(tmp_path, read_yaml):
    job = Job("wc").add_args("-l", File("f.a"), 3, 0.5, 1e-7, "1", "yes", Path("/etc/x"), "; rm -rf ~")
    document = read_yaml(Workflow("w").add_jobs(job).write(tmp_path / "w.yml").path)
    expected = ["-l", "f.a", 3, 0.5, 1e-7, "1", "yes", "/etc/x", "; rm -rf ~"]
    assert document["jobs"][0]["arguments"] == expected


@pytest.mark.parametrize("argument", [None, True, ["a"], b"a"])
def test_an_argument_of_another_type_is_refused(argument):
    with pytest.raises(WrongTypeError, match="a File, a string, a number or a path is wanted"):
        Job("wc").add_args("-l", argument)


def test_files_carry_how_they_are_handled(tmp_path, read_yaml):
    job = Job("t").add_inputs("a").add_inputs("b", bypass_staging=True, for_planning=True)
    job.add_outputs(File("c", size=7).add_metadata(type="x"), "d").add_outputs(
        "e", stage_out=False, optional=True
    )
    job.add_inouts("f", register_replica=False).add_checkpoint("g").add_inputs(File("h", for_planning=True))
    document = read_yaml(Workflow("w").add_jobs(job).write(tmp_path / "w.yml").path)
    moved = {"stageOut": True, "registerReplica": True}
    assert document["jobs"][0]["uses"] == [
        {"lfn": "a", "type": "input"},
        {"lfn": "b", "type": "input", "bypass": True, "forPlanning": True},
        {"lfn": "c", "metadata": {"type": "x"}, "size": "7", "type": "output", **moved},
        {"lfn": "d", "type": "output", **moved},
        {"lfn": "e", "type": "output", "stageOut": False, "registerReplica": True, "optional": True},
        {"lfn": "f", "type": "inout", "stageOut": True, "registerReplica": False},
        {"lfn": "g", "type": "checkpoint", **moved},
        {"lfn": "h", "forPlanning": True, "type": "input"},
    ]


def test_a_job_tells_what_it_reads_and_writes():
    job = Job("t").add_inputs("a").add_outputs("b").add_inouts("c").add_checkpoint("d")
    job.set_stdin("in").set_stdout("out").set_stderr("err")
    assert {file.lfn for file in job.get_inputs()} == {"a", "c", "in"}
    assert {file.lfn for file in job.get_outputs()} == {"b", "c", "out", "err"}
    assert (job.get_stdin(), job.get_stdout(), job.get_stderr()) == (File("in"), File("out"), File("err"))


def test_a_file_named_twice_by_a_job_is_refused():
    with pytest.raises(DuplicateError, match=r"file 'a' is already an input file of job x \(t\)"):
        Job("t", _id="x").add_inputs("a").add_outputs("a")


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_a_second_file_for_a_stream_is_refused(stream):
    setter = getattr(Job("t"), f"set_{stream}")
    setter("a")
    with pytest.raises(DuplicateError, match=f"{stream} of .* is already 'a'"):
        setter("b")


@pytest.mark.parametrize("add", ["add_inputs", "add_outputs", "add_inouts", "add_checkpoint", "set_stdin"])
def test_a_file_of_a_wrong_type_is_refused(add):
    with pytest.raises(WrongTypeError, match="a File or an LFN is wanted"):
        getattr(Job("t"), add)(Path("a"))


def test_jobs_get_the_next_free_id():
    workflow = Workflow("w").add_jobs(Job("a", _id="ID0000002"), Job("b"), Job("c"))
    assert list(workflow.jobs) == ["ID0000002", "ID0000001", "ID0000003"]
    assert workflow.get_job("ID0000003").id == "ID0000003"


def test_a_job_id_is_taken_once():
    with pytest.raises(DuplicateError, match="job id 'x' is already taken in workflow 'w'; give another _id"):
        Workflow("w").add_jobs(Job("a", _id="x"), Job("b", _id="x"))
    job = Job("a")
    with pytest.raises(DuplicateError):
        Workflow("w").add_jobs(job, job)


def test_an_unknown_job_is_not_found():
    with pytest.raises(NotFoundError, match="workflow 'one' has no job 'nope'"):
        one_job().get_job("nope")


def test_a_job_takes_name_and_version_of_its_transformation(tmp_path, read_yaml):
    tool = Transformation("tool", namespace="ns", version="1.0")
    workflow = Workflow("w").add_jobs(
        Job(tool, node_label="a label"), Job("tool", None, None, "other", "2.0")
    )
    first, second = read_yaml(workflow.write(tmp_path / "w.yml").path)["jobs"]
    assert (first["namespace"], first["name"], first["version"]) == ("ns", "tool", "1.0")
    assert first["nodeLabel"] == "a label"
    assert (second["namespace"], second["name"], second["version"]) == ("other", "tool", "2.0")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Job(None), "transformation of a job"),
        (lambda: Job(""), "transformation of a job is empty"),
        (lambda: Workflow("w").add_jobs("wc"), "a Job or a SubWorkflow"),
        (lambda: Workflow("w").add_site_catalog("sites.yml"), "a SiteCatalog is wanted"),
        (lambda: Workflow("w").add_replica_catalog(SiteCatalog()), "a ReplicaCatalog is wanted"),
        (lambda: Workflow("w").add_transformation_catalog(None), "a TransformationCatalog is wanted"),
        (
            lambda: one_job().add_replica_catalog(ReplicaCatalog()).add_replica_catalog(ReplicaCatalog()),
            "already",
        ),
        (lambda: Workflow("w").write(io.StringIO()), "workflow 'w' has no job; add one with add_jobs"),
        (lambda: one_job().write(7), "a path or an open text stream is wanted"),
        (lambda: Workflow("w").path, "has no path yet: call write"),
        (lambda: Workflow("w").planned, "has no plan yet: call plan"),
    ],
)
def test_what_no_workflow_can_hold_is_refused(make, said):
    with pytest.raises(WorkflowError, match=said):
        make()


def test_catalogs_annotations_and_hooks_may_lie_in_the_workflow_itself(tmp_path, read_yaml):
    tool = Transformation("tool", site="local", pfn="/bin/tool")
    workflow = one_job().add_metadata(experiment="e1").add_env(LANG="C").add_shell_hook(EventType.END, "date")
    workflow.add_transformation_catalog(TransformationCatalog().add_transformations(tool))
    workflow.add_replica_catalog(ReplicaCatalog().add_replica("local", "f.a", "/f.a"))
    workflow.add_site_catalog(SiteCatalog().add_sites(Site("local")))
    document = read_yaml(workflow.write(tmp_path / "w.yml").path)
    assert document["metadata"] == {"experiment": "e1"}
    assert document["profiles"] == {"env": {"LANG": "C"}}
    assert document["hooks"] == {"shell": [{"_on": "end", "cmd": "date"}]}
    assert document["siteCatalog"] == {"sites": [{"name": "local", "directories": []}]}
    assert document["replicaCatalog"]["replicas"][0]["lfn"] == "f.a"
    assert document["transformationCatalog"]["transformations"][0]["name"] == "tool"


def test_writing_again_writes_the_same(tmp_path):
    workflow = Workflow("w").add_jobs(Job("a").add_outputs("x"), Job("b").add_inputs("x"))
    first = workflow.write(tmp_path / "first.yml").path.read_bytes()
    assert workflow.write(tmp_path / "second.yml").path.read_bytes() == first


def test_a_stream_and_a_path_get_the_same_text(tmp_path):
    stream = io.StringIO()
    one_job().write(stream)
    assert stream.getvalue() == one_job().write(str(tmp_path / "w.yml")).path.read_text()


def test_the_usual_file_is_workflow_yml(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert one_job().write().path == tmp_path / "workflow.yml"


def test_a_failing_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "w.yml"
    path.write_text("old")
    broken = one_job().add_jobs(Job("wc").add_args(float("nan")))
    with pytest.raises(WorkflowError, match="not a finite number"):
        broken.write(path)
    assert [file.name for file in tmp_path.iterdir()] == ["w.yml"]
    assert path.read_text() == "old"


def test_a_file_that_others_may_read_stays_readable(tmp_path):
    old = os.umask(0o022)
    try:
        path = one_job().write(tmp_path / "w.yml").path
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_link_to_the_file_stays_a_link(tmp_path):
    (tmp_path / "link.yml").symlink_to(tmp_path / "real.yml")
    one_job().write(tmp_path / "link.yml")
    assert (tmp_path / "link.yml").is_symlink()
    assert (tmp_path / "real.yml").is_file()


def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(WorkflowError, match=r"missing/w\.yml cannot be written: No such file"):
        one_job().write(tmp_path / "missing" / "w.yml")


def test_a_name_that_promises_json_is_refused(tmp_path):
    with pytest.raises(WorkflowError, match=r"YAML is written; name the file \.yml"):
        one_job().write(tmp_path / "w.json")


def test_an_inner_workflow_is_written_beside_the_outer_one_and_found_there(tmp_path, read_yaml):
    inner = SubWorkflow(Workflow("inner").add_jobs(Job("wc")), _id="sub").add_planner_args(sites=["local"])
    outer = (
        Workflow("outer").add_jobs(inner).add_replica_catalog(ReplicaCatalog().add_replica("a", "f", "/f"))
    )
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        document = read_yaml(outer.write(folder / "outer.yml").path)
        assert document["jobs"] == [
            {
                "type": "pegasusWorkflow",
                "file": "inner_sub.yml",
                "id": "sub",
                "arguments": ["--sites", "local"],
                "uses": [{"lfn": "inner_sub.yml", "forPlanning": True, "type": "input"}],
            }
        ]
        place = {"site": "local", "pfn": str(folder / "inner_sub.yml")}
        assert {"lfn": "inner_sub.yml", "pfns": [place]} in document["replicaCatalog"]["replicas"]
        assert len(document["replicaCatalog"]["replicas"]) == 2
        assert read_yaml(folder / "inner_sub.yml")["name"] == "inner"


def test_a_workflow_file_or_a_dag_file_may_be_a_job(tmp_path, read_yaml):
    workflow = Workflow("w").add_jobs(SubWorkflow("in.yml"), SubWorkflow(File("x.dag"), is_planned=True))
    jobs = read_yaml(workflow.write(tmp_path / "w.yml").path)["jobs"]
    assert [(job["type"], job["file"]) for job in jobs] == [
        ("pegasusWorkflow", "in.yml"),
        ("condorWorkflow", "x.dag"),
    ]


def test_planner_options_of_an_inner_workflow_become_words(tmp_path):
    job = SubWorkflow("in.yml").add_planner_args(
        conf=Path("p.conf"), sites=["a", "b"], staging_sites={"a": "s"}, output_dir=tmp_path,
        cache=[Path("c")], random_dir=True, verbose=3, force=True, forward=["nogrid"], cleanup="none",
        relative_dir=None, **{"pegasus.mode": "development"},
    )  # fmt: skip
    assert job.args == [
        "-Dpegasus.mode=development", "--conf", "p.conf", "--sites", "a,b", "--staging-site", "a=s",
        "--cache", "c", "--output-dir", str(tmp_path), "--randomdir", "--cleanup", "none", "-vvv", "--force",
        "--forward", "nogrid",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: SubWorkflow("x.dag", is_planned=True).add_planner_args(force=True), "is planned already"),
        (lambda: SubWorkflow("x").add_planner_args(force=True).add_planner_args(force=True), "in one call"),
        (lambda: SubWorkflow("x").add_planner_args(sites=3), "a string, a path, or a list of them"),
        (lambda: SubWorkflow("x").add_planner_args(force="yes"), "force='yes' cannot be understood"),
        (lambda: SubWorkflow(Workflow("w")).lfn, "has no id yet; add it to a workflow first"),
        (lambda: SubWorkflow(3), "file of a sub-workflow"),
    ],
)
def test_a_sub_workflow_that_could_not_be_planned_is_refused(make, said):
    with pytest.raises(WorkflowError, match=said):
        make()
