"""Bodies that are being read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.requests import Request

from retouch.errors import NotReady, RateLimited, RequestTimeout
from retouch.server.bodies import Bodies
from retouch.server.settings import ServerSettings


class Sender:
    """A client that sends what it is told to."""

    def __init__(self, bodies: Bodies, caller: str, *, in_memory: bool = False) -> None:
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._bodies = bodies
        self.read = asyncio.ensure_future(self._read(caller, in_memory))

    async def send(self, size: int = 0, *, last: bool = False) -> None:
        self._messages.put_nowait({"type": "http.request", "body": b"x" * size, "more_body": not last})
        for _ in range(10):
            await asyncio.sleep(0)

    async def go_on(self, size: int, *, every: float) -> int:
        """Send so many bytes every so many seconds, for as long as they are read."""
        while not self.read.done():
            await asyncio.sleep(every)
            await self.send(size)
        return await self.read

    async def _read(self, caller: str, in_memory: bool) -> int:
        request = Request({"type": "http", "method": "POST", "headers": []}, self._messages.get)
        async with self._bodies.reading(request, caller, in_memory=in_memory) as pieces:
            return sum([len(piece) async for piece in pieces])


class Scene:
    def __init__(self, settings: ServerSettings) -> None:
        self.bodies = Bodies(settings)

    async def sender(self, caller: str = "a", size: int = 1, **how: bool) -> Sender:
        """Somebody who has begun to send."""
        sender = Sender(self.bodies, caller, **how)
        await sender.send(size)
        return sender

    async def end(self, *senders: Sender) -> None:
        for sender in senders:
            await sender.send(last=True)
            await sender.read


def play(story: Callable[[Scene], Awaitable[None]], **settings: float) -> None:
    async def main() -> None:
        async with asyncio.timeout(10):
            await story(Scene(ServerSettings.model_validate(settings)))

    asyncio.run(main())


def test_a_body_that_comes_is_read_to_its_end() -> None:
    async def story(scene: Scene) -> None:
        sender = await scene.sender(size=10)
        await sender.send(1000)
        assert (scene.bodies.count, scene.bodies.came) == (1, 1010)
        await sender.send(last=True)
        assert await sender.read == 1010
        assert (scene.bodies.count, scene.bodies.came) == (0, 0)

    play(story)


def test_a_body_that_comes_more_slowly_than_the_least_rate_is_cut() -> None:
    async def story(scene: Scene) -> None:
        sender = await scene.sender()
        with pytest.raises(RequestTimeout):
            await sender.go_on(1, every=0.02)
        assert scene.bodies.count == 0

    play(story, body_slack=0.2, body_rate=1000)


def test_nobody_can_send_a_lot_at_once_and_then_next_to_nothing() -> None:
    async def story(scene: Scene) -> None:
        sender = await scene.sender(size=1_000_000)
        with pytest.raises(RequestTimeout):
            await sender.go_on(1, every=0.02)

    play(story, body_slack=0.2, body_idle=0.4, body_rate=1000)


def test_a_slow_but_steady_body_may_take_its_time() -> None:
    async def story(scene: Scene) -> None:
        sender = await scene.sender()
        for _ in range(12):
            await asyncio.sleep(0.1)
            await sender.send(1000)
        await scene.end(sender)

    play(story, body_slack=1.0, body_idle=1.0, body_rate=1000)


def test_a_body_takes_no_longer_than_the_limit_however_fast_it_is() -> None:
    async def story(scene: Scene) -> None:
        sender = await scene.sender()
        with pytest.raises(RequestTimeout):
            await sender.go_on(10_000, every=0.01)

    play(story, body_total=0.2)


def test_one_body_more_than_fits_is_refused_at_once() -> None:
    async def story(scene: Scene) -> None:
        senders = [await scene.sender(caller) for caller in "ab"]
        third = await scene.sender("a")
        with pytest.raises(RateLimited) as caught:
            await third.read
        assert caught.value.headers["retry-after"]
        assert caught.value.reason == "uploads"
        await scene.end(*senders)

    play(story, max_uploads=2)


def test_a_flood_of_uploads_makes_room_for_somebody_else() -> None:
    async def story(scene: Scene) -> None:
        flood = [await scene.sender("flood") for _ in range(3)]
        quiet = await scene.sender("quiet")
        with pytest.raises(RateLimited):
            await flood[2].read
        await scene.end(quiet, *flood[:2])

    play(story, max_uploads=3)


def test_a_slow_body_makes_room_even_for_its_own_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retouch.server.bodies._YOUNG", 0.1)

    async def story(scene: Scene) -> None:
        slow, quick = await scene.sender(size=1), await scene.sender(size=100_000)
        await asyncio.sleep(0.15)
        third = await scene.sender()
        with pytest.raises(RateLimited):
            await slow.read
        await scene.end(quick, third)

    play(story, max_uploads=2)


def test_the_bytes_of_all_bodies_are_bounded_and_the_largest_sender_gives_way() -> None:
    async def story(scene: Scene) -> None:
        large, small = await scene.sender("large", 2000), await scene.sender("small", 500)
        await small.send(1000)
        with pytest.raises(RateLimited):
            await large.read
        late = await scene.sender("small", 600)
        with pytest.raises(RateLimited):
            await late.read
        await scene.end(small)

    play(story, max_upload_bytes=2048)


def test_json_bodies_have_a_bound_of_their_own() -> None:
    async def story(scene: Scene) -> None:
        form, json = await scene.sender(size=5000), await scene.sender(size=1000, in_memory=True)
        other = await scene.sender(size=1000, in_memory=True)
        with pytest.raises(RateLimited):
            await other.read
        await scene.end(form, json)
        alone = await scene.sender(size=9000, in_memory=True)
        await scene.end(alone)

    play(story, max_json_bytes_in_flight=1024)


def test_a_server_that_stops_reads_no_further() -> None:
    async def story(scene: Scene) -> None:
        sender = await scene.sender()
        scene.bodies.close()
        late = await scene.sender()
        for one in (sender, late):
            with pytest.raises(NotReady):
                await one.read

    play(story)


def test_what_is_whole_is_not_taken_away() -> None:
    async def story(scene: Scene) -> None:
        request = Request({"type": "http", "method": "POST", "headers": []}, _whole)
        async with scene.bodies.reading(request, "a") as pieces:
            assert b"".join([piece async for piece in pieces]) == b"all"
            scene.bodies.close()
            await asyncio.sleep(0.3)  # nor does its time run out

    play(story, body_slack=0.1, body_idle=0.1, body_total=0.2)


async def _whole() -> dict[str, Any]:
    return {"type": "http.request", "body": b"all", "more_body": False}


def test_a_body_that_is_overdue_and_has_not_ended_yet_is_not_cut_once_more() -> None:
    async def story(scene: Scene) -> None:
        sender = await scene.sender()
        (body,) = scene.bodies._reading
        body.limit.reschedule(0)
        while not body.limit.expired():
            await asyncio.sleep(0)
        scene.bodies.close()
        with pytest.raises(RequestTimeout):
            await sender.read

    play(story)
