"""The replicas that a run registered, and what it knows of the files."""

from collections.abc import Iterator
from pathlib import Path

from monitor.pegasus.records import Record
from monitor.pegasus.submit_directory.dag import Dag
from monitor.pegasus.submit_directory.instances import JobInstance
from monitor.pegasus.submit_directory.output_records import Outcome
from monitor.pegasus.submit_directory.scribe import Scribe

_REGISTERS = "register_"
_Described = tuple[str | None, str | None]
_NOT_ASKED_FOR: _Described = (None, None)
Replica = tuple[str, str, str | None]


class Registrations:
    """One workflow's registrations; ``told`` holds each replica (LFN, PFN, site) that was spoken of.

    ``untold_at`` is when the last attempt succeeded of whose files nobody knows; None where there is none.
    """

    def __init__(self, dag: Dag) -> None:
        self.told: set[Replica] = set()
        self.untold_at: int | None = None
        self._are_made = any(name.startswith(_REGISTERS) for name in dag.names())
        self._made: dict[str, _Described] = {}

    def is_told(self, lfn: str) -> bool:
        """Whether a job told of a file that it made it."""
        return lfn in self._made

    def note_files(self, outcome: Outcome, time: int) -> None:
        """Remember size and digest of the files that an attempt made, which ended at ``time``."""
        if outcome.lacks_files:
            self.untold_at = time
        for record in outcome.records:
            for lfn, values in outcome.made(record).items():
                self._note_file(lfn, values.get("size"), values.get("sha256"))
        for lfn, said in outcome.described.items():
            is_sha256 = said.get("checksum.type") == "sha256"
            self._note_file(lfn, said.get("size"), said.get("checksum.value") if is_sha256 else None)

    def _note_file(self, lfn: str, size: str | None, sha256: str | None) -> None:
        # Where nothing is registered nobody asks, and of a large workflow it is much.
        self._made[lfn] = (size, sha256) if self._are_made else _NOT_ASKED_FOR

    def records(self, scribe: Scribe, instance: JobInstance, path: Path, time: int) -> Iterator[Record]:
        """What a registration job was told to register (in ``path``), once it succeeded."""
        if not instance.job.startswith(_REGISTERS) or instance.main_exit:
            return
        for lfn, pfn, site in _asked_for(path):
            self.told.add((lfn, pfn, site))
            size, sha256 = self._made.get(lfn, _NOT_ASKED_FOR)
            fields = {"lfn.id": lfn, "pfn": pfn, "site": site, "size": size, "sha256": sha256}
            yield scribe.say("rc.pfn", time, fields)


def _asked_for(path: Path) -> Iterator[Replica]:
    try:
        lines = path.read_bytes().decode("utf-8", "replace").split("\n")
    except OSError:
        return
    for line in lines:
        words = line.split()
        if len(words) >= 2:
            sites = (word[len("site=") :].strip('"') for word in words[2:] if word.startswith("site="))
            yield words[0], words[1], next(sites, None)
