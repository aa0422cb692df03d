"""Closed vocabularies of the tables as GraphQL enums, open for the words of other releases."""

from enum import Enum
from typing import Any

import strawberry

from eventlog.errors import InputError

# Strawberry types what it makes of a member's definition as the definition
UNKNOWN_WORD: Any = strawberry.enum_value(
    "unknown", description="A word that this server does not know: a log may be older or newer than it."
)
"""The member UNKNOWN, which every vocabulary has."""


class Vocabulary(Enum):
    """Words that the tables use for one thing; a word that none of them is reads as UNKNOWN."""

    @classmethod
    def _missing_(cls, value: object) -> "Vocabulary":
        return cls["UNKNOWN"]


def asked_word(word: Vocabulary | None) -> str | None:
    """The word to look for in the tables. Raises InputError for UNKNOWN, which is none of them."""
    if word is None:
        return None
    known = [member.name for member in type(word) if member.name != "UNKNOWN"]
    if word.name not in known:
        raise InputError(
            f"{word.name} cannot be asked for: choose one of {', '.join(known)}, or leave it out"
        )
    return str(word.value)
