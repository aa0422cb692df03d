"""Archives: what goes in comes out, any Avro reader reads it, and damage is found."""

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.event_mix import run_events
from eventlog.archive.container import ContainerWriter, read_records, writer_schemas
from eventlog.archive.export import Bounds, export_log
from eventlog.archive.importing import import_archive
from eventlog.archive.manifest import Manifest, changing, read_manifest
from eventlog.archive.reading import all_records
from eventlog.archive.redacting import redact_archive
from eventlog.archive.release import release
from eventlog.archive.segments import Schemas
from eventlog.archive.verify import verify_archive
from eventlog.avro import schema_fingerprint
from eventlog.errors import HoofprintError, InputError, LogError, NotFoundError, UnavailableError
from eventlog.event import Event
from eventlog.log import Batch, Position, Record, read_all
from eventlog.memory import MemoryLog
from eventlog.redaction import Redacted, encode_tombstone
from eventlog.single_object import MARKER, single_object_header
from eventlog.sqlite import SqliteLog

SMALL = Bounds(events=100)
TOMBSTONE = encode_tombstone(Redacted(reason="test", actor="tester", time=1))
OLD_SCHEMA = (
    '{"type":"record","name":"JobSubmitted","namespace":"hoofprint","fields":['
    '{"name":"run","type":"string"},{"name":"job","type":"string"},'
    '{"name":"gone","type":["null",{"type":"record","name":"Gone","fields":['
    '{"name":"inner","type":["null","Gone"]}]}]}]}'
)


@pytest.fixture
def log() -> MemoryLog:
    """Two runs, as real runs are."""
    log = MemoryLog()
    for number in range(2):
        log.append(list(run_events(number, jobs=60)))
    return log


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def test_every_record_comes_back_as_it_was(log: MemoryLog, folder: Path) -> None:
    manifest = export_log(log, folder, bounds=SMALL)
    assert list(all_records(folder, manifest)) == list(read_all(log))
    assert manifest.end == log.head()
    assert len(manifest.segments) > 5
    assert read_manifest(folder) == manifest


def test_the_archive_of_one_run_is_read_with_nothing_but_an_avro_reader(log: MemoryLog, folder: Path) -> None:
    run = next(read_all(log)).key
    export_log(log, folder, key=run)
    program = f"""
import sys
for room in ("eventlog", "planner", "worker", "monitor", "projections", "api", "hoofprint"):
    sys.modules[room] = None
import glob, fastavro
for path in sorted(glob.glob({str(folder)!r} + "/*.avro")):
    with open(path, "rb") as file:
        for event in fastavro.reader(file):
            print(event["offset"], event["type"], event["fact"]["run"], event["fact"].get("attempt", 0))
"""
    read = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    told = [line.split() for line in read.stdout.splitlines()]
    kept = list(read_all(log, key=run))
    assert [(int(offset), kind) for offset, kind, _, _ in told] == [(r.offset, r.type) for r in kept]
    assert {named for _, _, named, _ in told} == {run}
    assert any(attempt == "1" for *_, attempt in told)


def test_bodies_of_older_schemas_and_undecodable_ones_come_back_byte_by_byte(folder: Path) -> None:
    bodies = [
        single_object_header(schema_fingerprint(OLD_SCHEMA)) + b"\x06run\x06job\x02\x00",
        single_object_header(12345) + b"whatever",
        MARKER + b"short",
        b"",
        b"\xff" * 300,
        TOMBSTONE,
    ]
    log = MemoryLog()
    log.append(list(run_events(0, jobs=3)))
    plain = len(list(read_all(log)))
    strange = [_record(plain + number, body) for number, body in enumerate(bodies)]
    source = _WithMore(log, strange, {schema_fingerprint(OLD_SCHEMA): OLD_SCHEMA})
    manifest = export_log(source, folder)
    assert list(all_records(folder, manifest)) == [*read_all(log), *strange]
    with (folder / manifest.segments[-1].file).open("rb") as file:
        facts = [event["fact"] for event in fastavro.reader(file)][-6:]
    assert facts[0] == {"run": "run", "job": "job", "gone": {"inner": None}}
    assert facts[1:5] == bodies[1:5]
    assert facts[5]["reason"] == "test"
    kept = writer_schemas(folder / manifest.segments[-1].file)[schema_fingerprint(OLD_SCHEMA)]
    assert schema_fingerprint(kept) == schema_fingerprint(OLD_SCHEMA)


