"""The written files, held against the format's schema and against what Pegasus.api writes."""

import importlib
import json
import warnings
from pathlib import Path
from types import ModuleType

import jsonschema
import pytest

import hoofprint

SCHEMA = json.loads((Path(__file__).parent / "schema" / "pegasus-5.json").read_text())


def problems(document, kind):
    """Say where a document breaks the schema of its kind."""
    validator = jsonschema.Draft7Validator({"$ref": f"#/$defs/{kind}", "$defs": SCHEMA["$defs"]})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


def make_replicas(api):
    """Replicas of every sort, with names that both sides have."""
    catalog = api.ReplicaCatalog()
    catalog.add_replica("local", api.File("f.a").add_metadata(type="raw"), "/data/f.a", {"sha256": "ab" * 32})
    catalog.add_replica("local", "f.b", Path("/data/f.b"), metadata={"year": "2026"})
    return catalog.add_regex_replica("local", r"page\.(txt|md)", "/data/[1]/[0]", {"type": "page"})


def make_transformations(api):
    """Transformations of every sort, and a container."""
    box = api.Container("box", api.Container.DOCKER, "docker:///group/box:1.2", "--shm", ["/a:/b:ro"], "web")
    helper = api.Transformation("helper", namespace="ns", version="1.0", site="local", pfn="/bin/helper")
    tool = api.Transformation("tool", checksum={"sha256": "cd" * 32}).add_requirement(helper)
    tool.add_sites(
        api.TransformationSite(
            "local", "/bin/tool", is_stageable=True, bypass_staging=True, arch=api.Arch.X86_64,
            os_type=api.OS.LINUX, os_release="rhel", os_version="9", container=box,
        ).add_env(LANG="C").add_metadata(built="2026-11-22")
    )  # fmt: skip
    tool.add_metadata(maker="us").add_pegasus_profile(cores=2, memory="2 GB")
    tool.add_shell_hook(api.EventType.ERROR, "mail -s 'it failed' me")
    return api.TransformationCatalog().add_transformations(helper, tool).add_containers(box)


def make_sites(api):
    """Sites with directories, a grid, a platform, profiles and tags."""
    scratch = api.Directory(api.Directory.SHARED_SCRATCH, "/scratch", shared_file_system=True)
    scratch.add_file_servers(api.FileServer("file:///scratch", api.Operation.ALL).add_env(A="b"))
    storage = api.Directory(api.Directory.LOCAL_STORAGE, Path("/storage"))
    storage.add_file_servers(api.FileServer("file:///storage", api.Operation.PUT))
    local = api.Site("local", arch=api.Arch.X86_64, os_type=api.OS.LINUX, os_version="9")
    local.add_directories(scratch, storage)
    cluster = api.Site("cluster").add_condor_profile(universe="vanilla", request_disk="1 GB")
    cluster.add_grids(
        api.Grid(api.Grid.BATCH, "host/pbs", api.Scheduler.PBS, api.SupportedJobs.AUXILLARY),
    )
    cluster.add_tag_profiles("gpu", api.Namespace.PEGASUS, queue="gpu")
    return api.SiteCatalog().add_sites(local, cluster)


def make_workflow(api):
    """A workflow with whatever jobs, files and annotations there can be."""
    fa, fb, fc = api.File("f.a"), api.File("f.b").add_metadata(type="middle"), api.File("no")
    first = api.Job("tool", namespace="ns", version="1.0", node_label="the first")
    first.add_args("-i", fa, "-n", 3, 0.25, "1e3", "yes", "", "a: b #c").add_inputs(fa, bypass_staging=True)
    first.add_outputs(fb, stage_out=False, register_replica=False).set_stdout("log.txt").set_stderr(
        "é/err.txt"
    )
    second = api.Job(api.Transformation("tool"), _id="second").set_stdin(fb).add_outputs(fc)
    second.add_checkpoint("check", stage_out=False).add_inputs("log.txt")
    second.add_pegasus_profile(label="p1", clusters_size=2, runtime=60, memory="1 GB", create_dir=True)
    second.add_condor_profile(request_memory="2 GB").add_dagman_profile(retry="2", category="heavy")
    second.add_env(LANG="C", N="0").add_selector_profile(execution_site="local").add_globus_profile(count=2)
    second.add_profiles(api.Namespace.PEGASUS, key="a.b", value="7").add_metadata(
        {"par.t": 200}, ok=True, none=0.5
    )
    second.add_shell_hook(api.EventType.START, "date").add_shell_hook(api.EventType.END, "date")
    third = api.Job("lonely")
    inner = api.SubWorkflow("inner.yml", is_planned=False, _id="inner")
    inner.add_planner_args(
        sites=["local"], output_sites=["local"], staging_sites={"a": "b"}, force=True, verbose=2
    )
    dag = api.SubWorkflow(api.File("raw.dag"), is_planned=True, node_label="dag")
    workflow = api.Workflow("everything").add_jobs(first, second, third, inner, dag)
    workflow.add_dependency(third, parents=[first], children=[inner, dag])
    workflow.add_metadata(experiment="par_all27_prot_lipid", temperature=200).add_env(WHERE="here")
    workflow.add_pegasus_profile(style="condor").add_shell_hook(api.EventType.ALL, "true")
    return workflow


