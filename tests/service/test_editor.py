"""Edits that are let in, wait, run and are refused; their workers are stood in for."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Any

import pytest

from retouch.contract.catalogue import Catalogue
from retouch.contract.form import FilePart, Part, TextPart
from retouch.contract.parameters import EditRequest, parse_form
from retouch.errors import Cancelled, DeadlineExceeded, NotReady, RateLimited
from retouch.service.edit import Edit, Event
from retouch.service.editor import Device, Editor
from retouch.service.line import Line
from retouch.service.settings import ServiceSettings
from retouch.service.task import Task
from retouch.service.turn import Turn
from retouch.service.weight import Weight
from retouch.service.wire import Frame, Kind

PLANNED = {
    "size": (4, 4),
    "revised_prompt": "x",
    "prompt_tokens": 1,
    "source_sizes": ((4, 4),),
    "plan": {},
}


class Standin:
    """A pool of one worker that does each task when it is told to. ``begun``: tasks it has begun, as
    "caller stage"; ``ends``: when each has to have ended."""

    def __init__(self, engine: str = "echo", place: str = "worker") -> None:
        self.size = 1
        self.ready = True
        self.warm = True
        self.failing = False
        self.stalled = False
        self.alive = 1
        self.replaced = 0
        self.pids: Sequence[int] = ()
        self.engines: Mapping[str, Any] = {}
        self.begun: list[str] = []
        self.ends: list[float] = []
        self.open = asyncio.Event()
        self.loaded = asyncio.Event()
        self._warming = 0
        self._engine = engine
        self._place = place
        self._free = True
        self._line: Line[None] = Line(lambda _: self._give())

    @property
    def waiting(self) -> int:
        return len(self._line) + self._warming

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def warmed(self, caller: str, cancel: asyncio.Event) -> None:
        if not self.warm:
            self._warming += 1
            await self.loaded.wait()

    async def frames(
        self, task: Task, fds: Sequence[int], cancel: asyncio.Event, turn: Turn | None = None
    ) -> AsyncGenerator[Frame, None]:
        assert turn is not None
        if not self._free:
            await self._line.wait(task.caller, cancel, first=turn.began is not None)
        self._free = False
        try:
            self.begun.append(f"{task.caller} {task.stage}")
            self.ends.append(turn.begin())
            left = self.ends[-1] - asyncio.get_running_loop().time()
            waits = {asyncio.ensure_future(self.open.wait()), asyncio.ensure_future(cancel.wait())}
            done, rest = await asyncio.wait(waits, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            for one in rest:
                one.cancel()
            if cancel.is_set():
                raise Cancelled
            if not done:
                raise DeadlineExceeded("Too long.")
            if task.stage == "edit":
                kind = Kind.PLANNED if self._place == "worker" else Kind.PREPARED
                files = [_file()] if kind is Kind.PREPARED else []
                yield Frame(kind, 1, {**PLANNED, "engine": self._engine}, b"", files)
            if task.stage == "paint":
                yield Frame(Kind.PICTURE, 1, {"index": 0}, b"", [_file()])
            elif self._place == "worker" or task.stage == "finish":
                yield Frame(Kind.PICTURE, 1, {"index": 0, "size": (4, 4), "background": "opaque"}, b"picture")
        finally:
            self._give()

    def _give(self) -> None:
        self._free = not self._line.give(None)


def _file() -> int:
    return os.memfd_create("stand-in")


def request(model: str = "echo") -> EditRequest:
    form: list[Part] = [
        TextPart("prompt", "x"),
        TextPart("model", model),
        FilePart("image", "a.jpg", "image/jpeg", 1),
    ]
    return parse_form(form, Catalogue(native=["echo", "device", "second", "mixed", "both"]))


class Scene:
    """An editor, its pool, a device, and edits by name."""

    def __init__(self, **settings: Any) -> None:
        engines = {name: {"kind": "echo"} for name in ("echo", "device", "second", "mixed", "both")}
        chosen = {"workers": 1, "waiting": 2, "engines": engines, "chain": ["echo"]} | settings
        chosen["models"] = {"mixed": ["echo", "device"], "both": ["second", "device"]}
        self.pool = Standin("echo")
        self.device = Standin("device")
        device = Device("gpu", self.device, ("device", "second"))
        self.editor = Editor(ServiceSettings.model_validate(chosen), self.pool, [device])

    def on_device(self) -> None:
        """From now on the pool prepares for the device."""
        self.pool._engine, self.pool._place = "device", "device"

    async def submit(self, caller: str, model: str = "echo") -> asyncio.Task[list[Event]]:
        edit = self.editor.submit(request(model), [], caller=caller)
        follower = edit.follow()

        async def read() -> list[Event]:
            try:
                return [event async for event in follower.events()]
            finally:
                follower.leave(0)

        reading = asyncio.ensure_future(read())
        await settle()
        return reading


async def settle() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


def play(story: Callable[[Scene], Awaitable[None]], **settings: Any) -> None:
    async def main() -> None:
        async with asyncio.timeout(10):
            await story(Scene(**settings))

    asyncio.run(main())


def test_the_flood_of_one_caller_does_not_starve_anothers_single_request() -> None:
    async def story(scene: Scene) -> None:
        flood = [await scene.submit("flood") for _ in range(5)]
        with pytest.raises(RateLimited):
            await scene.submit("flood")
        quiet = await scene.submit("quiet")
        with pytest.raises(RateLimited) as caught:
            await flood[4]
        assert caught.value.reason == "fairness"
        assert scene.editor.in_flight == 5
        scene.pool.open.set()
        await asyncio.gather(quiet, *flood[:4])
        assert scene.pool.begun == [f"{who} edit" for who in ("flood", "flood", "quiet", "flood", "flood")]
        assert scene.editor.in_flight == 0

    play(story, waiting=4)


@pytest.mark.parametrize("resource", ["bytes", "pixels"])
def test_edits_are_let_in_up_to_the_weight_that_the_settings_say(resource: str) -> None:
    async def story(scene: Scene) -> None:
        weight = Weight(**{"bytes": 1, "pixels": 1, resource: 600 << 10})
        edit = scene.editor.submit(request(), [], caller="a", weight=weight)
        follower = edit.follow()
        await settle()
        with pytest.raises(RateLimited) as caught:
            scene.editor.submit(request(), [], caller="a", weight=weight)
        assert caught.value.reason == resource
        scene.pool.open.set()
        await edit.finished()
        follower.leave(0)

    play(story, **{f"max_{resource}_in_flight": 1 << 20})


def test_an_edit_that_has_waited_too_long_is_refused() -> None:
    async def story(scene: Scene) -> None:
        running, waiting = await scene.submit("a"), await scene.submit("b")
        with pytest.raises(RateLimited) as caught:
            await waiting
        assert caught.value.reason == "wait"
        scene.pool.open.set()
        await running
        assert scene.pool.begun == ["a edit"]

    play(story, wait=0.25)


def test_an_edit_that_waited_for_a_pool_without_workers_is_told_so() -> None:
    async def story(scene: Scene) -> None:
        running, waiting = await scene.submit("a"), await scene.submit("b")
        scene.pool.ready = False
        with pytest.raises(NotReady):
            await waiting
        scene.pool.open.set()
        await running

    play(story, wait=0.25)


def test_an_edit_has_one_deadline_for_all_its_stages() -> None:
    async def story(scene: Scene) -> None:
        scene.on_device()
        scene.pool.open.set()
        edit = await scene.submit("a", "device")
        assert scene.device.begun == ["a paint"]
        await asyncio.sleep(0.1)
        scene.pool.open.clear()
        scene.device.open.set()
        await settle()
        assert scene.pool.begun == ["a edit", "a finish"]
        assert len({*scene.pool.ends, *scene.device.ends}) == 1
        with pytest.raises(DeadlineExceeded):
            await edit

    play(story, deadline=1.5)


def test_engines_of_one_device_take_turns_at_it() -> None:
    async def story(scene: Scene) -> None:
        scene.on_device()
        scene.pool.open.set()
        edits = [await scene.submit("a", "device") for _ in range(2)]
        scene.pool._engine = "second"
        edits += [await scene.submit("a", "second") for _ in range(2)]
        assert scene.pool.begun == ["a edit"] * 2  # both places before the device are taken, whosever they are
        assert scene.editor.waiting["device:gpu"] == 3
        scene.device.open.set()
        assert all(await asyncio.gather(*edits))
        assert scene.device.begun == ["a paint"] * 4

    play(story, waiting=9)


def test_an_edit_that_the_next_engine_of_the_same_device_takes_keeps_its_place() -> None:
    async def story(scene: Scene) -> None:
        scene.on_device()
        scene.pool.open.set()
        edits = [await scene.submit("a", "both") for _ in range(2)]
        assert scene.pool.begun == ["a edit"] * 2
        scene.device.open.set()
        assert all(await asyncio.gather(*edits))
        assert scene.pool.begun.count("a edit") == 2  # none was prepared anew

    play(story, waiting=9)


def test_nothing_is_prepared_for_a_device_whose_model_is_still_being_loaded() -> None:
    async def story(scene: Scene) -> None:
        scene.on_device()
        scene.pool.open.set()
        scene.device.warm = False
        edits = [await scene.submit(caller, "device") for caller in "ab"]
        assert scene.editor.unready == "starting"
        assert scene.pool.begun == []
        assert scene.editor.waiting == {"cpu": 0, "device:gpu": 2}
        scene.device.warm = True
        scene.device.loaded.set()
        scene.device.open.set()
        assert all(await asyncio.gather(*edits))

    play(story)


def test_whoever_waits_before_a_device_that_is_lost_waits_for_its_model_again() -> None:
    async def story(scene: Scene) -> None:
        scene.on_device()
        scene.pool.open.set()
        edits = [await scene.submit(caller, "device") for caller in "abc"]
        assert scene.pool.begun == ["a edit", "b edit"]  # both places before the device are taken
        scene.device.warm = False
        scene.device.open.set()
        await asyncio.gather(*edits[:2])
        await settle()
        assert scene.pool.begun.count("c edit") == 0  # and not prepared for nobody
        assert scene.editor.waiting["device:gpu"] == 1
        scene.device.warm = True
        scene.device.loaded.set()
        await edits[2]

    play(story, waiting=9)


def test_a_model_tells_what_its_engine_declares_where_it_paints() -> None:
    async def story(scene: Scene) -> None:
        scene.pool.engines = {"device": {"licence": "planned"}, "echo": {"licence": "x"}}
        assert scene.editor.capabilities("device") == [{"engine": "device", "licence": "planned"}]
        scene.device.engines = {"device": {"licence": "painted"}}
        assert scene.editor.capabilities("mixed") == [
            {"engine": "echo", "licence": "x"},
            {"engine": "device", "licence": "painted", "device": "gpu"},
        ]

    play(story)


def test_few_edits_are_prepared_before_the_device_is_free() -> None:
    async def story(scene: Scene) -> None:
        scene.on_device()
        scene.pool.open.set()
        edits = [await scene.submit(caller, "device") for caller in "aaaab"]
        assert scene.pool.begun == ["a edit", "a edit"]
        assert scene.device.begun == ["a paint"]
        scene.device.open.set()
        assert all(await asyncio.gather(*edits))
        assert scene.device.begun == [f"{caller} paint" for caller in "aaaba"]

    play(story, waiting=9)


def test_an_edit_that_a_later_engine_takes_is_prepared_anew_when_its_turn_comes() -> None:
    async def story(scene: Scene) -> None:
        scene.on_device()
        scene.pool.open.set()
        edits = [await scene.submit("a", "mixed") for _ in range(4)]
        assert scene.pool.begun == ["a edit"] * 4  # each was planned once, but two are still in memory
        scene.device.open.set()
        answers = await asyncio.gather(*edits)
        assert [len(events) for events in answers] == [2] * 4
        assert scene.pool.begun.count("a edit") == 6
        assert scene.editor.in_flight == 0

    play(story, waiting=9)


@pytest.mark.rule("7/grace")
def test_an_edit_whose_client_leaves_while_it_waits_never_runs() -> None:
    async def story(scene: Scene) -> None:
        running, waiting = await scene.submit("a"), await scene.submit("b")
        waiting.cancel()
        await asyncio.wait({waiting})
        await settle()
        await asyncio.sleep(0.01)
        await settle()
        assert scene.editor.in_flight == 1
        scene.pool.open.set()
        await running
        assert scene.pool.begun == ["a edit"]

    play(story)


def test_the_place_of_an_edit_that_nobody_follows_is_given_away_first() -> None:
    async def story(scene: Scene) -> None:
        running = await scene.submit("a")
        left: Edit = scene.editor.submit(request(), [], caller="a")
        left.follow().leave(60)
        waiting = await scene.submit("a")
        last = await scene.submit("a")
        await left.finished()
        assert isinstance(left.error, RateLimited)
        scene.pool.open.set()
        await asyncio.gather(running, waiting, last)

    play(story)


def test_what_still_runs_or_waits_after_the_patience_of_a_drain_is_refused_retryably() -> None:
    async def story(scene: Scene) -> None:
        edits = [await scene.submit("a"), await scene.submit("b")]
        await scene.editor.drain(0.05)
        for edit in edits:
            with pytest.raises(NotReady):
                await edit
        assert scene.editor.in_flight == 0

    play(story)


def test_it_says_why_it_is_not_ready() -> None:
    async def story(scene: Scene) -> None:
        assert scene.editor.unready is None
        scene.device.stalled = True
        assert scene.editor.unready == "stalled"
        scene.device.ready = False
        assert scene.editor.unready == "no_worker"
        scene.device.ready = True
        scene.pool.warm = False
        assert scene.editor.unready == "starting"
        scene.pool.ready = False
        assert scene.editor.unready == "no_worker"
        scene.device.failing = True
        assert scene.editor.unready == "failing"
        await scene.editor.drain(0)
        assert scene.editor.unready == "draining"
        with pytest.raises(NotReady):
            await scene.submit("a")

    play(story)
