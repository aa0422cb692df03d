"""Redacts every event of a log that speaks of a secret; prints how many that were.

python redact_secrets.py LOCATION
"""

import sys

from eventlog.kafka import KafkaLog, claims, generation, redacting
from eventlog.log import read_all
from eventlog.redaction import Redacted, encode_tombstone

# who is killed here is dead at once
claims.SHOWS_LIFE_MS = 300
generation.SETTLE_SECONDS = 0.3
redacting.FOLLOW_SECONDS = 0.3


def main() -> None:
    log = KafkaLog.open(sys.argv[1])
    secrets = [record for record in read_all(log) if b"a secret" in record.body]
    print(log.redact(secrets, encode_tombstone(Redacted(reason="test"))), flush=True)
    log.settle_redaction()
    log.close()


if __name__ == "__main__":
    main()