class _WithMore(MemoryLog):
    """A log with records that no version of this program wrote."""

    def __init__(self, log: MemoryLog, records: Sequence[Record], schemas: dict[int, str]) -> None:
        super().__init__()
        self.append_records(list(read_all(log)), origin=log.identity, schemas={})
        self.append_records(records, origin=log.identity, schemas=schemas)


def _record(offset: int, body: bytes) -> Record:
    identity = uuid.uuid5(uuid.NAMESPACE_URL, str(offset))
    return Record(
        0, offset, 9_000_000_000_000_000 + offset, identity, "JobSubmitted", "s", "r", 0, "n", "a", "k", body
    )


@given(
    st.lists(
        st.tuples(st.text(max_size=8), st.integers(-(2**63), 2**63 - 1), st.binary(max_size=40)), max_size=20
    )
)
def test_a_container_file_gives_back_any_record(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[str, int, bytes]]
) -> None:
    path = tmp_path_factory.mktemp("container") / "file.avro"
    schemas = Schemas(MemoryLog())
    writer = ContainerWriter(path, schemas.container, uuid.UUID(int=7))
    records = [
        replace(_record(offset, body), subject=text, time=time, actor=text)
        for offset, (text, time, body) in enumerate(told)
    ]
    for record in records:
        readable, _ = schemas.admit(record)
        writer.add(record, readable=readable)
    writer.close()
    assert list(read_records(path)) == records
    with path.open("rb") as file:
        assert [event["fact"] for event in fastavro.reader(file)] == [record.body for record in records]


def test_an_export_goes_on_where_the_archive_ends(
    folder: Path, submitted: Callable[..., list[Event]]
) -> None:
    log = MemoryLog()
    log.append(submitted(range(250)))
    export_log(log, folder, until=Position({0: 120}), bounds=SMALL)
    assert read_manifest(folder).end == Position({0: 120})
    first = {path.name: path.read_bytes() for path in folder.glob("*.avro")}
    log.append(submitted(range(250, 300)))
    manifest = export_log(log, folder, bounds=SMALL)
    assert [(s.first, s.end, s.events) for s in manifest.segments] == [
        (0, 100, 100), (100, 120, 20), (120, 220, 100), (220, 300, 80)
    ]  # fmt: skip
    assert {name: (folder / name).read_bytes() for name in first} == first
    assert export_log(log, folder) == manifest
    assert list(all_records(folder, manifest)) == list(read_all(log))


def test_two_exports_of_one_log_are_the_same_bytes(log: MemoryLog, tmp_path: Path) -> None:
    one, other = (export_log(log, tmp_path / name, bounds=SMALL) for name in ("one", "other"))
    assert one == other


def test_partitions_and_gaps_are_kept(folder: Path, submitted: Callable[..., list[Event]]) -> None:
    log = _Partitioned(submitted(range(90)))
    manifest = export_log(log, folder, bounds=Bounds(events=20))
    assert manifest.end == log.head() == Position({0: 92, 1: 92, 2: 92})
    assert verify_archive(folder, log).problems == ()
    assert verify_archive(folder, log).compared == 90
    archived = list(all_records(folder, manifest))
    for partition in range(3):
        kept = [record for record in archived if record.partition == partition]
        assert kept == log.records[partition]
    target = MemoryLog()
    assert import_archive(folder, target) == 90
    assert [r.recorded for r in read_all(target)] == sorted(r.recorded for r in archived)


class _Partitioned(MemoryLog):
    """Three partitions, every third offset taken, and control records behind the last event."""

    def __init__(self, events: list[Event]) -> None:
        super().__init__()
        plain = MemoryLog()
        plain.append(events)
        flat = list(read_all(plain))
        self.records = [
            [replace(record, partition=p, offset=3 * number) for number, record in enumerate(flat[p::3])]
            for p in range(3)
        ]

    def head(self) -> Position:
        return Position(dict.fromkeys(range(3), 92))

    def earliest(self) -> Position:
        return Position(dict.fromkeys(range(3), 0))

    def read(self, after: Position, limit: int, *, key: str | None = None) -> Batch:
        for p in range(3):
            rest = [record for record in self.records[p] if record.offset >= after.offset(p)][:limit]
            if rest:
                end = rest[-1].offset + 1
                return Batch(rest, Position({**after.offsets, p: end}))
        return Batch([], self.head().joined(after))


