"""Short integer keys for long names: the same in every store, on every machine, after every rebuild."""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

import msgspec

from eventlog.event import Event

_ID_BITS = 48


@lru_cache(maxsize=1 << 17)
def text_key(text: str) -> int:
    """63 bits of a name's BLAKE2b digest: a run's id, an LFN, a PFN.

    It stands for the name in keys and indexes (eight bytes in place of dozens); being a pure function of it,
    it may go into cursors and digests. Two of ten million names share a key with a probability of 5e-6.
    """
    digest = blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


@lru_cache(maxsize=65536)
def run_key(run: str, namespace: str) -> int:
    """The key of a run within its namespace; what belongs to no run (``run`` empty) has one of its own there.

    The namespace is part of it because it is the border of tokens: an event of one namespace that names a run
    of another changes nothing there.
    """
    return text_key(f"{len(namespace)}:{namespace}{run}")


def tie(event: Event) -> int:
    """What decides between two facts of the same time: the higher revision, then the event's id."""
    return (event.fact.revision << _ID_BITS) | (event.id.int >> (128 - _ID_BITS))


def json_list(words: Sequence[str]) -> str:
    """A command line as a JSON list, the same text wherever it is written."""
    return _JSON.encode(words).decode()


_JSON = msgspec.json.Encoder()
