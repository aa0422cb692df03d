from collections.abc import Callable
from pathlib import Path

import pytest

from planner.catalogs import (
    Container,
    Directory,
    Executable,
    FileServer,
    Grid,
    Replica,
    ReplicaEntry,
    ShellHook,
    Site,
    Transformation,
    TransformationEntry,
)
from planner.formats import read_replica_catalog, read_site_catalog, read_transformation_catalog

Write = Callable[..., Path]
Refusal = Callable[..., str]
BOX = "{name: c, type: docker, image: a}"
ENVIRONMENT = {"SITE": "cluster", "SCRATCH": "/scratch: {x}"}


def test_a_site_catalog_is_read_with_all_its_fields(write: Write) -> None:
    path = write(
        """\
pegasus: "5.0"
x-tags: anything
sites:
- name: ${SITE}
  arch: x86_64
  os.type: linux
  os.release: rhel
  os.version: 7
  glibc: "2.17"
  directories:
  - type: sharedScratch
    path: ${SCRATCH}
    sharedFileSystem: true
    freeSize: 1GB
    totalSize: 2GB
    fileServers:
    - {operation: get, url: "http://h/s", profiles: {env: {A: b}}}
    - {operation: put, url: "scp://h/s"}
  grids:
  - {type: batch, contact: h, scheduler: slurm, jobtype: compute, idleNodes: 4}
  profiles: {pegasus: {style: glite}}
""",
        "sites.yml",
    )

    assert read_site_catalog(path, ENVIRONMENT).sites == {
        "cluster": Site(
            "cluster",
            (
                Directory(
                    "sharedScratch",
                    "/scratch: {x}",
                    (FileServer("http://h/s", "get", {"env": {"A": "b"}}), FileServer("scp://h/s", "put")),
                    True,
                    "1GB",
                    "2GB",
                ),
            ),
            (Grid("batch", "h", "slurm", "compute", {"idleNodes": "4"}),),
            "x86_64",
            "linux",
            {"pegasus": {"style": "glite"}},
            "rhel",
            "7",
            "2.17",
        )
    }


def test_a_transformation_catalog_is_read_with_all_its_fields(write: Write) -> None:
    path = write(
        """\
pegasus: "5.0"
transformations:
- namespace: ns
  name: keg
  version: "1.0"
  requires: [other, "ns::third:2"]
  checksum: {sha256: abc}
  profiles: {env: {A: b}}
  hooks: {shell: [{_on: start, cmd: x}]}
  metadata: {size: 3}
  sites:
  - name: ${SITE}
    type: stageable
    pfn: /bin/keg
    arch: x86_64
    os.type: linux
    os.release: fc
    os.version: "4"
    container: box
    bypass: true
    profiles: {condor: {a: 1}}
    metadata: {k: v}
containers:
- name: box
  type: singularity
  image: file:///box.sif
  image.site: local
  mounts: ["/a:/b:ro"]
  bypass: true
  checksum: {sha256: def}
  profiles: {env: {C: d}}
""",
        "tc.yml",
    )

    catalog = read_transformation_catalog(path, ENVIRONMENT)

    keg = Transformation("keg", "ns", "1.0")
    assert catalog.entries == {
        keg: TransformationEntry(
            keg,
            (
                Executable(
                    *("cluster", "/bin/keg", "stageable", "x86_64", "linux", "fc", "4", "box", True),
                    profiles={"condor": {"a": "1"}},
                    metadata={"k": "v"},
                ),
            ),
            requires=(Transformation("other"), Transformation("third", "ns", "2")),
            sha256="abc",
            profiles={"env": {"A": "b"}},
            metadata={"size": "3"},
            hooks=(ShellHook("start", "x"),),
        )
    }
    assert catalog.containers == {
        "box": Container(
            "box", "singularity", "file:///box.sif", "local", ("/a:/b:ro",), "def", True, {"env": {"C": "d"}}
        )
    }


