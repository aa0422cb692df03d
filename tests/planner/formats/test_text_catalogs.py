from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalogs import Container, Executable, Replica, ReplicaEntry, Transformation, TransformationEntry
from planner.formats import read_replica_catalog, read_transformation_catalog

Write = Callable[..., Path]
Refusal = Callable[..., str]
ENVIRONMENT = {"SITE": "cluster"}
LINES = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp"), blacklist_characters="$"))


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.mark.parametrize(
    "text",
    [
        'tr ls { site PegasusVM { pfn "/bin/ls" arch "x86_64" os "linux" type "INSTALLED" } }',
        'tr ls {\n site PegasusVM {\n pfn "/bin/ls"\n arch "x86_64"\n os "linux"\n type "INSTALLED"\n }\n}\n',
        '# comment { "\nTR ls{site PegasusVM{pfn /bin/ls arch x86_64 # why\nos LINUX type installed}}\r\n',
    ],
)
def test_the_tutorials_transformation_is_read_on_one_line_and_on_many(write: Write, text: str) -> None:
    catalog = read_transformation_catalog(write(text, "tc.txt"), {})

    ls = Transformation("ls")
    assert catalog.entries == {
        ls: TransformationEntry(ls, (Executable("PegasusVM", "/bin/ls", "installed", "x86_64", "linux"),))
    }


def test_profiles_metadata_and_containers_of_a_text_catalog_are_read(write: Write) -> None:
    text = """
tr ns::keg:1.0 {
  profile env "APP" "/a b"
  metadata "size" "3"
  site ${SITE} {
    profile condor "FOO" "say \\"hi\\""
    metadata "k" "v"
    pfn "/bin/${SITE}"
    osrelease "fc" osversion "4"
    type "STATIC_BINARY"
    container "box"
  }
  site other { pfn "http://h/keg" type "STAGEABLE" }
}
cont box {
  type "docker"
  image "docker:///a/b:latest"
  image_site "s"
  mount "/a:/b" mount "/c:/d:ro"
  profile env "J" "k"
}
"""

    catalog = read_transformation_catalog(write(text, "tc.txt"), ENVIRONMENT)

    entry = catalog.entries[Transformation("keg", "ns", "1.0")]
    assert entry.profiles == {"env": {"APP": "/a b"}}
    assert entry.metadata == {"size": "3"}
    assert entry.executables == (
        Executable(
            *("cluster", "/bin/cluster", "stageable", "", "", "fc", "4", "box"),
            profiles={"condor": {"FOO": 'say "hi"'}},
            metadata={"k": "v"},
        ),
        Executable("other", "http://h/keg", "stageable"),
    )
    assert catalog.containers == {
        "box": Container(
            "box", "docker", "docker:///a/b:latest", "s", ("/a:/b", "/c:/d:ro"), profiles={"env": {"J": "k"}}
        )
    }


@given(LINES)
def test_any_line_of_text_survives_quoting_in_a_transformation_catalog(value: str) -> None:
    with NamedTemporaryFile("w", encoding="utf-8", newline="") as file:
        file.write(f'tr t {{ site s {{ pfn "/x" profile env "A" {quoted(value)} }} }}')
        file.flush()
        catalog = read_transformation_catalog(file.name, {})

    assert catalog.entries[Transformation("t")].executables[0].profiles == {"env": {"A": value}}


@given(LINES.filter(bool), LINES, LINES)
def test_any_line_of_text_survives_quoting_in_a_replica_catalog(pfn: str, site: str, value: str) -> None:
    with NamedTemporaryFile("w", encoding="utf-8", newline="") as file:
        file.write(f"f.a {quoted(pfn)} site={quoted(site)} k={quoted(value)}\n")
        file.flush()
        catalog = read_replica_catalog(file.name, {})

    assert catalog.entries["f.a"].replicas == (Replica(pfn, site, {"k": value}),)


