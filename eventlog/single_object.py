"""The beginning of Avro's single-object encoding: marker and schema fingerprint.

Source: Avro 1.12 specification, "Single-object encoding".
"""

MARKER = b"\xc3\x01"
HEADER_SIZE = 10


def single_object_header(fingerprint: int) -> bytes:
    """What stands before a record that was written with the schema of this CRC-64-AVRO fingerprint."""
    return MARKER + fingerprint.to_bytes(8, "little")


def fingerprint_of(body: bytes) -> int | None:
    """The fingerprint of the schema that wrote a body, None where it begins otherwise."""
    if len(body) < HEADER_SIZE or not body.startswith(MARKER):
        return None
    return int.from_bytes(body[len(MARKER) : HEADER_SIZE], "little")
