"""Decodes a batch once for every group, and tells damaged events from those of an unknown schema."""

from collections.abc import Sequence

from eventlog.codec import HEADER_SIZE, MARKER, Codec
from eventlog.errors import SchemaError
from eventlog.facts import FACT_TYPES
from eventlog.log import Batch, EventLog, Record
from projections.bookkeeping import DeadLetter
from projections.folding import Decoded, describe


class Decoder:
    """Decodes the records of one log."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._codec = Codec(log)

    def decode(self, batch: Batch) -> tuple[Decoded, Sequence[DeadLetter]]:
        """The batch's events, and the dead letters that its damaged records are.

        Raises SchemaError for a type or schema that is unknown: what it says may not be passed over.
        """
        decoded, damaged = [], []
        for record in batch.records:
            try:
                decoded.append((record, self._codec.decode(record)))
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
        header = record.body[:HEADER_SIZE]
        if len(header) < HEADER_SIZE or not header.startswith(MARKER):
            return True
        fingerprint = int.from_bytes(header[len(MARKER) :], "little")
        return self._log.writer_schema(fingerprint) is not None
