"""A kickstart record, whichever way it was written: the values that a monitor uses, by their YAML path."""

from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_OUTPUT = 65_535
"""So many characters of what a task wrote are kept, as Pegasus keeps them."""

RECORD, MARKER, XML, XML_END = (
    "- invocation:",
    "---------------pegasus-multipart",
    "<invocation",
    "</invocation>",
)
BEGINNINGS = (RECORD, MARKER, "[cluster-", "[seqexec-", "<?xml", XML)
"""With these a line begins that ends a record before it."""


@dataclass(slots=True)
class KickstartRecord:
    """``values`` by path (``mainjob.usage.utime``), text as written; ``files`` by LFN, each with its values.

    ``stdout`` and ``stderr`` are the task's, cut to ``MOST_OUTPUT``; None where the record has none.
    ``cut_in`` is the file in whose values a record ended that was cut off; whole ones end with the task's
    streams. ``is_xml``: it is of a kickstart older than 5.0.
    """

    values: dict[str, str] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    stdout: str | None = None
    stderr: str | None = None
    cut_in: str | None = None
    is_xml: bool = False

    def outputs(self) -> Mapping[str, Mapping[str, str]]:
        """The files that the record names as made, by LFN."""
        return {
            lfn: values for lfn, values in self.files.items() if values.get("output", "").lower() == "true"
        }


class Unusual(Exception):
    """A record that is not in the block style that kickstart writes: it needs a whole YAML reader."""
