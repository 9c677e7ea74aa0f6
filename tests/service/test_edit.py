"""An edit and those who follow it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from retouch.errors import Cancelled, InternalError, WorkerLost
from retouch.service.edit import Edit, Event, PictureReady, Planned, PreviewReady

PLANNED = Planned("echo", (4, 4), "Return the picture as it is.", 1, ((4, 4),))


def preview(data: bytes) -> PreviewReady:
    return PreviewReady(memoryview(data), 0, (4, 4), "opaque")


def picture(index: int = 0) -> PictureReady:
    return PictureReady(memoryview(b"picture"), index, (4, 4), "opaque")


class Stage:
    """An edit whose events are given to it one by one."""

    def __init__(self) -> None:
        self._given: asyncio.Queue[Event | Exception | None] = asyncio.Queue()
        self._cancel = asyncio.Event()
        self.edit = Edit(self._source(), self._cancel)

    @property
    def cancelled(self) -> bool:
        return self._cancel.is_set()

    async def give(self, *events: Event | Exception | None) -> None:
        """None ends the edit, an error fails it."""
        for event in events:
            self._given.put_nowait(event)
        for _ in range(10):
            await asyncio.sleep(0)

    async def _source(self) -> AsyncIterator[Event]:
        while (event := await self._given.get()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event


def play(story: Callable[[Stage], Awaitable[None]]) -> None:
    async def main() -> None:
        await story(Stage())

    asyncio.run(main())


def test_every_follower_sees_every_event() -> None:
    async def story(stage: Stage) -> None:
        followers = [stage.edit.follow(), stage.edit.follow()]
        await stage.give(PLANNED, preview(b"a"), picture(), None)
        for follower in followers:
            kinds = [type(event) async for event in follower.events()]
            assert kinds == [Planned, PreviewReady, PictureReady]

    play(story)


@pytest.mark.rule("7/join")
def test_a_late_follower_gets_what_is_finished_and_the_previews_from_then_on() -> None:
    async def story(stage: Stage) -> None:
        stage.edit.follow()
        await stage.give(PLANNED, preview(b"early"))
        late = stage.edit.follow()
        await stage.give(preview(b"later"), picture(), None)
        planned, shown, finished = [event async for event in late.events()]
        assert planned is PLANNED
        assert isinstance(shown, PreviewReady)
        assert (bytes(shown.data), shown.number) == (b"later", 1)
        assert isinstance(finished, PictureReady)

    play(story)


@pytest.mark.rule("7/replay")
def test_a_finished_edit_is_told_again_without_its_previews() -> None:
    async def story(stage: Stage) -> None:
        await stage.give(PLANNED, preview(b"a"), picture(0), picture(1), None)
        for _ in range(2):
            events = [event async for event in stage.edit.follow().events()]
            assert events == [PLANNED, picture(0), picture(1)]
        assert stage.edit.size == 2 * len(b"picture")

    play(story)


def test_every_follower_is_told_of_the_failure_and_nobody_can_join_then() -> None:
    async def story(stage: Stage) -> None:
        followers = [stage.edit.follow(), stage.edit.follow()]
        await stage.give(PLANNED)
        assert stage.edit.joinable
        await stage.give(WorkerLost())
        assert not stage.edit.joinable
        for follower in followers:
            with pytest.raises(WorkerLost):
                [event async for event in follower.events()]

    play(story)


def test_an_engine_that_paints_nothing_has_failed() -> None:
    async def story(stage: Stage) -> None:
        follower = stage.edit.follow()
        await stage.give(PLANNED, None)
        with pytest.raises(InternalError):
            [event async for event in follower.events()]

    play(story)


def test_it_is_cancelled_when_the_last_follower_has_left_and_not_before() -> None:
    async def story(stage: Stage) -> None:
        first, second = stage.edit.follow(), stage.edit.follow()
        first.leave(0)
        await asyncio.sleep(0.02)
        assert not stage.cancelled
        second.leave(0)
        await asyncio.sleep(0.02)
        assert stage.cancelled
        assert not stage.edit.joinable

    play(story)


@pytest.mark.parametrize(("first", "last", "cancelled"), [(0.0, 60.0, False), (60.0, 0.0, True)])
def test_the_grace_of_the_one_that_left_last_counts(first: float, last: float, cancelled: bool) -> None:
    async def story(stage: Stage) -> None:
        one, other = stage.edit.follow(), stage.edit.follow()
        one.leave(first)
        other.leave(last)
        await asyncio.sleep(0.02)
        assert stage.cancelled is cancelled

    play(story)


def test_whoever_comes_in_the_grace_period_saves_it() -> None:
    async def story(stage: Stage) -> None:
        stage.edit.follow().leave(0.02)
        back = stage.edit.follow()
        await asyncio.sleep(0.06)
        assert not stage.cancelled
        back.leave(0.0)
        await asyncio.sleep(0.02)
        assert stage.cancelled

    play(story)


def test_leaving_a_finished_edit_cancels_nothing() -> None:
    async def story(stage: Stage) -> None:
        follower = stage.edit.follow()
        await stage.give(PLANNED, picture(), None)
        follower.leave(0)
        await asyncio.sleep(0.02)
        assert not stage.cancelled
        assert stage.edit.joinable

    play(story)


def test_a_cancelled_edit_is_told_to_be_so() -> None:
    async def story(stage: Stage) -> None:
        follower = stage.edit.follow()
        await stage.give(Cancelled())
        with pytest.raises(Cancelled):
            [event async for event in follower.events()]

    play(story)
