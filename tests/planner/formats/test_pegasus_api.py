"""What the reference's own API writes is read back as it was meant."""

from pathlib import Path

import pytest

from planner.abstract import Use
from planner.catalogs import Transformation
from planner.formats import (
    read_properties,
    read_replica_catalog,
    read_site_catalog,
    read_transformation_catalog,
    read_workflow,
)

api = pytest.importorskip("Pegasus.api", reason="the Pegasus API is not installed")


def test_a_workflow_of_the_api_is_read_as_it_was_meant(tmp_path: Path) -> None:
    raw, made, log = api.File("f.a", size=12), api.File("d/f.b").add_metadata(k="v"), api.File("log")
    first = (
        api.Job("hello", namespace="ns", version="1.0", _id="one", node_label="One")
        .add_args("-n", 1, 1.5, "a b", raw, "--out", made)
        .add_inputs(raw, bypass_staging=True)
        .add_outputs(made, stage_out=False, register_replica=False)
        .set_stdout(log)
        .add_pegasus_profile(cores=4)
        .add_env(LANG="C")
        .add_metadata(time=60)
        .add_shell_hook(api.EventType.ERROR, "mail")
    )
    second = api.Job("world", _id="two").add_inputs(made).add_checkpoint(api.File("state"))
    sub = api.SubWorkflow("inner.yml", _id="three").add_args("-v")
    workflow = api.Workflow("w").add_metadata(run=1).add_jobs(first, second, sub)
    workflow.add_dependency(sub, parents=[second])
    workflow.write(str(tmp_path / "workflow.yml"))

    read = read_workflow(tmp_path / "workflow.yml")

    one, two, three = read.jobs
    assert one.transformation == Transformation("hello", "ns", "1.0")
    assert one.arguments == ("-n", "1", "1.5", "a b", "f.a", "--out", "d/f.b")
    assert sorted(one.uses, key=lambda use: use.lfn) == [
        Use("d/f.b", "output", False, False, metadata={"k": "v"}),
        Use("f.a", "input", bypass=True, size=12, metadata={"size": "12"}),
        Use("log", "output"),
    ]
    assert one.profiles == {"pegasus": {"cores": "4"}, "env": {"LANG": "C"}}
    assert (one.label, one.stdout, one.metadata) == ("One", "log", {"time": "60"})
    assert [hook.command for hook in one.hooks] == ["mail"]
    assert {use.link for use in two.uses} == {"input", "checkpoint"}
    assert (three.kind, three.workflow_file) == ("pegasusWorkflow", "inner.yml")
    assert set(read.edges) == {(0, 1), (1, 2)}
    assert read.metadata == {"run": "1"}


def test_catalogs_of_the_api_are_read_as_they_were_meant(tmp_path: Path) -> None:
    box = api.Container("box", api.Container.DOCKER, "docker:///a/b", mounts=["/a:/b"])
    tool = api.Transformation("tool", site="local", pfn="/bin/tool", is_stageable=True, container=box)
    api.TransformationCatalog().add_containers(box).add_transformations(tool).write(str(tmp_path / "tc.yml"))
    api.ReplicaCatalog().add_replica("local", "f.a", "/data/f.a").add_regex_replica(
        "local", "f.*", "/data/[0]"
    ).write(str(tmp_path / "rc.yml"))
    site = api.Site("local", arch=api.Arch.X86_64, os_type=api.OS.LINUX).add_directories(
        api.Directory(api.Directory.SHARED_SCRATCH, "/scratch", shared_file_system=True).add_file_servers(
            api.FileServer("file:///scratch", api.Operation.ALL)
        )
    )
    api.SiteCatalog().add_sites(site).write(str(tmp_path / "sc.yml"))

    transformations = read_transformation_catalog(tmp_path / "tc.yml", {})
    replicas = read_replica_catalog(tmp_path / "rc.yml", {})
    sites = read_site_catalog(tmp_path / "sc.yml", {})

    executable = transformations.entries[Transformation("tool")].executables[0]
    assert (executable.kind, executable.pfn, executable.container) == ("stageable", "/bin/tool", "box")
    assert transformations.containers["box"].mounts == ("/a:/b",)
    assert replicas.entries["f.a"].replicas[0].pfn == "/data/f.a"
    assert [pattern.lfn for pattern in replicas.patterns] == ["f.*"]
    scratch = sites.sites["local"].directory("sharedScratch")
    assert scratch is not None
    assert (scratch.shared_file_system, scratch.url("get")) == (True, "file:///scratch")


def test_properties_of_the_api_are_read(tmp_path: Path) -> None:
    properties = api.Properties()
    properties["pegasus.selector.replica"] = "Regex"
    with (tmp_path / "pegasus.properties").open("w") as file:
        properties.write(file)

    assert read_properties(tmp_path / "pegasus.properties") == {"pegasus.selector.replica": "Regex"}
