"""Catalogs: what they hold, what they refuse, and the files they become."""

from pathlib import Path

import pytest

from hoofprint import (
    OS,
    Arch,
    Container,
    Directory,
    DuplicateError,
    File,
    FileServer,
    Grid,
    Operation,
    Properties,
    ReplicaCatalog,
    Scheduler,
    Site,
    SiteCatalog,
    SupportedJobs,
    Transformation,
    TransformationCatalog,
    TransformationSite,
    WorkflowError,
)

DIGEST = "ab" * 32


def scratch(path="/scratch"):
    server = FileServer(f"file://{path}", Operation.ALL)
    return Directory(Directory.SHARED_SCRATCH, path).add_file_servers(server)


def test_places_of_one_file_are_one_entry(tmp_path, read_yaml):
    catalog = ReplicaCatalog()
    catalog.add_replica("local", File("f.a").add_metadata(type="raw"), Path("/data/f.a"), {"sha256": DIGEST})
    catalog.add_replica("web", "f.a", "https://host/f.a", metadata={"year": 2026})
    catalog.add_replica("web", "f.a", "https://host/f.a")
    assert read_yaml(catalog.write(tmp_path / "r.yml").path)["replicas"] == [
        {
            "lfn": "f.a",
            "pfns": [{"site": "local", "pfn": "/data/f.a"}, {"site": "web", "pfn": "https://host/f.a"}],
            "checksum": {"sha256": DIGEST},
            "metadata": {"type": "raw", "year": "2026"},
        }
    ]


def test_a_pattern_has_one_place_and_may_look_like_a_name(tmp_path, read_yaml):
    catalog = ReplicaCatalog().add_replica("local", "f.a", "/data/f.a")
    catalog.add_regex_replica("local", "f.a", "/data/[0]")
    with pytest.raises(DuplicateError, match=r"pattern 'f\.a' is already in this replica catalog"):
        catalog.add_regex_replica("web", "f.a", "/other/[0]")
    entries = read_yaml(catalog.write(tmp_path / "r.yml").path)["replicas"]
    assert [entry.get("regex", False) for entry in entries] == [False, True]


@pytest.mark.parametrize(
    ("add", "said"),
    [
        (lambda c: c.add_replica("local", "../x", "/x"), "climbs out"),
        (
            lambda c: c.add_replica("local", "x", Path("x")),
            r"PFN of replica 'x' 'x' is relative; .*resolve\(\)",
        ),
        (lambda c: c.add_replica("local", "x", File("x")), "File given .* a URL or an absolute path"),
        (lambda c: c.add_replica("local", "x", ""), "PFN of replica 'x' is empty"),
        (lambda c: c.add_replica("", "x", "/x"), "site of replica 'x' is empty"),
        (lambda c: c.add_replica("local", "x", "/x", {"md5": "0"}), "checksum 'md5' .* sha256 is"),
        (lambda c: c.add_replica("local", "x", "/x", {"sha256": "abc"}), "64 hexadecimal digits"),
        (lambda c: c.add_regex_replica("local", "", "/x"), "replica pattern is empty"),
    ],
)
def test_a_replica_that_could_not_be_found_is_refused(add, said):
    catalog = ReplicaCatalog()
    with pytest.raises(WorkflowError, match=said):
        add(catalog)
    assert catalog.entries == {}


