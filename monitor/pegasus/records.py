"""What every reader of Pegasus' traces yields: one stampede event, whatever file or table told it.

The vocabulary is that of Pegasus' stampede schema (event names without their ``stampede.``, fields by the
schema's names, values as text), so that an event file, a submit directory and a database that speak of one
run yield the same records. Where a source knows more than the schema has words for, it adds fields
(``utime``, ``stime``, ``inblock`` … to ``inv.end``) or kinds of record of its own (``RICHER_KINDS``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from eventlog.construction import constructor

RICHER_KINDS = ("file.use", "file.transfer", "file.checksum", "file.replica")
"""Kinds of record that no event file of Pegasus has.

* ``file.use``: ``task.id lfn.id link`` (input, output, checkpoint, inout) ``stage_out register optional
  size``
* ``file.transfer``: ``job.id job_inst.id lfn.id source destination source_site destination_site protocol
  size dur tries ok message``
* ``file.checksum``: ``job.id job_inst.id lfn.id pfn type`` (check, compute) ``file_type`` (input, output)
  ``sha256 expected size dur ok``
* ``file.replica``: ``job.id job_inst.id lfn.id pfn site size sha256``
"""


@dataclass(frozen=True, slots=True)
class Record:
    """One stampede event: ``event`` without its prefix, ``time`` in microseconds since the epoch (UTC).

    ``run`` and ``root`` are the workflow's and its root's UUID; ``place`` says where it was read (file and
    line, table and row) for messages to people.
    """

    event: str
    time: int
    run: str
    root: str
    fields: Mapping[str, str]
    place: str


make_record = constructor(Record)
"""A record of all its fields, by position, for the readers that make hundreds of thousands."""


class RecordSource(Protocol):
    """One thing that can be imported: an event file, a submit directory, a database."""

    @property
    def name(self) -> str:
        """What a person calls it: its path or address without a password."""
        ...

    def records(self) -> Iterator[Record]:
        """Every record in the order of the trace; of one run the static ones come first.

        Raises ``InputError`` where nothing can be read; what is broken in the midst is reported and left out.
        """
        ...
