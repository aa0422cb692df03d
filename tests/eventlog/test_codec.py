"""Bodies: every fact comes back as it was, other versions' bodies are resolved, junk is refused."""

import dataclasses
import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.avro import record_schema, schema_fingerprint
from eventlog.codec import MARKER, Codec, current_format, encode
from eventlog.errors import SchemaError
from eventlog.event import Event
from eventlog.facts import FACT_TYPES, Fact, Host, InvocationRecorded, JobSubmitted
from eventlog.field_types import FieldType, Items, Nested, Nullable, Primitive, field_types
from eventlog.memory import MemoryLog

# There are many fact types, and a busy machine is no reason to fail.
FEW = settings(max_examples=20, deadline=None)

PRIMITIVES: dict[str, st.SearchStrategy[object]] = {
    # No lone surrogates: they have no UTF-8, and are refused.
    "string": st.text(st.characters(exclude_categories=["Cs"]), max_size=80),
    "long": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(allow_nan=False),
    "boolean": st.booleans(),
}


def values(kind: FieldType) -> st.SearchStrategy[Any]:
    match kind:
        case Primitive(name):
            return PRIMITIVES[name]
        case Nullable(of):
            return st.none() | values(of)
        case Items(of):
            return st.lists(values(of), max_size=4).map(tuple)
        case Nested(record):
            return records(record)


def records(record: type) -> st.SearchStrategy[Any]:
    return st.builds(record, **{name: values(kind) for name, kind in field_types(record).items()})


def body_of(schema: dict[str, object], datum: dict[str, object]) -> bytes:
    stream = BytesIO()
    stream.write(MARKER + schema_fingerprint(json.dumps(schema)).to_bytes(8, "little"))
    fastavro.schemaless_writer(stream, fastavro.parse_schema(schema), datum)
    return stream.getvalue()


INVOCATION = InvocationRecorded(
    run="r" * 30, job="j" * 30, attempt=1, sequence=1, start=1, duration=1, exit_raw=0
)


class Schemas:
    """What a log knows of the schemas that wrote its bodies."""

    def __init__(self, *schemas: dict[str, object]) -> None:
        texts = [json.dumps(schema) for schema in schemas]
        self._texts = {schema_fingerprint(text): text for text in texts}

    def writer_schema(self, fingerprint: int) -> str | None:
        return self._texts.get(fingerprint)


@pytest.mark.parametrize("kind", FACT_TYPES)
@FEW
@given(data=st.data())
def test_every_fact_comes_back_as_it_was(kind: str, data: st.DataObject) -> None:
    fact = data.draw(records(FACT_TYPES[kind]))
    again = Codec().decode_body(kind, encode(fact))
    assert again == fact
    assert type(again) is type(fact)
    assert hash(again) == hash(fact)


@pytest.mark.parametrize("kind", FACT_TYPES)
@FEW
@given(data=st.data())
def test_the_compiled_encoding_is_the_one_that_fastavro_writes(kind: str, data: st.DataObject) -> None:
    fact = data.draw(records(FACT_TYPES[kind]))
    assert encode(fact) == body_of(record_schema(FACT_TYPES[kind]), dataclasses.asdict(fact))


@pytest.mark.parametrize("kind", FACT_TYPES)
@FEW
@given(data=st.data())
def test_resolution_from_the_same_fields_with_one_more_gives_the_same_fact(
    kind: str, data: st.DataObject
) -> None:
    fact = data.draw(records(FACT_TYPES[kind]))
    schema = record_schema(FACT_TYPES[kind])
    schema["fields"] = [{"name": "forgotten", "type": "string", "default": ""}, *schema["fields"]]  # type: ignore[misc]
    body = body_of(schema, {**dataclasses.asdict(fact), "forgotten": "yes"})
    assert Codec(Schemas(schema)).decode_body(kind, body) == fact


FORGOTTEN = {
    "type": "record",
    "name": "Forgotten",
    "fields": [
        {"name": "lfn", "type": "string"},
        {"name": "sizes", "type": {"type": "array", "items": ["null", "long"]}},
        {"name": "rate", "type": "double"},
        {"name": "ok", "type": "boolean"},
    ],
}
GONE = {"lfn": "f.a", "sizes": [1 << 40, None, -1], "rate": 0.5, "ok": True}


