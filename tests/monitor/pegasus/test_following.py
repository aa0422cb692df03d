"""Following submit directories while they are written: in pieces, rotated, restarted, killed."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from eventlog.codec import Codec
from eventlog.event import Event
from eventlog.facts import Fact, InvocationRecorded, JobFinished, PlanStarted, RunFinished
from eventlog.log import read_all
from eventlog.memory import MemoryLog
from monitor.pegasus.importing import Imported, import_source
from monitor.pegasus.records import Record
from monitor.pegasus.reports import Reports
from monitor.pegasus.submit_directory import Following, SubmitDirectory

pytestmark = pytest.mark.realdata
ZONE = "America/Los_Angeles"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def quiet() -> Reports:
    return Reports(lambda _: None)


Told = dict[UUID, tuple[Fact, int]]


def told(events: Iterable[Event]) -> Told:
    """Fact and time of each event by its id; none may come twice."""
    events = list(events)
    found = {event.id: (event.fact, event.time) for event in events}
    assert len(found) == len(events)
    return found


def all_events(log: MemoryLog) -> Iterator[Event]:
    codec = Codec(log)
    return (codec.decode(record) for record in read_all(log))


def imported(folder: Path) -> Told:
    log = MemoryLog()
    reports = quiet()
    import_source(SubmitDirectory(folder, reports, ZONE), log, reports, Imported())
    return told(all_events(log))


def following(
    folder: Path, log: MemoryLog, clock: Clock | None = None, said: list[str] | None = None
) -> Following:
    reports = quiet() if said is None else Reports(said.append)
    return Following([SubmitDirectory(folder, reports, ZONE, clock)], log, reports, "default")


def step(following: Following) -> list[Event]:
    return [event for batch in following.step() for event in batch]


@pytest.fixture
def run(realdata: Path, tmp_path: Path) -> tuple[Path, Path, bytes]:
    """A copy of a run that has not begun yet: its folder, its log's path, and what the log will say."""
    folder = tmp_path / "run"
    shutil.copytree(realdata / "submit-dirs" / "process_wf_failure", folder, copy_function=shutil.copyfile)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    log = folder / "process-0.dag.dagman.out"
    written = log.read_bytes()
    log.unlink()
    (folder / "jobstate.log").unlink()
    return folder, log, written


def pieces(written: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(written), size):
        yield written[start : start + size]


@pytest.mark.parametrize("size", [113, 997, 8192])
def test_a_log_that_grows_in_pieces_that_end_in_half_a_line_tells_what_an_import_tells(
    run: tuple[Path, Path, bytes], size: int
) -> None:
    folder, path, written = run
    log = MemoryLog()
    follower = following(folder, log)
    step(follower)
    with path.open("wb", buffering=0) as file:
        for piece in pieces(written, size):
            assert follower.is_running
            file.write(piece)
            step(follower)
    assert not follower.is_running
    assert not any(each.resolve() == path for each in Path("/proc/self/fd").iterdir())
    follower.close()
    assert told(all_events(log)) == imported(folder)


def test_started_again_at_any_point_it_says_nothing_twice_and_leaves_nothing_out(
    run: tuple[Path, Path, bytes],
) -> None:
    folder, path, written = run
    log = MemoryLog()
    for end in range(0, len(written), 5000):
        path.write_bytes(written[:end])
        follower = following(folder, log)
        step(follower)
        follower.close()
    path.write_bytes(written)
    follower = following(folder, log)
    step(follower)
    for _ in follower.finish():
        pass
    follower.close()
    assert told(all_events(log)) == imported(folder)


