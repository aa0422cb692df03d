"""Real workflows: all of them are read and planned, with catalogs derived where none are there."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from eventlog.errors import InputError
from planner.abstract import AbstractWorkflow
from planner.catalogs import (
    Executable,
    Replica,
    ReplicaCatalog,
    ReplicaEntry,
    TransformationCatalog,
    TransformationEntry,
)
from planner.formats import (
    read_replica_catalog,
    read_site_catalog,
    read_transformation_catalog,
    read_workflow,
)
from planner.pipeline import Plan, plan_workflow
from planner.request import PlanOptions, PlanRequest

pytestmark = pytest.mark.realdata

MakeRequest = Callable[..., PlanRequest]


def _programs(workflow: AbstractWorkflow) -> TransformationCatalog:
    names = {job.transformation for job in workflow.jobs}
    return TransformationCatalog(
        {name: TransformationEntry(name, (Executable("local", f"/opt/{name.name}"),)) for name in names}
    )


def _raw_files(workflow: AbstractWorkflow) -> ReplicaCatalog:
    made = {use.lfn for job in workflow.jobs for use in job.uses if use.link == "output"}
    read = {use.lfn for job in workflow.jobs for use in job.uses if use.reads}
    return _known(*(read - made))


def _known(*lfns: str) -> ReplicaCatalog:
    return ReplicaCatalog(
        {lfn: ReplicaEntry(lfn, (Replica(f"file:///data/{lfn}", "local"),)) for lfn in sorted(lfns)}
    )


def _planned_alone(workflow: AbstractWorkflow, request_for: MakeRequest) -> Plan:
    """The plan of a workflow with derived catalogs alone."""
    return plan_workflow(
        request_for(
            replace(workflow, catalogs=None),
            transformations=_programs(workflow),
            replicas=_raw_files(workflow),
            options=PlanOptions(duplicate_producers="last"),
        )
    )


DAX = [
    "CyberShake_1000.xml",
    "Epigenomics_24.xml",
    "Inspiral_30.xml",
    "Montage_100.xml",
    "Sipht_30.xml",
    "blackdiamond-3.6.dax",
    "casa_nowcast-wf-20190325050000.dax",
    "casa_wind_wf-20190512T231241Z.dax",
    "casa_wind_wf-20190512T232257Z.dax",
    "genome-big.dax",
    "genome.dax",
    "imputation2-sample.dax",
    "rseqflow.dax",
    "sipht.dax",
]
YAML = [
    "1000genome-i10.workflow.yml",
    "casa-wind-5.workflow.yml",
    "casa-wind-wf-0.yml",
    "etc/workflow.yml",
    "mask-detection.workflow.yml",
    "quickstart.workflow.yml",
    "tutorial-software.workflow.yml",
    "variant-calling.workflow.yml",
]


@pytest.mark.parametrize("name", [*(f"dax/{n}" for n in DAX), *(f"pegasus-yaml/{n}" for n in YAML)])
def test_a_real_workflow_plans_with_derived_catalogs(
    name: str, realdata: Path, request_for: MakeRequest
) -> None:
    workflow = read_workflow(realdata / name)
    plan = _planned_alone(workflow, request_for)
    tasks = [task.id for job in plan.executable.jobs for task in job.tasks]
    assert sorted(tasks) == sorted(job.id for job in workflow.jobs)


def test_a_sample_whose_only_job_depends_on_itself_is_refused(
    realdata: Path, request_for: MakeRequest
) -> None:
    workflow = read_workflow(realdata / "dax" / "schema-sample-3.4.xml")
    with pytest.raises(InputError, match=r"schema-sample-3\.4\.xml:\d+: .* cycle: - -> -"):
        _planned_alone(workflow, request_for)


def test_1000genome_plans_with_its_own_catalogs(realdata: Path, request_for: MakeRequest) -> None:
    folder = realdata / "pegasus-yaml"
    request = request_for(
        read_workflow(folder / "1000genome-i10.workflow.yml"),
        sites=read_site_catalog(folder / "1000genome-i10.sites.yml", {}),
        transformations=read_transformation_catalog(folder / "1000genome-i10.transformations.yml", {}),
        replicas=read_replica_catalog(folder / "1000genome-i10.replicas.yml", {}),
    )
    plan = plan_workflow(request)
    staged = {t.lfn for job in plan.executable.jobs for t in job.transfers if t.executable}
    assert staged == {"individuals", "individuals_merge", "sifting", "mutation_overlap", "frequency"}
    assert len([job for job in plan.executable.jobs if job.tasks]) == len(request.workflow.jobs)


_ALWAYS = [
    *("HN001_addrepl.bai", "HN001_addrepl.bam", "HN001_indel_realigned.bai", "HN001_indel_realigned.bam"),
    *("HN001_aligned_reads.sam", "HN001_reduced_reads.bai", "HN001_reduced_reads.bam"),
    *("raw_indel.vcf", "raw_snp.vcf"),
]
_FILTERED = ["filtered_indel.vcf", "filtered_snp.vcf"]
_NINE = {
    "add_replace_ID0000005",
    "alignment_to_reference_ID0000008",
    "dedup_ID0000006",
    "indel_realign_ID0000003",
    "realign_target_creator_ID0000004",
    "reduce_reads_ID0000002",
    "sort_sam_ID0000007",
    "unified_genotyper_indel_ID0000011",
    "unified_genotyper_snp_ID0000009",
}


@pytest.mark.parametrize(
    ("further", "pruned"),
    [([], _NINE), (_FILTERED, _NINE | {"filtering_indel_ID0000012", "filtering_snp_ID0000010"})],
)
def test_the_known_reduction_of_the_pipeline_prunes_exactly_its_jobs(
    further: list[str], pruned: set[str], realdata: Path, request_for: MakeRequest
) -> None:
    workflow = read_workflow(realdata / "reuse" / "pipeline.dax")
    raw = _raw_files(workflow).entries
    plan = plan_workflow(
        request_for(
            replace(workflow, catalogs=None),
            transformations=_programs(workflow),
            replicas=ReplicaCatalog({**raw, **_known(*_ALWAYS, *further).entries}),
        )
    )
    names = {f"{job.transformation.name}_{job.id}" for n, job in enumerate(workflow.jobs) if n in plan.pruned}
    assert names == pruned
