"""Sizes of files as the formats write them."""

import re

_digits = re.compile(r"[0-9]{1,19}").fullmatch


def parse_size(text: str) -> int | None:
    """Return a number of bytes, None for a text that is none."""
    return int(text) if _digits(text) else None
