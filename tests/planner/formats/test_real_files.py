"""Every real workflow and catalog reads, with the counts that a cruder way of counting finds."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from planner.abstract import AbstractWorkflow
from planner.catalogs import Transformation
from planner.formats import (
    read_properties,
    read_replica_catalog,
    read_site_catalog,
    read_transformation_catalog,
    read_workflow,
)

pytestmark = pytest.mark.realdata

Refusal = Callable[..., str]
Counts = tuple[int, int, int]
ENVIRONMENT = {
    **{"NAME": "n", "NAMESPACE": "ns", "VERSION": "1", "SITE": "s", "ARCH": "x86", "OS": "linux"},
    **{"KEGPATH": "/keg", "DIRECTORY_TYPE": "sharedScratch", "INTERNAL_MOUNT_POINT": "/in"},
    **{"EXTERNAL_MOUNT_POINT": "file:///out", "PEGASUS_HOME": "/usr"},
}


def counts(workflow: AbstractWorkflow) -> Counts:
    return len(workflow.jobs), sum(len(job.uses) for job in workflow.jobs), len(workflow.edges)


def counts_by_yaml(text: bytes) -> Counts:
    document = yaml.load(text, Loader=yaml.CSafeLoader)
    uses = sum(len(job.get("uses", ())) for job in document["jobs"])
    edges = {
        (entry["id"], child) for entry in document.get("jobDependencies", ()) for child in entry["children"]
    }
    return len(document["jobs"]), uses, len(edges)


def counts_by_element_tree(path: Path) -> Counts:
    root = ElementTree.parse(path).getroot()
    namespace = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
    jobs = [element for kind in ("job", "dax", "dag") for element in root.findall(namespace + kind)]
    uses = sum(len(job.findall(f"{namespace}uses")) for job in jobs)
    edges = {
        (parent.get("ref"), child.get("ref"))
        for child in root.findall(f"{namespace}child")
        for parent in child.findall(f"{namespace}parent")
    }
    return len(jobs), uses, len(edges)


def test_every_pegasus_workflow_in_yaml_is_read(realdata: Path) -> None:
    paths = [
        *realdata.glob("pegasus-yaml/*.workflow.yml"),
        *realdata.glob("pegasus-yaml/casa-wind-wf-0.yml"),
        *realdata.glob("pegasus-yaml/etc/workflow.yml"),
        *realdata.glob("submit-dirs/*/workflow.yml"),
    ]

    assert len(paths) >= 11
    for path in paths:
        assert counts(read_workflow(path)) == counts_by_yaml(path.read_bytes()), path


def test_the_arguments_of_real_workflows_keep_their_text(realdata: Path) -> None:
    path = realdata / "pegasus-yaml/etc/workflow.yml"

    assert read_workflow(path).jobs[0].arguments[-3:] == ("-nums", "1", "1.1")


def test_a_workflow_of_ten_thousand_jobs_is_read(realdata: Path) -> None:
    path = realdata / "pegasus-yaml/1000genome-i1000.workflow.yml.gz"
    text = gzip.decompress(path.read_bytes())

    jobs, uses, edges = counts(read_workflow(path))

    assert jobs == len(re.findall(rb"^- type: job$", text, re.MULTILINE)) == 10_160
    assert uses == len(re.findall(rb"^  - lfn: ", text, re.MULTILINE))
    dependencies = text[text.index(b"\njobDependencies:") :]
    assert edges == len(re.findall(rb"^  - ID", dependencies, re.MULTILINE))


def test_every_dax_is_read(realdata: Path) -> None:
    paths = [
        *realdata.glob("dax/*.dax"),
        *realdata.glob("dax/*.xml"),
        realdata / "reuse/pipeline.dax",
    ]

    assert len(paths) >= 16
    for path in paths:
        assert counts(read_workflow(path)) == counts_by_element_tree(path), path


def test_mixed_arguments_of_a_real_dax_are_joined_as_they_stand(realdata: Path) -> None:
    jobs = {job.id: job for job in read_workflow(realdata / "dax/blackdiamond-3.6.dax").jobs}

    assert jobs["j3"].arguments == ("-a findrange -T 60 -i f.b2 -o f.c2",)
    assert jobs["j4"].arguments == ("-a analyze -T 60 -if.c1,f.c2 -of.d",)


def test_every_yaml_catalog_is_read(realdata: Path) -> None:
    for path in [*realdata.rglob("*sites*.yml"), *realdata.glob("**/sc.yml")]:
        assert len(read_site_catalog(path, ENVIRONMENT).sites) == len(
            yaml.safe_load(path.read_text())["sites"]
        )
    transformations = [*realdata.rglob("*transformations.yml"), *realdata.rglob("tc.yml")]
    for path in [*transformations, realdata / "catalogs/tc_test.yml", *realdata.rglob("*_tc.yml")]:
        document = yaml.safe_load(path.read_text())
        catalog = read_transformation_catalog(path, ENVIRONMENT)
        assert len(catalog.entries) == len(document["transformations"])
        assert len(catalog.containers) == len(document.get("containers") or ())
    for path in [*realdata.rglob("*replicas.yml"), *realdata.rglob("rc.yml")]:
        replica_catalog = read_replica_catalog(path, ENVIRONMENT)
        found = len(replica_catalog.entries) + len(replica_catalog.patterns)
        assert found == len(yaml.safe_load(path.read_text())["replicas"])


def test_the_invalid_catalog_is_refused_with_one_clear_line(realdata: Path, refusal: Refusal) -> None:
    path = realdata / "catalogs/tc_test_invalid.yml"

    message = refusal(read_transformation_catalog, path, {})

    assert message == f'{path}:3: transformation keg: "sites" is missing'


def test_a_catalog_with_variables_names_each_that_is_not_set(realdata: Path, refusal: Refusal) -> None:
    message = refusal(read_site_catalog, realdata / "catalogs/sites-many.yml", {})

    assert "sites-many.yml:94: variable ${SITE} is not set in the environment" in message
    assert len(message.splitlines()) == 7


def test_the_older_catalogs_are_read(realdata: Path) -> None:
    folder = realdata / "catalogs"

    assert list(read_site_catalog(folder / "sample.sites.xml4", {}).sites) == ["isi", "local"]
    assert list(read_replica_catalog(folder / "rc.data", {}).entries) == ["david.f.a", "vahi.f.a", "vahi.f.d"]
    assert read_replica_catalog(folder / "sample.rc.data", {}).entries["f.a"].replicas[0].site == "cluster"
    catalog = read_transformation_catalog(folder / "sample.tc.text", {})
    assert (
        catalog.entries[Transformation("keg", "example", "1.0")].executables[0].container == "centos-pegasus"
    )
    assert list(catalog.containers) == ["centos-pegasus"]


def test_the_properties_of_real_runs_are_read(realdata: Path) -> None:
    paths = list(realdata.glob("submit-dirs/**/*.properties"))

    assert len(paths) >= 4
    for path in paths:
        lines = [line for line in path.read_text().splitlines() if line and line[0] not in "#!"]
        assert len(read_properties(path)) == len(lines), path
    assert read_properties(realdata / "catalogs/basic.properties") == {}
