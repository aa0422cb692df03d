"""Decodes a batch once for every group, and tells damaged events from those of an unknown schema."""

from collections.abc import Sequence

from eventlog.codec import Codec
from eventlog.errors import RedactedError, SchemaError
from eventlog.facts import FACT_TYPES
from eventlog.log import Batch, EventLog, Record
from eventlog.single_object import fingerprint_of
from projections.bookkeeping import DeadLetter
from projections.folding import Decoded, describe


class Decoder:
    """Decodes the records of one log; tombstones are passed over."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._codec = Codec(log)

    def decode(self, batch: Batch) -> tuple[Decoded, Sequence[DeadLetter]]:
        """The batch's events, and the dead letters that its damaged records are.

        What another program put into the log, without a type or a fingerprint, is damaged too. Raises
        SchemaError for a type or schema that is unknown: what it says may not be passed over.
        """
        return self.decode_records(batch.records)

    def decode_records(self, records: Sequence[Record]) -> tuple[Decoded, Sequence[DeadLetter]]:
        """As ``decode``, for some records."""
        decoded, damaged = [], []
        for record in records:
            try:
                decoded.append((record, self._codec.decode(record)))
            except RedactedError:
                continue
            except SchemaError as error:
                if self._may_be_news(record):
                    raise SchemaError(
                        f"event {record.partition}:{record.offset} ({record.type}): {error}. "
                        "Nothing after it is folded; a newer version of Hoofprint may know it"
                    ) from error
                damaged.append(DeadLetter(record, describe(error)))
        return Decoded.of(decoded), damaged

    def _may_be_news(self, record: Record) -> bool:
        """Whether a later version of ours may have written this."""
        fingerprint = fingerprint_of(record.body)
        if fingerprint is None or not record.type:
            return False
        return record.type not in FACT_TYPES or self._log.writer_schema(fingerprint) is None
