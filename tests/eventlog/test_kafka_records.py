"""Messages as the records of Kafka's record batches, held against the library that reads them."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from kafka.record.memory_records import MemoryRecords

from eventlog.kafka.message import Outgoing
from eventlog.kafka.records import BATCH_BYTES, encode_records
from eventlog.kafka.sender import _filled, by_partition, partition_of

LZ4, PLAIN = 3, 0
headers = st.lists(st.tuples(st.text(max_size=30), st.binary(max_size=200)), max_size=9)
messages = st.builds(Outgoing, st.binary(max_size=300), st.binary(max_size=9000), headers)


def read_back(sent: Sequence[Outgoing], compression: int) -> list[list[Outgoing]]:
    """What the library reads of each batch."""
    batches = []
    for records in encode_records(sent):
        builder = _filled(records, compression)
        builder.close()
        read = [record for batch in MemoryRecords(bytes(builder.buffer())) for record in batch]
        assert [record.offset for record in read] == list(range(records.count))
        batches.append([Outgoing(each.key, each.value, each.headers) for each in read])
    return batches


@given(st.lists(messages, max_size=20), st.sampled_from([LZ4, PLAIN]))
def test_the_library_reads_what_was_encoded(sent: list[Outgoing], compression: int) -> None:
    assert [message for batch in read_back(sent, compression) for message in batch] == sent


def test_batches_are_cut_before_they_become_too_large() -> None:
    sent = [Outgoing(b"run", bytes(60_000), [("ce_id", b"%d" % number)]) for number in range(10)]
    batches = read_back(sent, PLAIN)
    assert [len(batch) for batch in batches] == [4, 4, 2]
    assert [message for batch in batches for message in batch] == sent


def test_a_message_that_is_larger_than_a_batch_has_one_for_itself() -> None:
    sent = [Outgoing(b"run", bytes(size), []) for size in (10, BATCH_BYTES + 1, 10)]
    assert [len(batch) for batch in read_back(sent, PLAIN)] == [1, 1, 1]


def test_each_partition_gets_its_messages_in_their_order() -> None:
    sent = [Outgoing(b"run-%d" % (number % 7), b"%d" % number, []) for number in range(70)]
    parts = by_partition(sent, 4)
    assert sorted(message.value for part in parts.values() for message in part) == sorted(
        message.value for message in sent
    )
    for partition, part in parts.items():
        assert {partition_of(message.key, 4) for message in part} == {partition}
        assert [message for message in sent if message in part] == part