def make_workflow_with_catalogs(api):
    """The workflow again, with its catalogs in its own file."""
    workflow = make_workflow(api).add_site_catalog(make_sites(api)).add_replica_catalog(make_replicas(api))
    return workflow.add_transformation_catalog(make_transformations(api))


MAKERS = {
    "replicas": [make_replicas],
    "transformations": [make_transformations],
    "sites": [make_sites],
    "workflow": [make_workflow, make_workflow_with_catalogs],
}
CASES = [(kind, make) for kind, makers in MAKERS.items() for make in makers]


@pytest.mark.parametrize(("kind", "make"), CASES)
def test_the_format_s_schema_accepts_what_we_write(kind, make, tmp_path, read_yaml):
    document = read_yaml(make(hoofprint).write(tmp_path / "x.yml").path)
    assert problems(document, kind) == []


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("workflow", {"pegasus": "5.0", "name": "w", "jobs": []}),
        ("workflow", {"pegasus": 5.0, "name": "w", "jobs": [{"type": "job", "name": "a", "id": "a"}]}),
        ("replicas", {"replicas": []}),
        ("sites", {"pegasus": "5.0", "sites": [{"name": "local", "directories": [{"type": "scratch"}]}]}),
        ("transformations", {"pegasus": "5.0", "transformations": [{"name": "a", "sites": []}]}),
    ],
)
def test_the_schema_refuses_what_the_format_does_not_have(kind, document):
    assert problems(document, kind) != []


def test_the_schema_accepts_what_the_split_example_writes(load_module, tmp_path, read_yaml):
    load_module("examples/split/workflow.py").write_example(tmp_path)
    for kind in MAKERS:
        assert problems(read_yaml(tmp_path / f"{kind}.yml"), kind) == []


@pytest.fixture(scope="module")
def pegasus_api() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module("Pegasus.api")
        except ImportError:
            pytest.skip("Pegasus.api is not installed: nothing to compare with")


def by_meaning(node):
    """Put what the reference writes in the order of its sets into one order, and drop who wrote it."""
    if isinstance(node, dict):
        return {key: by_meaning(value) for key, value in node.items() if key != "x-pegasus"}
    if isinstance(node, list):
        items = [by_meaning(item) for item in node]
        named = all(isinstance(item, dict) and {"lfn", "id", "pfn"} & item.keys() for item in items)
        return sorted(items, key=json.dumps) if named else items
    return node


@pytest.mark.parametrize(("kind", "make"), CASES)
def test_pegasus_api_writes_an_equal_document(kind, make, tmp_path, read_yaml, pegasus_api):
    ours = read_yaml(make(hoofprint).write(tmp_path / "ours.yml").path)
    theirs = make(pegasus_api)
    theirs.write(str(tmp_path / "theirs.yml"))
    expected = by_meaning(read_yaml(tmp_path / "theirs.yml"))
    for edge in [*ours.get("jobDependencies", []), *expected.get("jobDependencies", [])]:
        edge["children"].sort()
    assert by_meaning(ours) == expected


def test_the_large_workflow_is_an_equal_document_too(load_module, tmp_path, read_yaml, pegasus_api):
    large = load_module("benchmarks/workflow_194k.py")
    documents = []
    for api in (hoofprint, pegasus_api):
        folder = tmp_path / api.__name__
        large.write_everything(api, folder, jobs=18, fan=7)
        workflow = read_yaml(folder / "workflow.yml")
        for edge in workflow["jobDependencies"]:
            edge["children"].sort()
        documents.append(by_meaning(workflow))
    assert documents[0] == documents[1]