@pytest.mark.parametrize("kind", FACT_TYPES)
@FEW
@given(data=st.data())
def test_a_body_with_fields_that_came_and_went_is_read_as_fastavro_reads_it(
    kind: str, data: st.DataObject
) -> None:
    today: Any = record_schema(FACT_TYPES[kind])
    fields = data.draw(st.permutations(today["fields"]))[: data.draw(st.integers(0, len(today["fields"])))]
    gone = {"name": "gone", "type": data.draw(st.sampled_from([FORGOTTEN, ["null", FORGOTTEN]]))}
    older = {**today, "fields": [*fields, gone]}
    datum = {**dataclasses.asdict(data.draw(records(FACT_TYPES[kind]))), "gone": GONE}
    body = body_of(older, datum)
    read = fastavro.schemaless_reader(BytesIO(body[10:]), fastavro.parse_schema(older), today)
    assert dataclasses.asdict(Codec(Schemas(older)).decode_body(kind, body)) == _as_tuples(read)


def _as_tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_tuples(part) for name, part in value.items()}
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value


def test_what_no_version_of_ours_changes_is_resolved_too() -> None:
    foreign: Any = record_schema(JobSubmitted)
    for field in foreign["fields"]:
        if field["type"] == "long":
            field["type"] = "int"
    fact = JobSubmitted(run="r", job="j", attempt=2, submission=3, site="s")
    assert (
        Codec(Schemas(foreign)).decode_body("JobSubmitted", body_of(foreign, dataclasses.asdict(fact)))
        == fact
    )


def test_fields_that_an_older_writer_did_not_have_get_their_defaults() -> None:
    schema = record_schema(InvocationRecorded)
    kept = ("run", "job", "attempt", "sequence", "start", "duration", "exit_raw", "host")
    fields = [field for field in schema["fields"] if field["name"] in kept]  # type: ignore[union-attr, index, call-overload]
    older = {**schema, "fields": fields}
    fact = InvocationRecorded(
        run="r",
        job="j",
        attempt=1,
        sequence=1,
        start=5,
        duration=6,
        exit_raw=0,
        host=Host(hostname="h", ram=7),
    )
    datum = {name: value for name, value in dataclasses.asdict(fact).items() if name in kept}
    assert Codec(Schemas(older)).decode_body("InvocationRecorded", body_of(older, datum)) == fact


def test_a_fact_of_another_version_says_the_same_as_its_equal_in_this_one() -> None:
    older = record_schema(JobSubmitted)
    older["fields"] = [field for field in older["fields"] if field["name"] != "route"]  # type: ignore[union-attr, index, call-overload]
    fact = JobSubmitted(run="r", job="j", attempt=1, site="here")
    datum = {name: value for name, value in dataclasses.asdict(fact).items() if name != "route"}
    codec = Codec(Schemas(older))
    assert codec.same_fact("JobSubmitted", body_of(older, datum), encode(fact))
    elsewhere = {**datum, "site": "there"}
    assert not codec.same_fact("JobSubmitted", body_of(older, elsewhere), encode(fact))
    assert not Codec().same_fact("JobSubmitted", body_of(older, datum), encode(fact))


def test_an_event_is_decoded_with_its_whole_envelope(observed: Callable[[Fact], Event]) -> None:
    event = observed(JobSubmitted(run="r", job="j", attempt=2))
    log = MemoryLog()
    log.append([event])
    (record,) = log.read(log.earliest(), 1).records
    assert Codec(log).decode(record) == event
    assert (event.type, event.subject) == ("JobSubmitted", "r/j/2")


@settings(deadline=None)
@given(junk=st.binary(max_size=200), kind=st.sampled_from(sorted(FACT_TYPES)))
def test_junk_behind_a_known_header_is_a_fact_or_a_schema_error(junk: bytes, kind: str) -> None:
    try:
        fact = Codec().decode_body(kind, current_format(kind).header + junk)
    except SchemaError:
        return
    assert type(fact) is FACT_TYPES[kind]


