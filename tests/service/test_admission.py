from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from retouch.errors import RateLimited
from retouch.service.admission import Admission, Place
from retouch.service.weight import Weight


class Queue:
    """An admission, and the edits that were refused after they had been let in."""

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        self.refused: list[tuple[str, RateLimited]] = []

    def enter(self, name: str, *, begun: bool = False, spare: bool = False, pixels: int = 0) -> Place:
        """``name``: the caller and, after a blank, which of its edits."""
        place = self.admission.enter(name.split()[0], Weight(1, pixels))
        place.yields(lambda error: self.refused.append((name, error)), spare=lambda: spare)
        if begun:
            place.begin()
        return place


def play(story: Callable[[Queue], None], **limits: Any) -> None:
    async def main() -> None:
        chosen: dict[str, Any] = {"running": 1, "waiting": 3, **limits}
        story(Queue(Admission(**chosen)))

    asyncio.run(main())


@pytest.mark.rule("A.9/queue-full")
def test_one_more_than_fits_is_refused_at_once_and_told_when_to_come_back() -> None:
    def story(queue: Queue) -> None:
        places = [queue.enter("a") for _ in range(4)]
        with pytest.raises(RateLimited) as caught:
            queue.enter("a")
        assert int(caught.value.headers["retry-after"]) >= 1
        assert int(caught.value.headers["retry-after-ms"]) >= 1000
        assert caught.value.reason == "queue"
        for place in places:
            place.release()
        assert queue.admission.inside == 0

    play(story)


def test_a_flood_of_one_caller_makes_room_for_another() -> None:
    def story(queue: Queue) -> None:
        queue.enter("flood running", begun=True)
        for number in (1, 2, 3):
            queue.enter(f"flood {number}")
        queue.enter("quiet")
        ((name, error),) = queue.refused
        assert name == "flood 3"
        assert error.reason == "fairness"
        assert error.headers["retry-after"]
        assert queue.admission.inside == 4

    play(story)


def test_an_edit_that_runs_keeps_its_place() -> None:
    def story(queue: Queue) -> None:
        for number in range(4):
            queue.enter(f"flood {number}", begun=True)
        with pytest.raises(RateLimited):
            queue.enter("quiet")
        assert queue.refused == []

    play(story)


def test_an_edit_that_waits_again_can_lose_its_place_again() -> None:
    def story(queue: Queue) -> None:
        place = queue.enter("flood 0", begun=True)
        for number in (1, 2, 3):
            queue.enter(f"flood {number}", begun=True)
        place.postpone()
        queue.enter("quiet")
        assert [name for name, _ in queue.refused] == ["flood 0"]

    play(story)


def test_edits_that_nobody_follows_go_before_all_others() -> None:
    def story(queue: Queue) -> None:
        queue.enter("a 1", spare=True)
        for number in (2, 3, 4):
            queue.enter(f"b {number}")
        queue.enter("b 5")
        assert [name for name, _ in queue.refused] == ["a 1"]

    play(story)


def test_pixels_are_bounded_and_one_large_edit_is_let_in_alone() -> None:
    def story(queue: Queue) -> None:
        large = queue.enter("a", pixels=5000)
        with pytest.raises(RateLimited) as caught:
            queue.enter("a", pixels=1)
        assert caught.value.reason == "pixels"
        large.release()
        queue.enter("a", pixels=600)
        queue.enter("a", pixels=400)
        with pytest.raises(RateLimited):
            queue.enter("a", pixels=1)

    play(story, max_pixels=1000)


def test_advice_counts_what_others_have_on_the_same_device() -> None:
    def story(queue: Queue) -> None:
        admission = queue.admission
        for engine in ("a", "b", "c"):
            for _ in range(60):
                admission.took(20.0, engine)
        admission.enter("x", engine="a")
        admission.enter("x", engine="b")
        admission.enter("x", engine="b")
        admission.enter("x", engine="c")

        def advice(engine: str) -> int:
            with pytest.raises(RateLimited) as caught:
                admission.enter("x", engine=engine)
            return round(int(caught.value.headers["retry-after-ms"]) / 10_000)

        assert advice("a") == 4  # two turns at a time: 20 s for each of the three before, and its own
        assert advice("c") == 2

    play(story, widths={"a": 2, "b": 2, "c": 2}, groups=[("a", "b")])


def test_an_edit_waits_no_longer_than_the_limit() -> None:
    async def main() -> None:
        queue = Queue(Admission(running=1, waiting=3, patience=0.02))
        queue.enter("a waits")
        queue.enter("a runs", begun=True)
        queue.enter("a ended").release()
        await asyncio.sleep(0.1)
        ((name, error),) = queue.refused
        assert name == "a waits"
        assert error.reason == "wait"
        assert queue.admission.inside == 1

    asyncio.run(main())


def test_the_advice_grows_with_the_time_that_edits_take() -> None:
    quick, slow = Admission(running=1, waiting=0), Admission(running=1, waiting=0)
    for _ in range(20):
        slow.took(20.0)

    def advice(admission: Admission) -> int:
        admission.enter("a")
        with pytest.raises(RateLimited) as caught:
            admission.enter("a")
        return int(caught.value.headers["retry-after"])

    assert advice(quick) < advice(slow) <= 60


def advised(admission: Admission, engine: str) -> int:
    """Seconds after which a refused edit for ``engine`` may come back."""
    with pytest.raises(RateLimited) as caught:
        admission.enter("a", engine=engine)
    return int(caught.value.headers["retry-after"])


def test_the_advice_is_that_of_the_engine_that_is_asked() -> None:
    admission = Admission(running=4, waiting=4, widths={"device": 1})
    for _ in range(40):
        admission.took(10.0, "device")
        admission.took(2.0, "cpu")
    for engine in ("device", "device", *["cpu"] * 6):
        admission.enter("a", engine=engine)
    assert advised(admission, "device") >= 29
    assert advised(admission, "cpu") <= 4


def test_the_advice_for_a_free_engine_is_when_anything_ends() -> None:
    admission = Admission(running=4, waiting=0, widths={"device": 1})
    for _ in range(40):
        admission.took(10.0, "device")
    places = [admission.enter("a", engine="device") for _ in range(4)]
    assert 9 <= advised(admission, "cpu") <= 10
    places[0].taken_by("cpu")  # a chain's next engine has it
    assert advised(admission, "cpu") <= 2
    for place in places:
        place.release()
        place.release()
        place.taken_by("cpu")  # too late to count
    for _ in range(4):
        admission.enter("a", engine="cpu")
    assert advised(admission, "cpu") <= 2


@pytest.mark.parametrize(("running", "waiting"), [(0, 1), (1, -1)])
def test_limits_that_let_nobody_in_are_refused(running: int, waiting: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        Admission(running=running, waiting=waiting)
