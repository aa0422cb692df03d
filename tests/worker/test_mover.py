"""How often, in which order and for how long the sources of a file are tried."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from worker.errors import Stopped, TransferFailed
from worker.integrity import Digest
from worker.landing import Landed, Request, land
from worker.order import Replica, Transfer
from worker.parallel import each
from worker.stopping import Stop
from worker.transfer import Mover, Outcome

NOTHING = Digest(hashlib.sha256(b"").hexdigest(), 0)


class FakeStop(Stop):
    """Remembers the pauses instead of waiting."""

    def __init__(self) -> None:
        super().__init__(1)
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


def move(
    tmp_path: Path, handler: Callable[[Request], Landed], stop: Stop, tries: int = 3, role: str = "input"
) -> Outcome:
    sources = (Replica("best", "x://one"), Replica("second", "x://two"))
    destination = Replica("local", f"file://{tmp_path}/f.a")
    transfer = Transfer("f.a", sources, destination, None, None, False, False, False, role)
    return Mover(tries, 0o022, stop, lambda source, target, link: ("x", handler)).carry_out(transfer)


def failing(hopeless: bool, asked: list[str]) -> Callable[[Request], Landed]:
    def fail(request: Request) -> Landed:
        asked.append(request.source)
        raise TransferFailed("no", hopeless)

    return fail


def test_every_source_is_tried_in_every_turn_with_growing_pauses_in_between(tmp_path: Path) -> None:
    asked: list[str] = []
    stop = FakeStop()
    outcome = move(tmp_path, failing(False, asked), stop, tries=6)
    assert asked == ["x://one", "x://two"] * 6
    assert (outcome.tries, outcome.landed, outcome.message) == (12, None, "no")
    assert [0.25 * 2**n <= pause <= 0.75 * 2**n for n, pause in enumerate(stop.pauses)] == [True] * 5


def test_no_pause_is_longer_than_90_seconds(tmp_path: Path) -> None:
    stop = FakeStop()
    move(tmp_path, failing(False, []), stop, tries=40)
    assert max(stop.pauses) <= 90


def test_what_is_hopeless_is_tried_once(tmp_path: Path) -> None:
    asked: list[str] = []
    outcome = move(tmp_path, failing(True, asked), FakeStop())
    assert (asked, outcome.tries) == (["x://one", "x://two"], 2)


def test_an_output_that_lies_differently_at_its_destination_is_taken_away_and_sent_again(
    tmp_path: Path,
) -> None:
    wrong = [True, False]

    def send(request: Request) -> Landed:
        landed = land([b"content"], request.source, request, 0o644)
        if wrong.pop(0):
            Path(request.destination).write_bytes(b"c0ntent")
        return landed

    outcome = move(tmp_path, send, FakeStop(), role="output")
    assert (tmp_path / "f.a").read_bytes() == b"content"
    assert outcome.landed is not None
    (corruption,) = outcome.corruptions
    assert corruption.mismatch.found.sha256 == hashlib.sha256(b"c0ntent").hexdigest()
    assert corruption.mismatch.place == f"{tmp_path}/f.a"


def test_an_output_that_always_lies_differently_is_not_left_there(tmp_path: Path) -> None:
    def send(request: Request) -> Landed:
        landed = land([b"content"], request.source, request, 0o644)
        Path(request.destination).write_bytes(b"c0ntent")
        return landed

    outcome = move(tmp_path, send, FakeStop(), role="output")
    assert (outcome.landed, (tmp_path / "f.a").exists(), len(outcome.corruptions)) == (None, False, 6)


def test_an_output_that_cannot_be_read_again_has_not_arrived(tmp_path: Path) -> None:
    outcome = move(tmp_path, lambda request: Landed(NOTHING, 0, False), FakeStop(), tries=1, role="output")
    assert outcome.message == f"written, but cannot be read again: {tmp_path}/f.a does not exist"


def test_a_worker_told_to_end_tries_no_further(tmp_path: Path) -> None:
    stop = FakeStop()

    def fail(request: Request) -> Landed:
        stop.signal = 15
        raise TransferFailed("no")

    with pytest.raises(Stopped):
        move(tmp_path, fail, stop)


def test_a_copy_that_breaks_off_leaves_the_destination_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "f.a").write_text("before")

    def broken():
        yield b"some"
        raise OSError("cable pulled")

    outcome = move(tmp_path, lambda request: land(broken(), "there", request, 0o644), FakeStop(), tries=1)
    assert outcome.message == "cable pulled"
    assert [path.name for path in tmp_path.iterdir()] == ["f.a"]
    assert (tmp_path / "f.a").read_text() == "before"


@pytest.mark.parametrize("threads", [1, 4])
def test_results_come_in_the_order_of_the_items(threads: int) -> None:
    assert each(lambda item: item * 2, range(50), threads, Stop(1)) == [item * 2 for item in range(50)]


def test_all_items_are_tried_by_threads_even_if_one_raises() -> None:
    seen = []

    def work(item: int) -> None:
        seen.append(item)
        if item == 3:
            raise ValueError("three")

    with pytest.raises(ValueError, match="three"):
        each(work, range(20), 4, Stop(1))
    assert sorted(seen) == list(range(20))
