"""Text as every table can keep it."""


def storable(text: str) -> str:
    """The text with its NULs written out: PostgreSQL takes none."""
    return text.replace("\0", "\\x00") if "\0" in text else text
