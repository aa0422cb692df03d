"""What one attempt did to files: sums of checksums, digests, transfers, and what was said about files."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from eventlog.capping import public_text
from eventlog.facts import (
    ChecksumComputed,
    ChecksumVerified,
    Fact,
    MetadataRegistered,
    Tag,
    Tagged,
    TransferFinished,
)
from eventlog.tags import NUMBER, infer_tag
from monitor.attempt import Stated
from monitor.fact_translation import capped_text
from monitor.pegasus.records import Record
from monitor.pegasus.translation.saying import Said
from monitor.pegasus.translation.values import MOST, UnfitValueError, flag, microseconds, told, whole
from planner.chunks import chunked, tagged_parcel

_SHA256 = "sha256"
_INTEGRITY_ERRORS = "int.error"
_ROLES = {"input": 0, "output": 1}
_FILE_ORDINALS = 16  # below it stand the sums
_ORDINAL_BYTES = 6


def file_ordinal(*names: str) -> int:
    """The ordinal of a fact about one file: a function of its name alone.

    Sources tell of files in different orders, and not all of the same ones; yet they are to make one id.
    """
    text = "\0".join(names).encode("utf-8", "backslashreplace")
    digest = hashlib.blake2b(text, digest_size=_ORDINAL_BYTES).digest()
    return _FILE_ORDINALS + int.from_bytes(digest, "big")


@dataclass(slots=True)
class AttemptFiles:
    """Gathers what one attempt did to files; empty ``job`` is what nobody knows the attempt of."""

    run: str
    job: str
    attempt: int
    _sums: list[tuple[ChecksumVerified | ChecksumComputed, int]] = field(default_factory=list)
    _failed: int = 0
    _tags: dict[tuple[str, str], dict[str, Tag]] = field(default_factory=dict)
    _said_at: int = 0
    _parts_said: int = 0
    _digests: dict[str, tuple[ChecksumComputed, int]] = field(default_factory=dict)
    _transfers: int = 0

    def summed(self, record: Record) -> Said:
        """``int.metric``: how many checksums were computed or held against known ones."""
        fields = record.fields
        role = told(fields.get("file_type")) or "output"
        if role not in _ROLES:
            raise UnfitValueError(f"file_type is {role!r}, not input or output")
        kind, duration = told(fields.get("type")), microseconds(fields.get("duration"))
        count = whole(fields.get("count")) or 0
        fact: ChecksumVerified | ChecksumComputed
        if kind == "check":
            fact = ChecksumVerified(
                run=self.run,
                job=self.job,
                attempt=self.attempt,
                ok=True,
                role=role,
                duration=duration,
                count=count,
                ordinal=_ROLES[role],
            )
        elif kind == "compute":
            fact = ChecksumComputed(
                run=self.run,
                job=self.job,
                attempt=self.attempt,
                role=role,
                duration=duration,
                count=count,
                ordinal=_ROLES[role],
            )
        else:
            raise UnfitValueError(f"type is {kind!r}, not check or compute")
        self._sums.append((fact, record.time))
        return ()

    def tagged(self, record: Record) -> Said:
        """``job_inst.tag``: how many checksums were wrong, or another count about the job."""
        name, count = record.fields["name"], whole(record.fields.get("count")) or 0
        if name == _INTEGRITY_ERRORS:
            self._failed = count
        else:
            tag = Tag(key=name, type=NUMBER, text=str(count), number=float(count))
            self._say("job", self.job, tag, record.time)
        return ()

    def described(self, record: Record) -> Said:
        """``rc.meta``: something the running job, or who read its record, said about a file."""
        lfn, key, value = record.fields["lfn.id"], record.fields["key"], record.fields["value"]
        self._say("file", lfn, _tag(key, value), record.time)
        return ()

    def transferred(self, record: Record) -> Said:
        """``file.transfer``."""
        fields = record.fields
        fact = TransferFinished(
            run=self.run,
            job=self.job,
            attempt=self.attempt,
            lfn=fields["lfn.id"],
            source=public_text(told(fields.get("source"))),
            destination=public_text(told(fields.get("destination"))),
            source_site=told(fields.get("source_site")),
            destination_site=told(fields.get("destination_site")),
            protocol=told(fields.get("protocol")),
            size=whole(fields.get("size")),
            duration=microseconds(fields.get("dur")),
            tries=whole(fields.get("tries")) or 1,
            ok=flag(fields.get("ok", "1")),
            message=capped_text(told(fields.get("message"))),
            ordinal=self._transfers,
        )
        self._transfers += 1
        return (Stated(fact, record.time),)

    def checksummed(self, record: Record) -> Said:
        """``file.checksum``: one file of those that the sums count."""
        fields = record.fields
        lfn, role = fields["lfn.id"], told(fields.get("file_type")) or "output"
        if fields.get("type") == "check":
            return (Stated(self._verified(fields, lfn, role), record.time),)
        self._digests[lfn] = (
            self._computed(
                lfn,
                told(fields.get("sha256")),
                role=role,
                pfn=told(fields.get("pfn")),
                size=whole(fields.get("size")),
                duration=microseconds(fields.get("dur")),
            ),
            record.time,
        )
        return ()

    def settle(self) -> Iterator[Stated]:
        """State what was gathered; again, what came since."""
        yield from self._settled_sums()
        for (target, lfn), tags in self._tags.items():
            if target == "file":
                self._learn_digest(lfn, tags)
        for fact, time in self._digests.values():
            yield Stated(fact, time)
        yield from self._settled_tags()
        self._digests.clear()

    def _settled_sums(self) -> Iterator[Stated]:
        for fact, time in self._sums:
            if isinstance(fact, ChecksumVerified) and self._failed:
                fact = replace(fact, ok=False, failed=self._failed)
                self._failed = 0
            yield Stated(fact, time)
        self._sums.clear()

    def _settled_tags(self) -> Iterator[Stated]:
        items = (
            Tagged(target=target, name=name, tags=tuple(tags.values()))
            for (target, name), tags in sorted(self._tags.items())
        )
        for chunk in chunked(map(tagged_parcel, items)):
            fact: Fact = MetadataRegistered(
                run=self.run,
                items=tuple(chunk.items),
                origin="job" if self.job else "import",
                job=self.job,
                attempt=self.attempt,
                ordinal=self._parts_said if self.job else _FILE_ORDINALS**4 + self._parts_said,
            )
            self._parts_said += 1
            yield Stated(fact, self._said_at)
        self._tags.clear()

    def _say(self, target: str, name: str, tag: Tag, time: int) -> None:
        self._tags.setdefault((target, name), {})[tag.key] = tag
        self._said_at = max(self._said_at, time)

    def _learn_digest(self, lfn: str, tags: Mapping[str, Tag]) -> None:
        """What was said about a file tells its digest and size, too."""
        kind, value, size = tags.get("checksum.type"), tags.get("checksum.value"), tags.get("size")
        if value is None or (kind is not None and kind.text != _SHA256):
            return
        seen = self._digests.get(lfn)
        offered = self._computed(
            lfn,
            value.text,
            size=_whole_of(size),
            duration=_duration_of(tags.get("checksum.timing")),
        )
        if seen is None:
            self._digests[lfn] = (offered, self._said_at)
        elif seen[0].size is None and seen[0].sha256 == offered.sha256:
            self._digests[lfn] = (replace(seen[0], size=offered.size), seen[1])

    def _computed(
        self,
        lfn: str,
        sha256: str,
        *,
        role: str = "output",
        pfn: str = "",
        size: int | None = None,
        duration: int | None = None,
    ) -> ChecksumComputed:
        return ChecksumComputed(
            run=self.run,
            job=self.job,
            attempt=self.attempt,
            lfn=lfn,
            role=role,
            pfn=pfn,
            sha256=sha256 or None,
            size=size,
            duration=duration,
            count=0,
            ordinal=file_ordinal(lfn),
        )

    def _verified(self, fields: Mapping[str, str], lfn: str, role: str) -> ChecksumVerified:
        found = told(fields.get("sha256")) or None
        return ChecksumVerified(
            run=self.run,
            job=self.job,
            attempt=self.attempt,
            ok=flag(fields.get("ok", "1")),
            lfn=lfn,
            role=role,
            pfn=told(fields.get("pfn")),
            expected=told(fields.get("expected")) or found,
            found=found,
            size=whole(fields.get("size")),
            duration=microseconds(fields.get("dur")),
            count=0,
            ordinal=file_ordinal(role, lfn),
        )


@lru_cache(maxsize=4096)
def _tag(key: str, value: str) -> Tag:
    return infer_tag(key, public_text(value))


def _duration_of(tag: Tag | None) -> int | None:
    """Microseconds; None for a number of seconds that nobody could wait for."""
    try:
        return microseconds(tag.text) if tag is not None and tag.number is not None else None
    except UnfitValueError:
        return None


def _whole_of(tag: Tag | None) -> int | None:
    if tag is None or tag.number is None or abs(tag.number) >= MOST or tag.number != int(tag.number):
        return None
    return int(tag.number)