def test_an_archive_takes_no_other_log_and_no_other_choice(log: MemoryLog, folder: Path) -> None:
    export_log(log, folder)
    other = MemoryLog()
    with pytest.raises(InputError, match=f"archive of log {log.identity}, this is log {other.identity}"):
        export_log(other, folder)
    with pytest.raises(InputError, match="archive of a whole log: name another folder"):
        export_log(log, folder, key="run-1")


def test_one_process_at_a_time_changes_an_archive(log: MemoryLog, folder: Path) -> None:
    with changing(folder), pytest.raises(UnavailableError, match="another process is changing"):
        export_log(log, folder)


def test_an_export_after_events_were_lost_says_so(
    folder: Path, submitted: Callable[..., list[Event]]
) -> None:
    log = MemoryLog()
    log.append(submitted(range(100)))
    export_log(log, folder, until=Position({0: 10}))
    log.truncate_before(Position({0: 50}))
    with pytest.raises(LogError, match="ends at 0:10, the log begins at 0:50"):
        export_log(log, folder)


def test_a_whole_archive_holds(log: MemoryLog, folder: Path) -> None:
    export_log(log, folder, bounds=SMALL)
    verified = verify_archive(folder, log)
    assert (verified.holds, verified.events) == (True, len(list(read_all(log))))
    assert verified.compared == verified.events
    assert verify_archive(folder, MemoryLog()).compared == 0


@pytest.mark.parametrize("at", [10, 1000, 50_000, -30, -1])
def test_a_flipped_bit_is_found_and_nothing_of_the_archive_is_imported(
    log: MemoryLog, folder: Path, at: int
) -> None:
    manifest = export_log(log, folder)
    path = folder / manifest.segments[0].file
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    (problem,) = verify_archive(folder).problems
    assert "SHA-256" in problem
    target = MemoryLog()
    with pytest.raises(LogError, match=r"damaged: its SHA-256"):
        import_archive(folder, target)
    assert target.head() == Position({0: 0})


def test_a_missing_segment_and_a_gap_are_found(log: MemoryLog, folder: Path) -> None:
    manifest = export_log(log, folder, bounds=SMALL)
    (folder / manifest.segments[1].file).unlink()
    (problem,) = verify_archive(folder).problems
    assert "is missing from the archive" in problem
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text.replace('"end": 200,', '"end": 190,'))
    assert any(
        "begins at 200, the segment before it ends at 190" in p for p in verify_archive(folder).problems
    )


def test_a_log_that_says_something_else_is_found(log: MemoryLog, folder: Path) -> None:
    export_log(log, folder)
    log.redact(list(read_all(log))[7:8], TOMBSTONE)
    (problem,) = verify_archive(folder, log).problems
    assert "differs from the log at event 0:7" in problem


@pytest.mark.parametrize("size", [0, 3, 100, 20_000])
def test_reading_a_file_that_was_cut_is_an_error_of_ours(log: MemoryLog, folder: Path, size: int) -> None:
    manifest = export_log(log, folder)
    path = folder / manifest.segments[0].file
    path.write_bytes(path.read_bytes()[:-1][: size or 1])
    with pytest.raises(HoofprintError, match="damaged"):
        list(read_records(path))


def test_a_folder_without_an_archive_and_a_damaged_manifest_are_told(folder: Path, log: MemoryLog) -> None:
    with pytest.raises(NotFoundError, match="holds no archive"):
        verify_archive(folder)
    export_log(log, folder)
    (folder / "manifest.json").write_text('{"format": 1')
    with pytest.raises(LogError, match=r"manifest\.json is damaged"):
        export_log(log, folder)
    (folder / "manifest.json").write_text(f'{{"format": 2, "log": "{log.identity}"}}')
    with pytest.raises(InputError, match="has format 2: this version reads formats up to 1"):
        read_manifest(folder)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog.open(tmp_path / "target.db")
    yield log
    log.close()