def test_a_transformation_names_its_sites_requirements_and_container(tmp_path, read_yaml):
    image = Container(
        "tools", Container.SINGULARITY, "library://a/b", "--nv", ["/data:/mnt:ro"], "web",
        {"sha256": DIGEST}, bypass_staging=True,
    )  # fmt: skip
    helper = Transformation("helper", namespace="ns", version="1.0", site="local", pfn="/bin/helper")
    tool = (
        Transformation("tool", checksum={"sha256": DIGEST}).add_requirement(helper).add_requirement("plain")
    )
    tool.add_sites(
        TransformationSite("local", Path("/bin/tool"), True, True, Arch.X86_64, OS.LINUX, "rhel", "9")
    )
    tool.add_site("cluster", "/bin/tool", container=image)
    catalog = TransformationCatalog().add_transformations(helper, tool).add_containers(image)
    document = read_yaml(catalog.write(tmp_path / "t.yml").path)
    assert document["transformations"][1] == {
        "name": "tool",
        "requires": ["ns::helper:1.0", "plain"],
        "sites": [
            {
                "name": "local", "pfn": "/bin/tool", "type": "stageable", "bypass": True, "arch": "x86_64",
                "os.type": "linux", "os.release": "rhel", "os.version": "9",
            },
            {"name": "cluster", "pfn": "/bin/tool", "type": "installed", "container": "tools"},
        ],
        "checksum": {"sha256": DIGEST},
    }  # fmt: skip
    assert document["containers"] == [
        {
            "name": "tools", "type": "singularity", "image": "library://a/b", "mounts": ["/data:/mnt:ro"],
            "bypass": True, "image.site": "web", "checksum": {"sha256": DIGEST},
            "profiles": {"pegasus": {"container.arguments": "--nv"}},
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Transformation("a:b"), "holds ':', which joins"),
        (lambda: Transformation(""), "transformation's name is empty"),
        (lambda: Transformation("a", version="x"), "one to three numbers"),
        (lambda: Transformation("a", site="local"), "are given together"),
        (lambda: TransformationSite("local", "/a", bypass_staging=True), "asks for is_stageable=True"),
        (lambda: TransformationSite("local", "/a", arch="x86_64"), "an Arch such as"),
        (lambda: TransformationSite("local", "/a", os_type="linux"), "an OS such as"),
        (lambda: TransformationSite("local", "/a", container=1), "a Container or its name"),
        (lambda: Container("c", "docker", "docker:///x"), "a type such as Container.DOCKER"),
        (lambda: Transformation("a").add_sites("local"), "a TransformationSite"),
        (lambda: Transformation("a").node(), "transformation a is on no site; add one with add_sites"),
        (lambda: TransformationCatalog().node(), "is empty; add one with add_transformations"),
        (lambda: TransformationCatalog().add_transformations("a"), "a Transformation"),
        (lambda: TransformationCatalog().add_containers("a"), "a Container"),
    ],
)
def test_a_transformation_that_could_not_be_called_is_refused(make, said):
    with pytest.raises(WorkflowError, match=said):
        make()


def test_what_a_transformation_catalog_holds_twice_is_refused():
    tool = Transformation("tool", "ns", "1.0", site="local", pfn="/bin/tool")
    box = Container("box", Container.DOCKER, "docker:///box")
    catalog = TransformationCatalog().add_transformations(tool).add_containers(box)
    with pytest.raises(DuplicateError, match=r"ns::tool:1\.0 is already in this catalog"):
        catalog.add_transformations(Transformation("tool", "ns", "1.0"))
    with pytest.raises(DuplicateError, match="container 'box'"):
        catalog.add_containers(box)
    with pytest.raises(DuplicateError, match=r"ns::tool:1\.0 is already on site 'local'"):
        tool.add_sites(TransformationSite("local", "/usr/bin/tool"))
    with pytest.raises(DuplicateError, match="already requires tool"):
        tool.add_requirement("tool").add_requirement("tool")
    catalog.add_transformations(Transformation("tool", "ns", "2.0"))