@settings(deadline=None)
@given(junk=st.binary(max_size=200))
def test_junk_of_another_version_is_a_fact_or_a_schema_error(junk: bytes) -> None:
    older = record_schema(InvocationRecorded)
    older["fields"] = list(reversed(older["fields"]))  # type: ignore[arg-type]
    header = body_of(older, dataclasses.asdict(INVOCATION))[:10]
    try:
        fact = Codec(Schemas(older)).decode_body("InvocationRecorded", header + junk)
    except SchemaError:
        return
    assert isinstance(fact, InvocationRecorded)


@settings(deadline=None)
@given(cut=st.integers(1, 60))
def test_a_body_that_is_cut_short_is_refused(cut: int) -> None:
    body = encode(INVOCATION)
    with pytest.raises(SchemaError):
        Codec().decode_body("InvocationRecorded", body[:-cut])


def test_trailing_bytes_are_refused() -> None:
    body = encode(JobSubmitted(run="r", job="j", attempt=1))
    with pytest.raises(SchemaError, match=rf"has {len(body) + 1} bytes where its schema reads {len(body)}"):
        Codec().decode_body("JobSubmitted", body + b"\0")


def test_an_array_in_blocks_with_sizes_is_read() -> None:
    # Other writers may give each block's size in bytes after a negative count.
    fact = InvocationRecorded(
        run="", job="", attempt=0, sequence=0, start=0, duration=0, exit_raw=0, argv=("a", "b")
    )
    plain, in_blocks = b"\x04\x02a\x02b\0", b"\x01\x04\x02a\x01\x04\x02b\0"
    body = encode(fact)
    assert body.count(plain) == 1
    assert Codec().decode_body("InvocationRecorded", body.replace(plain, in_blocks)) == fact


@pytest.mark.parametrize("body", [b"", b"\xc3", b"\xc3\x01\x00", b"\xc3\x02" + bytes(8), bytes(20)])
def test_a_body_without_marker_and_fingerprint_is_refused(body: bytes) -> None:
    with pytest.raises(SchemaError, match="marker C3 01"):
        Codec().decode_body("JobSubmitted", body)


def test_an_unknown_fingerprint_is_refused_and_named() -> None:
    with pytest.raises(SchemaError, match="schema 0807060504030201, which the log does not hold"):
        Codec(MemoryLog()).decode_body("JobSubmitted", MARKER + bytes(range(1, 9)))


@pytest.mark.parametrize("schema", ['{"type": "record"}', "no JSON", '{"type": "unheard of"}'])
def test_a_schema_in_the_log_that_is_none_is_told(schema: str) -> None:
    class Damaged:
        def writer_schema(self, fingerprint: int) -> str:
            return schema

    with pytest.raises(SchemaError, match="the log's schema 0807060504030201 is no Avro schema"):
        Codec(Damaged()).decode_body("JobSubmitted", MARKER + bytes(range(1, 9)))


def test_an_unknown_event_type_is_refused() -> None:
    with pytest.raises(SchemaError, match="'JobDreamt' is no event type"):
        Codec().decode_body("JobDreamt", encode(JobSubmitted(run="r", job="j", attempt=1)))


def test_a_body_of_another_type_than_its_envelope_says_is_refused() -> None:
    body = encode(JobSubmitted(run="r", job="j", attempt=1))
    codec = Codec(Schemas(record_schema(JobSubmitted)))
    with pytest.raises(SchemaError, match="its writer's schema is none of JobHeld"):
        codec.decode_body("JobHeld", body)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_an_integer_of_more_than_64_bits_is_refused(number: int) -> None:
    with pytest.raises(SchemaError, match="JobSubmitted does not fit its schema"):
        encode(JobSubmitted(run="r", job="j", attempt=number))


def test_a_text_that_has_no_utf8_is_refused() -> None:
    with pytest.raises(SchemaError, match="surrogates not allowed"):
        encode(JobSubmitted(run="r", job="file-\udcff", attempt=1))
