"""Texts that come from the system: file names and variables need not be UTF-8, plans and events must."""


def is_utf8(text: str) -> bool:
    """Whether a text has a UTF-8 form; what Python took from the system and could not decode has none."""
    return text.isascii() or text.encode(errors="replace").decode() == text
