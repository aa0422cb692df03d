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
    """Decodes the records of one log; ``redacted`` counts the tombstones that it passed over."""

    def __init__(self, log: EventLog) -> None:
        self.redacted = 0
        self._log = log
        self._codec = Codec(log)

    def decode(self, batch: Batch) -> tuple[Decoded, Sequence[DeadLetter]]:
        """The batch's events, and the dead letters that its damaged records are.

        Raises SchemaError for a type or schema that is unknown: what it says may not be passed over.
        """
        return self.decode_records(batch.records)

    def decode_records(self, records: Sequence[Record]) -> tuple[Decoded, Sequence[DeadLetter]]:
        """As ``decode``, for some records."""
        decoded, damaged = [], []
        for record in records:
            try:
                decoded.append((record, self._codec.decode(record)))
            except RedactedError:
                self.redacted += 1
            except SchemaError as error:
                if not self._is_known(record):
                    raise SchemaError(
                        f"event {record.partition}:{record.offset} ({record.type}): {error}. "
                        "Nothing after it is folded; a newer version of Hoofprint may know it"
                    ) from error
                damaged.append(DeadLetter(record, describe(error)))
        return Decoded.of(decoded), damaged

    def _is_known(self, record: Record) -> bool:
        if record.type not in FACT_TYPES:
            return False
        fingerprint = fingerprint_of(record.body)
        return fingerprint is None or self._log.writer_schema(fingerprint) is not None
