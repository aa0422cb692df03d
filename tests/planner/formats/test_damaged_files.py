"""A damaged file is read or refused with an InputError: nothing else ever comes out of a reader."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from tempfile import NamedTemporaryFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.errors import InputError
from planner.formats import (
    read_properties,
    read_replica_catalog,
    read_site_catalog,
    read_transformation_catalog,
    read_workflow,
)

WORKFLOW = b"""pegasus: "5.0"
name: w
metadata: {a: "1"}
jobs:
- {type: job, id: a, name: t, arguments: [-x, 1], uses: [{lfn: f.a, type: input, size: 3}]}
- &b {type: job, id: b, name: t, profiles: {env: {A: b}}, hooks: {shell: [{_on: end, cmd: x}]}}
jobDependencies:
- {id: a, children: [b]}
"""
DAX = b"""<?xml version="1.0" encoding="UTF-8"?>
<adag name="w" version="3.6"><file name="f"><pfn url="u"/></file>
<job id="a" name="t"><argument>-i <file name="f"/></argument><uses name="f" link="input" size="3"/></job>
<job id="b" name="t"><profile namespace="env" key="A">b</profile></job>
<child ref="b"><parent ref="a"/></child></adag>"""
SITES = b"""<sitecatalog version="4.0"><site handle="a" arch="x86_64" os="LINUX">
<directory type="shared-scratch" path="/s"><file-server operation="all" url="file:///s"/></directory>
</site></sitecatalog>"""
TRANSFORMATIONS = (
    b'tr n::t:1 { profile env "A" "b"\n site s { pfn "/b\\"in" type "INSTALLED" } }\ncont c { image "i" }'
)
REPLICAS = b'f.a file:///f.a site="local" size="3"\n"f b" "/f b" pool="x" regex="true"\n'
PROPERTIES = b"a.b = c \\\n d\n e : \\u0041 ${a.b}\n"
PIECES = [
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b"\n",
        b"\t",
        b'"',
        b"'",
        b"\\",
        b"&a",
        b"*a",
        b"!!set",
        b"~",
        b"<",
        b">",
    ),
    *(
        b"=",
        b"${",
        b"${A}",
        b"\x00",
        b"\xff\xfe",
        b"<job/>",
        b"&x;",
        b"<![CDATA[",
        b"#",
        b"---\n",
        b"9" * 5000,
    ),
]
READERS: list[tuple[Callable[[str], object], bytes]] = [
    (read_workflow, WORKFLOW),
    (read_workflow, DAX),
    (partial(read_site_catalog, environment={}), SITES),
    (partial(read_transformation_catalog, environment={}), TRANSFORMATIONS),
    (partial(read_replica_catalog, environment={}), REPLICAS),
    (read_properties, PROPERTIES),
]


@pytest.mark.parametrize(("read", "whole"), READERS)
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(
    read: Callable[[str], object], whole: bytes, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(start + 40, len(whole))))
    piece = data.draw(st.one_of(st.binary(max_size=4), st.sampled_from(PIECES)))
    damaged = whole[:start] + piece + whole[end:]
    with NamedTemporaryFile() as file:
        file.write(damaged)
        file.flush()
        with suppress(InputError):
            read(file.name)