def test_an_import_keeps_ids_order_recorded_and_bodies_and_adds_nothing_twice(
    log: MemoryLog, folder: Path, target: SqliteLog, events_in: Callable[..., list[Event]]
) -> None:
    export_log(log, folder, bounds=SMALL)
    total = len(list(read_all(log)))
    assert import_archive(folder, target) == total
    assert list(read_all(target)) == list(read_all(log))
    assert events_in(target) == events_in(log)
    assert import_archive(folder, target) == 0
    log.append(list(run_events(5, jobs=2)))
    manifest = export_log(log, folder)
    assert import_archive(folder, target) == sum(s.events for s in manifest.segments) - total
    # positions may have gaps now, where events were there already
    assert [replace(r, offset=0) for r in read_all(target)] == [replace(r, offset=0) for r in read_all(log)]


def test_an_archive_is_imported_neither_into_its_own_log_nor_into_a_used_one(
    log: MemoryLog, folder: Path, target: SqliteLog
) -> None:
    export_log(log, folder)
    with pytest.raises(InputError, match="archive of this very log"):
        import_archive(folder, log)
    target.append(list(run_events(9, jobs=1)))
    with pytest.raises(InputError, match="holds events of its own"):
        import_archive(folder, target)


def test_a_log_lets_go_only_of_what_its_archive_has(log: MemoryLog, folder: Path) -> None:
    export_log(log, folder, until=Position({0: 300}), bounds=SMALL)
    with pytest.raises(InputError, match="not all before 0:301"):
        release(folder, log, Position({0: 301}))
    assert release(folder, log, Position({0: 250})) == Position({0: 250})
    assert log.earliest() == Position({0: 250})
    path = folder / read_manifest(folder).segments[2].file
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(LogError, match="nothing was released, the archive does not hold"):
        release(folder, log, Position({0: 300}))
    assert log.earliest() == Position({0: 250})


def test_the_archive_of_one_run_or_of_another_log_releases_nothing(log: MemoryLog, folder: Path) -> None:
    export_log(log, folder, key=next(read_all(log)).key)
    with pytest.raises(InputError, match="release needs a whole log's"):
        release(folder, log, Position({0: 1}))
    with pytest.raises(InputError, match="this is log"):
        release(folder, MemoryLog(), Position({0: 1}))


def test_a_redacted_archive_holds_tombstones_and_no_file_of_before(
    folder: Path, submitted: Callable[..., list[Event]]
) -> None:
    log = MemoryLog()
    log.append([*submitted(range(150)), *submitted([150], site="hunter2"), *submitted(range(151, 300))])
    before = export_log(log, folder, bounds=SMALL)
    secret = log.read(Position({0: 150}), 1).records[0]
    assert any(b"hunter2" in _inflated(path) for path in folder.glob("*.avro"))
    assert redact_archive(folder, {(secret.key, secret.id)}, TOMBSTONE) == 1
    after = read_manifest(folder)
    assert after.generation == before.generation + 1
    assert [s.file for s in after.segments][::2] == [s.file for s in before.segments][::2]
    assert not any(b"hunter2" in _inflated(path) for path in folder.glob("*"))
    assert {path.name for path in folder.glob("*.avro")} == {s.file for s in after.segments}
    assert log.redact([secret], TOMBSTONE) == 1
    assert verify_archive(folder, log).problems == ()
    assert redact_archive(folder, {(secret.key, secret.id)}, TOMBSTONE) == 0
    log.append(submitted([300]))
    assert verify_archive(folder, log).holds
    assert export_log(log, folder).end == log.head()


def _inflated(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix != ".avro":
        return content
    blocks = fastavro.block_reader(BytesIO(content))
    return content + b"".join(repr(list(block)).encode() for block in blocks)


def test_a_manifest_of_no_segment_is_an_empty_archive(folder: Path) -> None:
    log = MemoryLog()
    assert export_log(log, folder) == Manifest(log=log.identity)
    assert verify_archive(folder, log).holds
    assert import_archive(folder, MemoryLog()) == 0
