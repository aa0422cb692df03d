"""Plans larger than memory is to hold: sorted on disk, appended in several batches, told like small ones."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog.errors import UnavailableError
from eventlog.event import Event
from eventlog.facts import Fact, FilesDeclared, JobsPlanned, TasksDeclared, WorkflowPlanned
from eventlog.log import Appended, read_all
from eventlog.memory import MemoryLog
from monitor.pegasus.importing import BATCH_SIZE, Imported, import_source
from monitor.pegasus.records import Record
from monitor.pegasus.reports import Reports
from monitor.pegasus.translation.sorting import Sorter
from monitor.pegasus.translation.static_part import StaticPart

RUN = "11111111-0000-0000-0000-000000000001"
NOON = 1_700_000_000_000_000


@given(st.lists(st.tuples(st.text(max_size=2), st.integers())), st.integers(1, 12))
def test_items_come_back_by_key_and_in_the_order_of_their_coming(
    items: list[tuple[str, int]], most_in_memory: int
) -> None:
    sorter: Sorter[int] = Sorter(most_in_memory)
    for key, item in items:
        sorter.add(key, item)
    keys = sorted({key for key, _ in items})
    assert list(sorter.groups()) == [(key, [item for k, item in items if k == key]) for key in keys]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is full")
def test_a_plan_for_which_there_is_no_room_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    sorter: Sorter[int] = Sorter(2)
    sorter.add("a", 1)
    with Path("/dev/full").open("r+b", buffering=0) as full:
        monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: full)
        with pytest.raises(UnavailableError, match="No space left on device: set TMPDIR to a folder"):
            sorter.add("b", 2)


def _plan(tasks: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Every kind of record of a plan, of tasks that are clustered in pairs."""
    for n in range(tasks):
        job = f"merge_{n // 2}"
        yield (
            "task.info",
            {"task.id": f"t{n}", "transformation": "wc", "type_desc": "dax", "argv": f"-l f{n}"},
        )
        yield "job.info", {"job.id": job, "type_desc": "compute", "clustered": "1", "executable": "/bin/seq"}
        yield "wf.map.task_job", {"task.id": f"t{n}", "job.id": job}
        yield "task.meta", {"task.id": f"t{n}", "key": "part", "value": str(n)}
        yield "file.use", {"task.id": f"t{n}", "lfn.id": f"f{n}", "link": "input", "size": str(n)}
        yield "file.use", {"task.id": f"t{n}", "lfn.id": f"f{n + 1}", "link": "output", "stage_out": "1"}
        yield "rc.meta", {"lfn.id": f"f{n}", "key": "kind", "value": "text"}
        if n:
            yield "task.edge", {"parent.task.id": f"t{n - 1}", "child.task.id": f"t{n}"}
            yield "job.edge", {"parent.job.id": f"merge_{(n - 1) // 2}", "child.job.id": job}


def _gathered(records: Sequence[tuple[str, dict[str, str]]], most_in_memory: int) -> list[Fact]:
    part = StaticPart(RUN, most_in_memory)
    add = {
        "task.info": part.add_task,
        "job.info": part.add_job,
        "wf.map.task_job": part.map_task,
        "task.meta": part.add_task_tag,
        "file.use": part.add_use,
        "rc.meta": part.add_file_tag,
        "task.edge": part.add_task_edge,
        "job.edge": part.add_job_edge,
    }
    for event, fields in records:
        add[event](fields)
    return list(part.facts())


def test_a_plan_that_was_sorted_on_disk_says_what_one_in_memory_says() -> None:
    records = list(_plan(250))
    in_memory = _gathered(records, 1 << 15)
    assert _gathered(records, 7) == in_memory
    assert [fact for fact in in_memory if isinstance(fact, WorkflowPlanned)] == [
        WorkflowPlanned(run=RUN, tasks=250, files=251, jobs=125, reused_tasks=0, chunks=3 + 5 + 3)
    ]


def test_edges_files_and_tags_are_told_in_any_order() -> None:
    tasks = [record for record in _plan(250) if record[0] == "task.info"]
    others = [record for record in _plan(250) if record[0] not in ("task.info", "job.info")]
    jobs = [record for record in _plan(250) if record[0] == "job.info"]
    random.Random(7).shuffle(others)
    # sizes and roles of a file are told once here, so that no order of uses is better than another
    assert _gathered([*others, *jobs, *tasks], 11) == _gathered([*tasks, *jobs, *others], 1 << 15)


class _Watched(MemoryLog):
    """A log that remembers how many tasks, files and jobs came at once."""

    def __init__(self) -> None:
        super().__init__()
        self.at_once: list[int] = []

    def append(self, events: Sequence[Event]) -> Appended:
        self.at_once.append(sum(_items(event.fact) for event in events))
        return super().append(events)


def _items(fact: Fact) -> int:
    match fact:
        case FilesDeclared(files=items) | TasksDeclared(tasks=items) | JobsPlanned(jobs=items):
            return len(items)
        case _:
            return 0


class _Source:
    """A run known by its plan alone."""

    def records(self) -> Iterator[Record]:
        plan = {"submit.hostname": "submit", "dax.label": "large", "planner.version": "5.0"}
        yield Record("wf.plan", NOON, RUN, RUN, plan, "made:1")
        for event, fields in _plan(6_000):
            yield Record(event, NOON, RUN, RUN, fields, "made")
        yield Record("static.end", NOON, RUN, RUN, {}, "made")


def test_a_large_plan_is_appended_in_several_batches() -> None:
    log, refused = _Watched(), list[str]()
    import_source(_Source(), log, Reports(refused.append), Imported())
    assert refused == []
    assert sum(log.at_once) == 6_000 + 6_001 + 3_000
    assert max(log.at_once) <= 2 * BATCH_SIZE + 1_000
    assert sum(1 for _ in read_all(log)) < BATCH_SIZE
