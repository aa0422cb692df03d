"""Names of executable jobs: safe as file names and as DAGMan node names, and each only once."""

import hashlib
import re

_UNSAFE = re.compile(r"[^A-Za-z0-9_.\-]")
LONGEST = 180


class JobNames:
    """Gives every job a safe name of its own."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def give(self, wish: str) -> str:
        """The wished name, unsafe characters replaced by ``_``; a digest tells apart what would collide."""
        # nearly all names are safe and new: two cheap checks in place of a search
        if (
            len(wish) <= LONGEST
            and wish not in self._given
            and wish.replace("_", "").isalnum()
            and wish.isascii()
        ):
            self._given.add(wish)
            return wish
        name = _UNSAFE.sub("_", wish)
        if len(name) > LONGEST or name in self._given or name.startswith("."):
            name = f"{name[:LONGEST].lstrip('.')}_{hashlib.sha256(wish.encode()).hexdigest()[:10]}"
        number = 1
        unique = name
        while unique in self._given:
            number += 1
            unique = f"{name}_{number}"
        self._given.add(unique)
        return unique