def test_a_site_has_directories_grids_and_a_platform(tmp_path, read_yaml):
    grid = Grid(Grid.BATCH, "host/jobmanager", Scheduler.SLURM, SupportedJobs.COMPUTE)
    site = Site("cluster", Arch.AARCH64, OS.LINUX, os_version="9").add_directories(scratch()).add_grids(grid)
    site.add_condor_profile(universe="vanilla")
    assert read_yaml(SiteCatalog().add_sites(site).write(tmp_path / "s.yml").path)["sites"] == [
        {
            "name": "cluster",
            "arch": "aarch64",
            "os.type": "linux",
            "os.version": "9",
            "directories": [
                {
                    "type": "sharedScratch",
                    "path": "/scratch",
                    "sharedFileSystem": False,
                    "fileServers": [{"url": "file:///scratch", "operation": "all"}],
                }
            ],
            "grids": [
                {"type": "batch", "contact": "host/jobmanager", "scheduler": "slurm", "jobtype": "compute"}
            ],
            "profiles": {"condor": {"universe": "vanilla"}},
        }
    ]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Directory(Directory.LOCAL_STORAGE, "out"), "path 'out' is relative"),
        (lambda: Directory("localStorage", "/out"), "a type such as Directory.SHARED_SCRATCH"),
        (lambda: Directory(Directory.LOCAL_STORAGE, "/out").node(), "/out has no file server; add one"),
        (lambda: scratch().add_file_servers("file:///x"), "a FileServer"),
        (lambda: FileServer("file:///x", "all"), "an Operation such as"),
        (lambda: Grid("batch", "host", Scheduler.SLURM), "a type such as Grid.BATCH"),
        (lambda: Grid(Grid.BATCH, "host", "slurm"), "a Scheduler such as"),
        (lambda: Grid(Grid.BATCH, "host", Scheduler.SLURM, "compute"), "SupportedJobs such as"),
        (lambda: Site("s").add_directories("/x"), "a Directory"),
        (lambda: Site("s").add_grids("x"), "a Grid"),
        (lambda: SiteCatalog().add_sites("local"), "a Site is wanted"),
        (lambda: SiteCatalog().add_sites(Site("a"), Site("a")), "site 'a' is already in this catalog"),
        (lambda: SiteCatalog().node(), "holds no site; add one with add_sites"),
    ],
)
def test_a_site_that_could_not_be_reached_is_refused(make, said):
    with pytest.raises(WorkflowError, match=said):
        make()


def test_catalogs_are_written_to_their_usual_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tool = Transformation("tool", site="local", pfn="/bin/tool")
    ReplicaCatalog().write()
    TransformationCatalog().add_transformations(tool).write()
    SiteCatalog().add_sites(Site("local")).write()
    Properties().write()
    names = ["pegasus.properties", "replicas.yml", "sites.yml", "transformations.yml"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_properties_are_written_and_read_back(tmp_path):
    properties = Properties()
    properties["pegasus.data.configuration"] = "sharedfs"
    properties["dagman.retry"] = 4
    properties["pegasus.integrity"] = True
    properties.add_site_profile("cluster", "pegasus", "queue", "a = b")
    path = properties.write(tmp_path / "p").path
    assert path.read_text().splitlines()[:2] == ["pegasus.data.configuration = sharedfs", "dagman.retry = 4"]
    again = Properties.load(path)
    assert {key: again[key] for key in again} == {key: properties[key] for key in properties}
    del again["dagman.retry"]
    assert "dagman.retry" not in again
    with pytest.raises(LookupError, match=r"'dagman\.retry' is not set"):
        again["dagman.retry"]


def test_properties_of_other_origin_are_read(tmp_path):
    (tmp_path / "p").write_text("# comment\n! another\n\n a=1 \nb : two words\nc = x=y:z\n")
    properties = Properties.load(tmp_path / "p")
    assert {key: properties[key] for key in properties} == {"a": "1", "b": "two words", "c": "x=y:z"}


def test_a_line_that_is_no_property_is_refused_with_its_number(tmp_path):
    (tmp_path / "p").write_text("a = 1\nnonsense\n")
    with pytest.raises(WorkflowError, match="line 2: 'key = value' is wanted, not 'nonsense'"):
        Properties.load(tmp_path / "p")


@pytest.mark.parametrize(
    ("key", "value"), [("a b", "x"), ("a=b", "x"), ("#a", "x"), ("", "x"), ("a", "x\ny"), ("a", None)]
)
def test_a_property_that_could_not_be_read_back_is_refused(key, value):
    with pytest.raises(WorkflowError):
        Properties()[key] = value
