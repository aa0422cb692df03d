from collections.abc import Callable
from pathlib import Path

import pytest

from planner.abstract import Use
from planner.catalogs import Executable, Replica, ReplicaEntry, ShellHook, Transformation
from planner.formats import read_workflow

Write = Callable[..., Path]
Refusal = Callable[..., str]

TUTORIAL = """\
<?xml version="1.0" encoding="UTF-8"?>
<adag xmlns="http://pegasus.isi.edu/schema/DAX" version="3.4" name="hello_world">
  <file name="f.a">
    <metadata key="size">12</metadata>
    <pfn url="file:///data/f.a" site="local"/>
  </file>
  <executable namespace="hello_world" name="hello" version="1.0" installed="true" arch="x86_64" os="linux">
    <pfn url="file:///bin/hello" site="local"/>
  </executable>
  <job id="ID0000001" namespace="hello_world" name="hello" version="1.0">
    <argument>-i <file name="f.a"/>
       -o <file name="f.b"/></argument>
    <uses name="f.a" link="input"/>
    <uses name="f.b" link="output" transfer="false" register="false"/>
  </job>
  <job id="ID0000002" namespace="hello_world" name="world" version="1.0" node-label="World">
    <argument>-i<file name="f.b"/>,<file name="f.c"/></argument>
    <profile namespace="pegasus" key="cores"> 4 </profile>
    <stdout name="f.log" link="output"/>
    <uses name="f.b" link="input"/>
    <uses name="f.c" link="output" transfer="optional" size="7"><metadata key="k">v</metadata></uses>
    <invoke when="at_end">/bin/notify me</invoke>
  </job>
  <child ref="ID0000002"><parent ref="ID0000001"/></child>
</adag>
"""


def dax(jobs: str) -> str:
    return f'<adag version="3.6" name="w">\n{jobs}\n</adag>\n'


def test_the_tutorials_hello_world_is_read(write: Write) -> None:
    workflow = read_workflow(write(TUTORIAL, "hello.dax"))

    hello, world = workflow.jobs
    assert (workflow.name, workflow.version, workflow.edges) == ("hello_world", "3.4", ((0, 1),))
    assert hello.transformation == Transformation("hello", "hello_world", "1.0")
    assert hello.arguments == ("-i f.a -o f.b",)
    assert hello.uses == (Use("f.a", "input"), Use("f.b", "output", stage_out=False, register=False))
    assert hello.place.endswith("hello.dax:10")
    assert world.arguments == ("-if.b,f.c",)
    assert world.uses[1] == Use("f.c", "output", optional=True, size=7, metadata={"k": "v"})
    assert (world.label, world.stdout) == ("World", "f.log")
    assert world.profiles == {"pegasus": {"cores": "4"}}
    assert world.hooks == (ShellHook("end", "/bin/notify me"),)
    assert workflow.catalogs is not None
    assert workflow.catalogs.replicas is not None
    assert workflow.catalogs.replicas.entries == {
        "f.a": ReplicaEntry("f.a", (Replica("file:///data/f.a", "local"),), size=12, metadata={"size": "12"})
    }
    assert workflow.catalogs.transformations is not None
    entry = workflow.catalogs.transformations.entries[hello.transformation]
    assert entry.executables == (
        Executable("local", "file:///bin/hello", "installed", arch="x86_64", os="linux"),
    )


def test_any_namespace_prefix_and_any_expat_encoding_is_read(write: Write) -> None:
    text = (
        '<?xml version="1.0" encoding="ISO-8859-1"?><d:adag xmlns:d="urn:x" version="3.3" name="w">'
        '<d:job id="a" name="é"><d:uses name="f" link="input"/></d:job></d:adag>'
    )

    job = read_workflow(write(text.encode("latin-1"), "w.dax")).jobs[0]

    assert (job.transformation.name, job.uses[0].lfn) == ("é", "f")


def test_a_compound_transformation_requires_executables_and_files(write: Write) -> None:
    text = dax(
        """<executable name="t"><pfn url="/bin/t" site="s"><profile namespace="env" key="A">b</profile></pfn>
        </executable><transformation name="t"><uses name="u" namespace="n" version="1" executable="true"/>
        <uses name="table.txt" executable="false"/></transformation><job id="a" name="t"/>"""
    )

    catalogs = read_workflow(write(text)).catalogs

    assert catalogs is not None
    assert catalogs.transformations is not None
    entry = catalogs.transformations.entries[Transformation("t")]
    assert entry.requires == (Transformation("u", "n", "1"),)
    assert entry.requires_files == ("table.txt",)
    assert entry.executables[0].profiles == {"env": {"A": "b"}}


def test_nested_workflows_read_their_file(write: Write) -> None:
    text = dax('<dax id="a" file="inner.dax"><argument>-s</argument></dax><dag id="b" file="inner.dag"/>')

    inner, graph = read_workflow(write(text)).jobs

    assert (inner.kind, inner.workflow_file, inner.arguments) == ("pegasusWorkflow", "inner.dax", ("-s",))
    assert inner.uses == (Use("inner.dax", "input"),)
    assert (graph.kind, graph.workflow_file) == ("condorWorkflow", "inner.dag")


def test_an_executable_among_the_uses_is_named_by_its_whole_identity(write: Write) -> None:
    text = dax('<job id="a" name="t"><uses name="x" namespace="n" version="1.0" executable="true"/></job>')

    assert read_workflow(write(text)).jobs[0].uses == (
        Use("n::x:1.0", "none", executable=True, namespace="n", version="1.0"),
    )