def test_replica_lines_are_read_in_all_their_spellings(write: Write) -> None:
    text = """# a comment

f.a file:///data/f.a site="local"
f.a gsiftp://h/f.a pool="${SITE}"
"f b"   "/data/f \\"b\\""\tsite=local  checksum.type="sha256" checksum.value="abc" size="12" note="a=b c"
f.c /data/f.c
"f\\\\.(.*)" "http://h/[1]" site="web" regex="true"
"""

    catalog = read_replica_catalog(write(text, "rc.txt"), ENVIRONMENT)

    assert catalog.entries["f.a"] == ReplicaEntry(
        "f.a", (Replica("file:///data/f.a", "local"), Replica("gsiftp://h/f.a", "cluster"))
    )
    f_b = catalog.entries["f b"]
    assert (f_b.replicas[0].pfn, f_b.sha256, f_b.size) == ('/data/f "b"', "abc", 12)
    assert f_b.replicas[0].attributes["note"] == "a=b c"
    assert catalog.entries["f.c"].replicas == (Replica("/data/f.c", ""),)
    assert catalog.patterns == (ReplicaEntry(r"f\.(.*)", (Replica("http://h/[1]", "web"),), regex=True),)


def test_an_empty_replica_catalog_knows_nothing(write: Write) -> None:
    assert read_replica_catalog(write("", "rc.txt"), {}).entries == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tr ls {", 'tc:1: "}" is missing at the end of the file'),
        ("tr ls { }", "tc:1: transformation ls: there is no site; at least one is wanted"),
        ("tr ls\nsite", 'tc:2: "site" stands where "{" is wanted after ls'),
        ("trr ls { }", 'tc:1: "trr" stands where "tr" or "cont" is wanted'),
        ('tr ls { site a {\n pfn "/bin/ls\n} }', "tc:2: a quote is not closed"),
        ("tr ls { site a {\n pnf /x } }", 'tc:2: "pnf" is unknown here; did you mean "pfn"?'),
        ("tr ls { site a { pfn } }", 'tc:1: "}" stands where the value of "pfn" is wanted'),
        ("tr ls { site a { pfn", 'tc:1: the end of the file stands where the value of "pfn" is wanted'),
        ("tr ls { site a { type installed } }", 'tc:1: transformation ls: site a: "pfn" is missing'),
        ("tr ls { site a { pfn /x type INSTALED } }", '"type" is "INSTALED"; did you mean "installed"?'),
        (
            "tr ls { site a { pfn /x profile evn A b } }",
            'unknown profile namespace "evn"; did you mean "env"?',
        ),
        ("tr ls { site a { pfn /${NO} } }", "tc:1: variable ${NO} is not set in the environment"),
        ("cont c { type docker }", 'tc:1: container c: "image" is missing'),
        ("cont c { image a }\ncont c { image b }", "tc:2: container c: this container is given twice"),
        (b"tr \xff", "tc:1: not UTF-8"),
        ("<tc/>", 'tc: this is no transformation catalog in YAML 5, or in text; it begins with "<tc/>"'),
    ],
)
def test_a_wrong_text_transformation_catalog_is_refused_with_its_line(
    write: Write, refusal: Refusal, text: str | bytes, message: str
) -> None:
    assert message in refusal(read_transformation_catalog, write(text, "tc"), ENVIRONMENT)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("f.a", "rc:1: a line of LFN and PFN is wanted; the line ends too early"),
        (
            "f.a http://h/x?a=b",
            "rc:1: a line of LFN and PFN is wanted, not 'http://h/x?a=b'; put words with =",
        ),
        ('\nf.a "/x', "rc:2: a line of LFN and PFN is wanted, not '\"/x'; a quote is not closed"),
        ("f.a /x site", "rc:1: key=\"value\" is wanted, not 'site'"),
        ('f.a /x site="l"x="y"', 'rc:1: key="value" is wanted'),
        ("../x /x", 'rc:1: LFN "../x" climbs out of the work directory'),
        ("f.a /x site=${NO}", "rc:1: variable ${NO} is not set in the environment"),
        ('f( /x regex="true"', 'rc:1: LFN "f(" is no regular expression: missing )'),
        ("hello", "rc:1: a line of LFN and PFN is wanted"),
    ],
)
def test_a_wrong_replica_line_is_refused_with_its_number(
    write: Write, refusal: Refusal, text: str, message: str
) -> None:
    assert message in refusal(read_replica_catalog, write(text, "rc"), ENVIRONMENT)
