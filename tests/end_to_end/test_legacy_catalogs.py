"""DAX XML with XML and text catalogs, as tutorials of Pegasus 4 show them: planned and really run."""

import pytest

DAX = """<?xml version="1.0" encoding="UTF-8"?>
<adag xmlns="http://pegasus.isi.edu/schema/DAX" version="3.4" name="hello_world">
  <job id="ID0000001" name="hello">
    <argument><file name="f.a"/> <file name="f.b"/></argument>
    <uses name="f.a" link="input"/>
    <uses name="f.b" link="output" transfer="false" register="false"/>
  </job>
  <job id="ID0000002" name="world">
    <argument><file name="f.b"/> <file name="f.c"/></argument>
    <uses name="f.b" link="input"/>
    <uses name="f.c" link="output" transfer="true" register="true"/>
  </job>
  <child ref="ID0000002"><parent ref="ID0000001"/></child>
</adag>
"""
SITES = """<?xml version="1.0" encoding="UTF-8"?>
<sitecatalog xmlns="http://pegasus.isi.edu/schema/sitecatalog" version="4.0">
  <site handle="local" arch="x86_64" os="LINUX">
    <directory type="shared-scratch" path="{here}/scratch">
      <file-server operation="all" url="file://{here}/scratch"/>
    </directory>
    <directory type="local-storage" path="{here}/outputs">
      <file-server operation="all" url="file://{here}/outputs"/>
    </directory>
  </site>
</sitecatalog>
"""
PROGRAMS = """
tr hello { site local { pfn "/bin/cp" arch "x86_64" os "linux" type "INSTALLED" } }
tr world { site local { pfn "/bin/cp" arch "x86_64" os "linux" type "INSTALLED" } }
tr ls { site PegasusVM { pfn "/bin/ls" arch "x86_64" os "linux" type "INSTALLED" } }
"""


@pytest.fixture
def legacy(project):
    here = project.folder
    (here / "hello.dax").write_text(DAX)
    (here / "sites.xml").write_text(SITES.format(here=here))
    (here / "tc.txt").write_text(PROGRAMS)
    (here / "near").mkdir()
    (here / "near/f.a").write_text("near\n")
    (here / "far").mkdir()
    (here / "far/f.a").write_text("far\n")
    return project


def run_with(project, replicas: str, properties: str = "") -> str:
    (project.folder / "rc.txt").write_text(replicas)
    (project.folder / "pegasus.properties").write_text(properties)
    planned = project.json("plan", "hello.dax")
    project.call("run", planned["directory"], "--quiet")
    return (project.folder / "outputs/f.c").read_text()


def test_hello_world_in_dax_with_xml_and_text_catalogs_runs(legacy) -> None:
    assert run_with(legacy, f'f.a file://{legacy.folder}/near/f.a site="local"\n') == "near\n"
    told = legacy.json("lineage", "f.c")
    assert [node["lfn"] for node in told["files"]] == ["f.c", "f.b", "f.a"]


def test_pool_means_site_in_replica_lines(legacy) -> None:
    assert run_with(legacy, f'f.a file://{legacy.folder}/near/f.a pool="local"\n') == "near\n"


def test_ranked_regular_expressions_choose_the_replica(legacy) -> None:
    replicas = "".join(f'f.a file://{legacy.folder}/{place}/f.a site="local"\n' for place in ("near", "far"))
    ranks = (
        "pegasus.selector.replica=Regex\n"
        "pegasus.selector.replica.regex.rank.1=file:///.*/far/.*\n"
        "pegasus.selector.replica.regex.rank.2=file:///.*\n"
    )
    assert run_with(legacy, replicas, ranks) == "far\n"


def test_a_file_url_counts_only_on_its_own_site(legacy) -> None:
    (legacy.folder / "rc.txt").write_text(f'f.a file://{legacy.folder}/near/f.a site="elsewhere"\n')
    (legacy.folder / "pegasus.properties").write_text(
        "pegasus.selector.replica=Regex\npegasus.selector.replica.regex.rank.1=file:///.*\n"
    )
    refused = legacy.call("plan", "hello.dax", expect=2).stderr
    assert "f.a" in refused