def test_a_replica_catalog_merges_what_it_says_twice_and_keeps_patterns_apart(write: Write) -> None:
    path = write(
        """\
pegasus: "5.0"
replicas:
- lfn: f.a
  pfns: [{site: local, pfn: /data/f.a}]
  checksum: {sha256: abc}
- lfn: f.a
  pfns: [{site: local, pfn: /data/f.a}, {site: "${SITE}", pfn: "http://h/f.a"}]
  metadata: {size: 12, creator: me}
- lfn: "/f\\\\.(.*)"
  pfns: [{site: local, pfn: "/data/[1]"}]
  regex: true
""",
        "rc.yml",
    )

    catalog = read_replica_catalog(path, ENVIRONMENT)

    assert catalog.entries == {
        "f.a": ReplicaEntry(
            "f.a",
            (Replica("/data/f.a", "local"), Replica("http://h/f.a", "cluster")),
            sha256="abc",
            size=12,
            metadata={"size": "12", "creator": "me"},
        )
    }
    assert catalog.patterns == (
        ReplicaEntry("/f\\.(.*)", (Replica("/data/[1]", "local"),), regex=True, metadata={}),
    )


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (
            read_transformation_catalog,
            "pegasus: 5.0\ntransformations:\n- {name: keg}\n",
            'c.yml:3: transformation keg: "sites" is missing',
        ),
        (
            read_transformation_catalog,
            "pegasus: 5.0\ntransformations:\n- {name: keg, sites: []}\n",
            'c.yml:3: transformation keg: "sites" is empty; at least one site with a pfn is wanted',
        ),
        (
            read_transformation_catalog,
            "pegasus: 5.0\ntransformations:\n- name: keg\n  sites:\n  - {name: a, type: instaled, pfn: /b}\n",
            'c.yml:5: transformation keg: site a: "type" is "instaled"; did you mean "installed"?',
        ),
        (
            read_transformation_catalog,
            f"pegasus: 5.0\ntransformations: []\ncontainers: [{BOX},\n {BOX.replace('a}', 'b}')}]\n",
            "c.yml:4: container c: this container is given twice",
        ),
        (
            read_site_catalog,
            "pegasus: 5.0\nsites:\n- name: a\n- name: a\n",
            "c.yml:4: site a: this site is given twice",
        ),
        (
            read_site_catalog,
            "pegasus: 5.0\nsites:\n- name: a\n  directories: [\n  {type: shared-scratch, path: /x}]\n",
            'c.yml:5: site a: directory /x: "type" is "shared-scratch"; did you mean "sharedScratch"?',
        ),
        (
            read_replica_catalog,
            "pegasus: 5.0\nreplicas:\n- lfn: /abs\n  pfns: [{pfn: /x, site: local}]\n",
            'c.yml:3: replica /abs: LFN "/abs" is an absolute path',
        ),
        (
            read_replica_catalog,
            'pegasus: 5.0\nreplicas:\n- lfn: a\n  pfns:\n  - site: local\n    pfn: "/data/${SITES}/x"\n',
            "c.yml:6: variable ${SITES} is not set in the environment; did you mean ${SITE}?",
        ),
        (
            read_replica_catalog,
            'pegasus: 5.0\nreplicas:\n- {lfn: "f(", pfns: [{pfn: /x, site: a}], regex: true}\n',
            'c.yml:3: replica f(: LFN "f(" is no regular expression',
        ),
        (read_replica_catalog, "replicas: []\n", 'c.yml:1: "pegasus" is missing'),
    ],
)
def test_a_wrong_catalog_is_refused_with_its_line(
    write: Write, refusal: Refusal, read: Callable[..., object], text: str, message: str
) -> None:
    assert message in refusal(read, write(text, "c.yml"), ENVIRONMENT)


def test_a_variable_after_a_backslash_and_one_in_an_extension_stay_as_they_are(write: Write) -> None:
    path = write(
        "pegasus: \"5.0\"\nsites:\n- name: a\n  x-note: ${NOT_SET}\n  profiles: {env: {A: '\\${SITE}'}}\n",
        "s.yml",
    )

    assert read_site_catalog(path, ENVIRONMENT).sites["a"].profiles == {"env": {"A": "${SITE}"}}


def test_a_variable_whose_value_is_no_text_is_refused(write: Write, refusal: Refusal) -> None:
    path = write('pegasus: "5.0"\nsites:\n- name: a\n  arch: ${X}\n', "s.yml")

    message = refusal(read_site_catalog, path, {"X": "caf\udce9"})
    assert "s.yml:4: variable ${X} is not UTF-8 in the environment" in message


def test_variables_in_a_variable_are_not_looked_at(write: Write) -> None:
    path = write('pegasus: "5.0"\nsites:\n- name: a\n  arch: ${X}\n', "s.yml")

    assert read_site_catalog(path, {"X": "${Y}"}).sites["a"].arch == "${Y}"