def test_version_2_files_mean_the_same_in_their_own_words(write: Write) -> None:
    text = """<adag version="2.0" count="1" index="3" name="w" jobCount="1">
      <filename file="f.a" link="input"/>
      <job id="a" namespace="n" name="t" version="1" level="2" dv-name="x" runtime="1.5">
        <argument>-x <filename file="f.a"/><filename file="f.b"/></argument>
        <profile namespace="ENV" key="IN"><filename file="f.a"/></profile>
        <stdin file="f.a" varname="v"/>
        <uses file="f.a" link="input" dontRegister="true" dontTransfer="false" type="data"/>
        <uses file="f.b" link="output" dontRegister="false" dontTransfer="true"/>
        <uses file="f.c" link="output" dontTransfer="optional"/>
        <uses file="f.d" link="output" isTemporary="true"/>
        <uses file="prog" link="input" type="executable"/>
      </job></adag>"""

    workflow = read_workflow(write(text))

    job = workflow.jobs[0]
    assert workflow.index == "3"
    assert job.arguments == ("-x f.a f.b",)
    assert job.stdin == "f.a"
    assert job.profiles == {"pegasus": {"runtime": "1.5"}, "env": {"IN": "f.a"}}
    assert job.uses == (
        Use("f.a", "input", register=False),
        Use("f.b", "output", stage_out=False),
        Use("f.c", "output", optional=True),
        Use("f.d", "output", stage_out=False, register=False),
        Use("prog", "input", executable=True),
    )


@pytest.mark.parametrize(
    ("jobs", "message"),
    [
        (
            '<job id="a" name="t"><agument/></job>',
            "2: job a: unknown element <agument> in <job>; did you mean",
        ),
        (
            '<job id="a" name="t" node-lable="x"/>',
            '2: job a: <job> has an unknown attribute "node-lable"; did you mean "node-label"?',
        ),
        ('<job id="a"/>', '2: job a: <job> has no "name"'),
        ('<job name="t"/>', '<job> has no "id"'),
        ("<jub/>", "2: unknown element <jub> in <adag>"),
        (
            '<job id="a" name="t"/>\n<job id="a" name="t"/>',
            "3: job a: this id is given twice, first on line 2",
        ),
        (
            '<job id="a" name="t">\n<uses name="/etc/x" link="input"/></job>',
            '3: job a: LFN "/etc/x" is an abs',
        ),
        (
            '<job id="a" name="t"><uses name="f" link="inptu"/></job>',
            '"link" is "inptu"; did you mean "input"?',
        ),
        ('<job id="a" name="t"><uses link="input"/></job>', '2: job a: <uses> has no "name"'),
        (
            '<job id="a" name="t"><uses name="f" register="perhaps"/></job>',
            'file f: "register" is "perhaps"; true or false is wanted',
        ),
        (
            '<job id="a" name="t"><uses name="f" transfer="later"/></job>',
            '"transfer" is "later"; true, false or optional is wanted',
        ),
        (
            '<job id="a" name="t"><profile namespace="evn" key="A">b</profile></job>',
            'namespace "evn"; did you',
        ),
        ('<dax id="a"/>', '<dax> has no "file"'),
        (
            '<job id="a" name="t"/><child ref="a">\n<parent ref="b"/></child>',
            '3: dependency of a: there is no job "b"',
        ),
        ("", "1: there is no job; at least one is wanted"),
        ("<job id='a' name='t'>", "3: not well-formed XML: mismatched tag"),
    ],
)
def test_a_wrong_dax_is_refused_with_its_line(
    write: Write, refusal: Refusal, jobs: str, message: str
) -> None:
    refused = refusal(read_workflow, write(dax(jobs), "w.dax"))

    assert refused.startswith("w.dax:")
    assert message in refused


ENTITIES = "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)
BOMB = f'<!DOCTYPE adag [<!ENTITY a "aaaaaaaaaa">{ENTITIES}]>\n<adag name="&j;"/>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "w.dax:1: a document type declaration (<!DOCTYPE) is not accepted; remove it"),
        (
            '<!DOCTYPE a SYSTEM "http://example.org/a.dtd"><adag name="w"/>',
            "w.dax:1: a document type declaration (<!DOCTYPE) is not accepted; remove it",
        ),
        ('<adag name="w">&x;</adag>', "w.dax:1: not well-formed XML: undefined entity"),
        ('<adag name="w">' + "<job>" * 100_000, "w.dax:1: nested more than 64 deep"),
        (
            dax(f'<job id="a" name="t"><argument>{"x" * 1_100_000}</argument></job>'),
            "w.dax:2: a text of more",
        ),
        (
            '<?xml version="1.0" encoding="klingon"?><adag name="w"/>',
            "w.dax: not readable XML: unknown encoding: klingon",
        ),
        (f'<adag name="{"x" * 5_000_000}"/>', "w.dax:1: a tag or comment of more than 4194304 bytes"),
        ("<html/>", "w.dax:1: <html> is no workflow; <adag> is wanted"),
        ("<", "w.dax:1: not well-formed XML: unclosed token"),
        ("<adag name='w'>\x01", "w.dax:1: not well-formed XML: not well-formed (invalid token)"),
    ],
)
def test_hostile_xml_is_refused_with_one_line(
    write: Write, refusal: Refusal, text: str, message: str
) -> None:
    refused = refusal(read_workflow, write(text, "w.dax"))

    assert refused.startswith(message)
    assert "\n" not in refused