def test_a_log_that_is_rotated_under_it_is_read_to_its_end_before_the_new_one(
    run: tuple[Path, Path, bytes],
) -> None:
    folder, path, written = run
    log = MemoryLog()
    follower = following(folder, log)
    half = written.index(b"\n", len(written) // 2) + 1
    path.write_bytes(written[: half - 300])
    step(follower)
    with path.open("ab") as file:
        file.write(written[half - 300 : half])
    path.rename(path.with_name(f"{path.name}.old"))
    path.write_bytes(written[half:])
    step(follower)
    for _ in follower.finish():
        pass
    follower.close()
    assert told(all_events(log)) == imported(folder)


def test_a_restart_after_the_end_is_found_and_counted(run: tuple[Path, Path, bytes]) -> None:
    folder, path, written = run
    follower = following(folder, MemoryLog())
    path.write_bytes(written)
    first = step(follower)
    assert not follower.is_running
    with path.open("ab") as file:
        file.write(written.replace(b"03/03/23 23:", b"03/04/23 03:"))
    second = [*step(follower), *step(follower)]
    follower.close()
    assert [event.fact.ordinal for event in (*first, *second) if isinstance(event.fact, RunFinished)] == [
        0,
        1,
    ]
    attempts = [event.fact for event in second if isinstance(event.fact, JobFinished)]
    assert [(fact.job, fact.attempt) for fact in attempts if fact.job == "ls_ID0000001"] == [
        ("ls_ID0000001", 3),
        ("ls_ID0000001", 4),
    ]


def test_the_output_of_a_job_that_just_ended_is_waited_for_but_not_for_ever(
    run: tuple[Path, Path, bytes],
) -> None:
    folder, path, written = run
    output = folder / "00/00/ls_ID0000001.out.000"
    record = output.read_bytes()
    output.unlink()
    log, clock = MemoryLog(), Clock()
    path.write_bytes(written)
    clock.now = path.stat().st_mtime + 1
    follower = following(folder, log, clock)
    first = step(follower)
    assert {e.fact.job for e in first if isinstance(e.fact, JobFinished)} == {"create_dir_process_0_local"}
    output.write_bytes(record)
    clock.now += 5
    step(follower)
    for _ in follower.finish():
        pass
    follower.close()
    assert told(all_events(log)) == imported(folder)

    output.unlink()
    clock.now = path.stat().st_mtime + 1
    follower = following(folder, MemoryLog(), clock)
    step(follower)
    assert follower.is_running
    clock.now += 31
    step(follower)
    assert not follower.is_running
    follower.close()


def test_a_sub_workflow_is_found_when_its_directory_can_be_seen(realdata: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(
        realdata / "submit-dirs" / "hierarchical_wf_success", folder, copy_function=shutil.copyfile
    )
    path = folder / "hierarchical-workflow-0.dag.dagman.out"
    path.chmod(0o644)
    written = path.read_bytes()
    submitted = written.index(b"Event: ULOG_SUBMIT for HTCondor Node pegasus-plan_diamond_subworkflow")
    path.write_bytes(written[:submitted])
    follower = following(folder, MemoryLog())
    before = [e.fact.run for e in step(follower) if isinstance(e.fact, PlanStarted)]
    inner = folder / "00/00/blackdiamond_diamond_subworkflow.000"
    away = tmp_path / "away"
    inner.rename(away)
    path.write_bytes(written)
    assert not [e for e in step(follower) if isinstance(e.fact, PlanStarted)]
    away.rename(inner)
    after = {e.fact.run for e in step(follower) if isinstance(e.fact, PlanStarted)}
    follower.close()
    assert len(before) == 1
    assert after - set(before) == {"160be601-bda4-45fb-86cd-9cf7a269bb22"}


def test_a_run_that_is_followed_before_it_is_planned_is_read_when_it_is(
    run: tuple[Path, Path, bytes],
) -> None:
    folder, path, written = run
    planned = ("braindump.yml", "process-0.static.bp", "process-0.dag")
    later = {folder / name: (folder / name).read_bytes() for name in planned}
    for each in later:
        each.unlink()
    log, clock, said = MemoryLog(), Clock(), list[str]()
    follower = following(folder, log, clock, said)
    assert step(follower) == []
    for each, content in later.items():
        each.write_bytes(content[: len(content) // 2])
        clock.now = each.stat().st_mtime
        assert step(follower) == []
        each.write_bytes(content)
        assert step(follower) == []
    assert follower.is_running
    assert said[0] == f"{folder}: waiting: no planner has written braindump.yml there yet"
    assert said[-1] == f"{folder}: waiting: it is being planned"
    clock.now += 10
    assert PlanStarted in {type(event.fact) for event in step(follower)}
    path.write_bytes(written)
    clock.now += 100
    step(follower)
    follower.close()
    assert told(all_events(log)) == imported(folder)


def test_many_files_that_are_gone_are_waited_for_once(run: tuple[Path, Path, bytes]) -> None:
    folder, path, written = run
    for output in folder.glob("00/00/*.out.*"):
        output.unlink()
    log, clock = MemoryLog(), Clock()
    path.write_bytes(written)
    clock.now = path.stat().st_mtime + 1
    follower = following(folder, log, clock)
    step(follower)
    assert follower.is_running
    clock.now += 31
    step(follower)
    assert not follower.is_running
    follower.close()


def test_what_a_job_left_that_never_ran_is_not_waited_for(run: tuple[Path, Path, bytes]) -> None:
    folder, path, written = run
    for output in folder.glob("00/00/*.out.*"):
        output.unlink()
    path.write_bytes(
        b"".join(line for line in written.splitlines(keepends=True) if b"ULOG_EXECUTE" not in line)
    )
    clock = Clock()
    clock.now = path.stat().st_mtime + 1
    follower = following(folder, MemoryLog(), clock)
    step(follower)
    assert not follower.is_running
    follower.close()


def test_a_file_that_comes_after_all_patience_is_read_when_the_run_ends(
    run: tuple[Path, Path, bytes],
) -> None:
    folder, path, written = run
    output = folder / "00/00/ls_ID0000001.out.000"
    record = output.read_bytes()
    output.unlink()
    log, clock = MemoryLog(), Clock()
    end = written.rindex(b"\n", 0, -1) + 1
    path.write_bytes(written[:end])
    clock.now = path.stat().st_mtime + 1
    follower = following(folder, log, clock)
    step(follower)
    clock.now += 31
    assert {e.fact.job for e in step(follower) if isinstance(e.fact, JobFinished)} >= {"ls_ID0000001"}
    output.write_bytes(record)
    path.write_bytes(written)
    step(follower)
    assert follower.is_running
    step(follower)
    assert not follower.is_running
    follower.close()
    assert {type(event.fact) for event in all_events(log)} >= {InvocationRecorded}
    assert set(imported(folder)) <= set(told(all_events(log)))


def test_another_run_that_is_planned_in_the_place_of_one_is_followed_from_its_beginning(
    run: tuple[Path, Path, bytes],
) -> None:
    folder, path, written = run
    log, clock = MemoryLog(), Clock()
    path.write_bytes(written)
    clock.now = path.stat().st_mtime + 100
    follower = following(folder, log, clock)
    step(follower)
    first = imported(folder)
    assert told(all_events(log)) == first
    path.unlink()
    for each in (folder / "braindump.yml", folder / "process-0.static.bp"):
        text = each.read_text().replace("f84f05fc", "00000000")
        each.unlink()
        each.write_text(text)
    step(follower)
    path.write_bytes(written)
    step(follower)
    step(follower)
    follower.close()
    assert told(all_events(log)) == first | imported(folder)


class Broken(SubmitDirectory):
    """A directory that cannot be read at first."""

    failures = 3

    def read_on(self) -> Iterator[Record]:
        for number, record in enumerate(super().read_on()):
            if number == 20 and self.failures:
                self.failures -= 1
                raise PermissionError(13, "Permission denied", str(self.path))
            yield record


def test_a_directory_that_cannot_be_read_is_tried_again_and_keeps_no_other_waiting(
    run: tuple[Path, Path, bytes], realdata: Path
) -> None:
    folder, path, written = run
    path.write_bytes(written)
    other = realdata / "submit-dirs" / "process_wf_success"
    log, said = MemoryLog(), list[str]()
    reports = Reports(said.append)
    sources = [Broken(folder, reports, ZONE), SubmitDirectory(other, reports, ZONE)]
    follower = Following(sources, log, reports, "default")
    step(follower)
    assert follower.trouble
    assert told(all_events(log)).items() > imported(other).items()
    steps = 0
    while follower.is_running:
        steps += 1
        step(follower)
    follower.close()
    assert steps == (1 + 1) + (3 + 1) + (7 + 1)
    assert not follower.trouble
    assert sum("Permission denied" in each for each in said) == 1
    assert told(all_events(log)) == imported(folder) | imported(other)
