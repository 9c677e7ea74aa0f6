"""Callers in line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from retouch.errors import Cancelled, NotReady
from retouch.service.line import FairQueue, Line


def test_callers_take_turns_however_much_one_of_them_wants() -> None:
    queue: FairQueue[str] = FairQueue()
    for item in ("a1", "a2", "a3", "b1", "c1", "b2"):
        queue.put(item[0], item)
    assert [queue.take() for _ in range(6)] == ["a1", "b1", "c1", "a2", "b2", "a3"]
    with pytest.raises(IndexError):
        queue.take()


def test_a_newcomer_is_next_but_for_one_turn_of_each_of_the_others() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(50):
        queue.put("flood", f"f{number}")
    queue.take()
    queue.put("new", "n")
    assert [queue.take(), queue.take()] == ["f1", "n"]


def test_what_is_put_first_comes_before_every_turn() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.put("a", "a1")
    queue.put("b", "b1", first=True)
    queue.put("a", "a2", first=True)
    assert [queue.take() for _ in range(3)] == ["b1", "a2", "a1"]


def test_what_is_discarded_is_never_taken() -> None:
    queue: FairQueue[str] = FairQueue()
    for item in ("a1", "a2", "b1"):
        queue.put(item[0], item)
    queue.put("b", "b0", first=True)
    for caller, item in (("a", "a1"), ("b", "b0"), ("b", "b1"), ("b", "nothing"), ("c", "c1")):
        queue.discard(caller, item)
    assert len(queue) == 1
    assert queue.take() == "a2"


class Counter:
    """A line before things that come back, and what came back."""

    def __init__(self) -> None:
        self.back: list[str] = []
        self.line: Line[str] = Line(self.back.append)
        self.cancel = asyncio.Event()

    async def join(self, caller: str = "a", until: float | None = None) -> asyncio.Task[str]:
        waiting = asyncio.ensure_future(self.line.wait(caller, self.cancel, until=until))
        await asyncio.sleep(0)
        return waiting


def play(story: Callable[[Counter], Awaitable[None]]) -> None:
    async def main() -> None:
        await story(Counter())

    asyncio.run(main())


def test_the_next_in_line_is_given_the_thing_and_nobody_else() -> None:
    async def story(counter: Counter) -> None:
        first, second = await counter.join("a"), await counter.join("b")
        assert counter.line.give("thing")
        assert await first == "thing"
        assert not second.done()
        assert len(counter.line) == 1
        second.cancel()
        await asyncio.wait({second})
        assert not counter.line.give("thing")

    play(story)


def test_whoever_is_cancelled_leaves_the_line() -> None:
    async def story(counter: Counter) -> None:
        waiting = await counter.join()
        counter.cancel.set()
        with pytest.raises(Cancelled):
            await waiting
        assert len(counter.line) == 0

    play(story)


@pytest.mark.parametrize("how", ["cancel", "task"])
def test_a_thing_given_to_somebody_who_has_just_left_comes_back(how: str) -> None:
    async def story(counter: Counter) -> None:
        waiting = await counter.join()
        counter.line.give("thing")
        if how == "cancel":
            counter.cancel.set()
        else:
            waiting.cancel()
        with pytest.raises((Cancelled, asyncio.CancelledError)):
            await waiting
        assert counter.back == ["thing"]

    play(story)


def test_patience_ends() -> None:
    async def story(counter: Counter) -> None:
        waiting = await counter.join(until=asyncio.get_running_loop().time() + 0.01)
        with pytest.raises(TimeoutError):
            await waiting
        assert len(counter.line) == 0

    play(story)


def test_everybody_can_be_sent_away() -> None:
    async def story(counter: Counter) -> None:
        both = [await counter.join("a"), await counter.join("b")]
        counter.line.fail(NotReady())
        for waiting in both:
            with pytest.raises(NotReady):
                await waiting
        assert counter.back == []

    play(story)
