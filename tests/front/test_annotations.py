"""Profiles, metadata and hooks: what may be said, and how it is kept."""

from pathlib import Path

import pytest

from hoofprint import EventType, File, Job, Namespace, Site, Workflow, WorkflowError
from hoofprint.profiles import (
    CondorProfiles,
    DagmanProfiles,
    GlobusProfiles,
    PegasusProfiles,
    SelectorProfiles,
    megabytes,
)


def test_typed_profiles_become_the_keys_of_the_format():
    job = Job("wc").add_pegasus_profile(clusters_num=2, memory="2 GB", label="p1", glite_arguments_expr="x")
    job.add_condor_profile(request_memory="1 GB", request_disk="2 MB", universe="vanilla")
    job.add_dagman_profile(retry=3, abort_dag_on="1 RETURN 2").add_selector_profile(execution_site="local")
    job.add_globus_profile(max_memory=100, max_wall_time=60)
    assert job.profiles == {
        "pegasus": {"clusters.num": 2, "memory": 2048, "label": "p1", "glite.arguments.expr": "x"},
        "condor": {"request_memory": 1024, "request_disk": 2048, "universe": "vanilla"},
        "dagman": {"RETRY": 3, "ABORT-DAG-ON": "1 RETURN 2"},
        "selector": {"execution.site": "local"},
        "globus": {"maxmemory": 100, "maxwalltime": 60},
    }


@pytest.mark.parametrize(
    ("size", "value"),
    [(512, 512), ("512", 512), ("2 GB", 2048), ("1tb", 1048576), (" 3 MB ", 3), ("1E1 MB", 10)],
)
def test_sizes_are_megabytes(size, value):
    assert megabytes(size) == value


@pytest.mark.parametrize("size", ["", "two", "1 KB", "1.5 GB", "-1"])
def test_another_size_is_refused_with_an_example(size):
    with pytest.raises(WorkflowError, match="'2 GB' is wanted"):
        Job("wc").add_pegasus_profile(memory=size)


def test_a_profile_may_have_any_key_and_a_value_that_is_false():
    job = Job("wc").add_profiles(Namespace.CONDOR, key="+ProjectName", value="hoof")
    job.add_profiles(Namespace.PEGASUS, key="cores", value=0).add_profiles(
        Namespace.PEGASUS, key="style", value=""
    )
    job.add_env(LANG="C").add_env(key="PATH", value=Path("/bin"))
    assert job.profiles["condor"] == {"+ProjectName": "hoof"}
    assert job.profiles["pegasus"] == {"cores": 0, "style": ""}
    assert job.profiles["env"] == {"LANG": "C", "PATH": "/bin"}


def test_booleans_become_text_as_the_format_has_no_boolean_profile():
    assert Job("wc").add_condor_profile(stream_error=True).profiles == {"condor": {"stream_error": "True"}}


@pytest.mark.parametrize(
    ("say", "said"),
    [
        (
            lambda job: job.add_pegasus_profile(core=2),
            "pegasus profile 'core' is not known; .*Namespace.PEGASUS",
        ),
        (lambda job: job.add_profiles("env", LANG="C"), "a Namespace such as"),
        (lambda job: job.add_env(key="LANG"), "given together or not at all"),
        (lambda job: job.add_env(LANG=["C"]), "list given"),
        (lambda job: job.add_env(key="two words", value="x"), "one word"),
        (lambda job: job.add_metadata("text"), "a mapping of keys to values"),
        (lambda job: job.add_metadata(key=None), "metadata 'key': NoneType given"),
        (lambda job: job.add_metadata({"": "x"}), "metadata key is empty"),
        (lambda job: job.add_metadata({"k" * 300: "x"}), "at most 256 characters"),
        (lambda job: job.add_shell_hook("end", "true"), "EventType.END"),
        (lambda job: job.add_shell_hook(EventType.END, ""), "command is empty"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_would_be_right(say, said):
    with pytest.raises(WorkflowError, match=said):
        say(Job("wc"))


@pytest.mark.parametrize("about", [Workflow("w"), Job("wc"), File("f.a")])
def test_metadata_is_kept_as_text_and_later_values_win(about):
    about.add_metadata({"par.temperature": 200, "kind": "old"}, {"ok": True}).add_metadata(
        kind="new", ratio=0.5
    )
    assert about.metadata == {"par.temperature": "200", "kind": "new", "ok": "True", "ratio": "0.5"}


def test_annotations_of_one_job_do_not_reach_another():
    first, second = Job("wc"), Job("wc")
    first.add_metadata(a=1).add_env(A="1").add_shell_hook(EventType.END, "true")
    assert (second.metadata, second.profiles, second.hooks) == ({}, {}, ())


def test_a_site_may_have_profiles_for_a_tag():
    site = Site("cluster").add_tag_profiles("gpu", Namespace.PEGASUS, queue="gpu")
    site.add_tag_profiles("gpu", Namespace.PEGASUS, key="glite.arguments", value="-C gpu")
    assert site.node()["x-tags"] == [
        {"name": "gpu", "profiles": {"pegasus": {"queue": "gpu", "glite.arguments": "-C gpu"}}}
    ]


@pytest.mark.parametrize(
    "typed", [PegasusProfiles, CondorProfiles, DagmanProfiles, GlobusProfiles, SelectorProfiles]
)
def test_every_typed_profile_has_a_key_of_its_own(typed):
    space = typed.__name__.removesuffix("Profiles").lower()
    job = Job("wc")
    for name in typed.__annotations__:
        getattr(job, f"add_{space}_profile")(**{name: 7})
    assert len(job.profiles[space]) == len(typed.__annotations__)
