"""Events as Kafka's messages."""

import uuid
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog.codec import Codec, encode
from eventlog.errors import LogError, SchemaError
from eventlog.event import Event
from eventlog.facts import JobSubmitted
from eventlog.kafka.message import MAX_ENVELOPE_SIZE, Incoming, Outgoing, to_message, to_record

FACT = JobSubmitted(run="run-1", job="job-1", attempt=1)
# what os.fsdecode makes of any bytes
names = st.binary(max_size=40).map(lambda name: name.decode("utf-8", "surrogateescape"))
earliest, latest = -62_135_596_800_000_000, 253_402_300_799_999_999


def event(**changes: object) -> Event:
    envelope = {
        "id": uuid.UUID(int=7),
        "type": "JobSubmitted",
        "source": "tests",
        "subject": "run-1/job-1/1",
        "time": 0,
        "namespace": "default",
        "actor": "ada",
        "key": "run-1",
        "fact": FACT,
    }
    return Event(**(envelope | changes))  # type: ignore[arg-type]


def arrived(message: Outgoing) -> Incoming:
    return Incoming(3, 41, 1_700_000_000_123, message.key, message.value, message.headers)


@given(st.uuids(), names, names, names, names, names, st.integers(earliest, latest))
def test_every_envelope_arrives_as_it_was_sent(
    identity: uuid.UUID, source: str, subject: str, namespace: str, actor: str, key: str, time: int
) -> None:
    sent = event(
        id=identity, source=source, subject=subject, namespace=namespace, actor=actor, key=key, time=time
    )
    record = to_record(arrived(to_message(sent, encode(FACT))))
    assert Codec().decode(record) == sent
    assert (record.partition, record.offset, record.recorded) == (3, 41, 1_700_000_000_123_000)


@pytest.mark.parametrize("written", ["{0}", "{0.hex}", "urn:uuid:{0}", "{{{0}}}"])
def test_an_id_is_read_however_another_program_writes_it(written: str) -> None:
    known = uuid.UUID("0191d3a0-1f2e-7b64-8c3d-5e6f708192a3")
    sent = to_message(event(id=known), b"body")
    headers = [(k, written.format(known).encode() if k == "ce_id" else v) for k, v in sent.headers]
    assert to_record(arrived(replace(sent, headers=headers))).id == known


def test_the_headers_are_those_of_cloudevents_in_binary_mode() -> None:
    message = to_message(event(time=1_600_000_000_000_001, namespace="ligo"), b"body")
    assert (message.key, message.value) == (b"run-1", b"body")
    assert dict(message.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"00000000-0000-0000-0000-000000000007",
        "ce_type": b"JobSubmitted",
        "ce_source": b"tests",
        "ce_subject": b"run-1/job-1/1",
        "ce_time": b"2020-09-13T12:26:40.000001+00:00",
        "ce_actor": b"ada",
        "ce_namespace": b"ligo",
    }


def test_the_namespace_that_everybody_has_is_not_sent() -> None:
    assert "ce_namespace" not in dict(to_message(event(), b"").headers)


def test_an_envelope_that_would_not_fit_is_refused() -> None:
    with pytest.raises(LogError, match="JobSubmitted of run 'run-1' is too big: its key, subject and source"):
        to_message(event(subject="x" * MAX_ENVELOPE_SIZE), b"")


@pytest.mark.parametrize("time", [earliest - 1, latest + 1, 1 << 62])
def test_a_time_that_no_calendar_holds_is_refused(time: int) -> None:
    with pytest.raises(SchemaError, match="lies outside the years 1 to 9999"):
        to_message(event(time=time), b"")


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("ce_id", b"no uuid"), ("ce_time", b"2020-09-13T12:26:40Z")],
        [("ce_id", b"00000000-0000-0000-0000-000000000007"), ("ce_time", b"yesterday")],
        [("ce_id", b"00000000-0000-0000-0000-000000000007"), ("ce_time", b"2020-09-13T12:26:40")],
    ],
)
def test_a_message_of_another_program_becomes_a_record_that_cannot_be_decoded(
    headers: list[tuple[str, bytes]],
) -> None:
    message = Incoming(3, 41, 1_700_000_000_123, b"k", b"{}", headers)
    record = to_record(message)
    assert record == to_record(message)
    assert (record.type, record.time, record.key) == ("", 1_700_000_000_123_000, "k")
    with pytest.raises(SchemaError, match="is no event type"):
        Codec().decode(record)
