from collections.abc import Callable
from pathlib import Path

import pytest

from planner.catalogs import Directory, FileServer, Grid, Site
from planner.formats import read_site_catalog

Write = Callable[..., Path]
Refusal = Callable[..., str]

TUTORIAL_SITE = """\
<site handle="local" arch="x86_64" os="LINUX">
  <directory type="shared-scratch" path="${HOME}/scratch">
    <file-server operation="all" url="file://${HOME}/scratch"/>
  </directory>
  <profile namespace="env" key="TOOLS">${HOME}/tools</profile>
</site>
"""
EXPECTED = Site(
    "local",
    (Directory("sharedScratch", "/home/me/scratch", (FileServer("file:///home/me/scratch"),)),),
    arch="x86_64",
    os="linux",
    profiles={"env": {"TOOLS": "/home/me/tools"}},
)
ENVIRONMENT = {"HOME": "/home/me"}
DIRECTORY = '<site handle="a">\n<directory type='
SERVER = '\n<file-server url="u"'
END = "</directory></site>"


@pytest.mark.parametrize(
    "text",
    [
        f'<sitecatalog xmlns="http://example.org/sitecatalog" version="4.0">{TUTORIAL_SITE}</sitecatalog>',
        f'<sitecatalog version="4.1">{TUTORIAL_SITE}</sitecatalog>',
        TUTORIAL_SITE,
    ],
)
def test_the_tutorials_site_is_read_with_and_without_what_encloses_it(write: Write, text: str) -> None:
    assert read_site_catalog(write(text, "sites.xml"), ENVIRONMENT).sites == {"local": EXPECTED}


def test_the_file_systems_of_version_3_become_directories(write: Write) -> None:
    text = """<sitecatalog version="3.0"><site handle="isi" arch="x86" os="LINUX">
      <grid type="gt5" contact="h/pbs" scheduler="PBS" jobtype="compute" idle-nodes="4"/>
      <head-fs>
        <scratch><shared>
          <file-server protocol="gsiftp" url="gsiftp://h" mount-point="/nfs/scratch"/>
          <internal-mount-point mount-point="/scratch" free-size="1GB"/>
        </shared></scratch>
        <storage><local><file-server protocol="file" url="file://" mount-point="/store"/>
          <internal-mount-point mount-point="/store"/></local></storage>
      </head-fs></site></sitecatalog>"""

    site = read_site_catalog(write(text, "sites.xml"), {}).sites["isi"]

    assert site.directories == (
        Directory("sharedScratch", "/scratch", (FileServer("gsiftp://h/nfs/scratch"),), free_size="1GB"),
        Directory("localStorage", "/store", (FileServer("file:///store"),)),
    )
    assert site.grids == (Grid("gt5", "h/pbs", "pbs", "compute", {"idleNodes": "4"}),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            f'{DIRECTORY}"shared-scratc" path="/">{SERVER}/>{END}',
            '2: site a: directory "type" is "shared-scr',
        ),
        (f'{DIRECTORY}"shared-scratch" path="/"/></site>', "2: site a: directory / has no <file-server>"),
        (
            f'{DIRECTORY}"local-storage" path="/">{SERVER} operation="al"/>{END}',
            's.xml:3: site a: file server "operation" is "al"; did you mean "all"?',
        ),
        ("<sitecatalog/>", "s.xml:1: there is no site; at least one is wanted"),
        ("site local {}", "s.xml: this is no site catalog in YAML 5, or in XML; it begins with"),
        ("<adag/>", "s.xml:1: <adag> is no site catalog; <sitecatalog> is wanted"),
        ("<sitecatalog>\n<site/></sitecatalog>", 's.xml:2: <site> has no "handle"'),
        (
            '<sitecatalog>\n<site handle="a"/>\n<site handle="a"/></sitecatalog>',
            "s.xml:3: site a: this site is given twice",
        ),
        (
            '<site handle="a">\n<profile namespace="env" key="A">${NONE}</profile></site>',
            "variable ${NONE} is not",
        ),
        ('<!DOCTYPE a><site handle="a"/>', "s.xml:1: a document type declaration"),
    ],
)
def test_a_wrong_site_catalog_is_refused_with_its_line(
    write: Write, refusal: Refusal, text: str, message: str
) -> None:
    assert message in refusal(read_site_catalog, write(text, "s.xml"), ENVIRONMENT)
