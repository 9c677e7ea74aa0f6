"""Processes that paint on a device: what they load takes long, and losing one is dear."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from retouch.app import create_editor
from retouch.contract.catalogue import Catalogue
from retouch.contract.form import FilePart, Part, TextPart
from retouch.contract.parameters import parse_form
from retouch.errors import Cancelled, NotReady
from retouch.service.arrays import store
from retouch.service.local import LocalPool
from retouch.service.settings import ServiceSettings
from retouch.service.task import EngineSpec, Task, WorkerConfig
from retouch.service.turn import Turn
from retouch.service.wire import Kind

REQUEST = parse_form([TextPart("prompt", "x"), FilePart("image", "a.png", "image/png", 1)], Catalogue())
TASK = Task("paint", REQUEST, ("first",), (0,), plan={})
WHITE = np.full((8, 8, 3), 255, np.uint8)


def play(
    story: Callable[[LocalPool], Awaitable[None]], *, loads: float, start: float = 30.0, deadline: float = 30.0
) -> None:
    """Tell ``story`` to the process of a device whose first engine takes ``loads`` seconds to warm up."""
    options = {"place": "device", "loads": loads}
    engines = (EngineSpec("first", "echo", options), EngineSpec("second", "echo", {**options, "loads": 300.0}))

    async def main() -> None:
        config = WorkerConfig(engines=engines, device="gpu")
        pool = LocalPool(config, count=1, deadline=deadline, heed=20, start=start, loads=True)
        await pool.start()
        try:
            async with asyncio.timeout(25):
                await story(pool)
        finally:
            await pool.stop()

    asyncio.run(main())


async def paint(pool: LocalPool, prompt: str, cancel: asyncio.Event | None = None) -> list[Kind]:
    form: list[Part] = [TextPart("prompt", prompt), FilePart("image", "a.png", "image/png", 1)]
    task = replace(TASK, request=parse_form(form, Catalogue()), plan={"revised_prompt": ""})
    box = np.array((0, 0, 8, 8), np.int64)
    weight = np.ones((8, 8), np.float32)
    arrays: dict[str, NDArray[Any] | None] = {
        "base.rgb": WHITE,
        "source0.rgb": WHITE,
        "weight": weight,
        "box": box,
    }
    fd = store(arrays)
    turn = Turn(5.0)
    turn.begin()
    try:
        async with aclosing(pool.frames(task, [fd], cancel or asyncio.Event(), turn)) as frames:
            kinds = []
            async for frame in frames:
                kinds.append(frame.kind)
                frame.close()
            return kinds
    finally:
        os.close(fd)


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.01)


def test_the_first_engine_is_warmed_and_whoever_comes_before_waits() -> None:
    async def story(pool: LocalPool) -> None:
        assert pool.ready
        assert not pool.warm
        assert set(pool.engines) == {"first", "second"}
        waiting = [asyncio.ensure_future(pool.warmed(caller, asyncio.Event())) for caller in "ab"]
        await until(lambda: pool.waiting == 2)
        await asyncio.gather(*waiting)
        assert pool.warm
        await pool.warmed("c", asyncio.Event())

    play(story, loads=0.5)


def test_who_waits_for_a_model_may_leave() -> None:
    async def story(pool: LocalPool) -> None:
        cancel = asyncio.Event()
        waiting = asyncio.ensure_future(pool.warmed("a", cancel))
        await until(lambda: pool.waiting == 1)
        cancel.set()
        with pytest.raises(Cancelled):
            await waiting
        assert pool.waiting == 0
        waiting = asyncio.ensure_future(pool.warmed("a", asyncio.Event()))
        await until(lambda: pool.waiting == 1)
        await pool.stop()
        with pytest.raises(NotReady):
            await waiting

    play(story, loads=60)


def test_a_process_that_dies_is_not_warm_again_before_its_model_is() -> None:
    async def story(pool: LocalPool) -> None:
        await pool.warmed("a", asyncio.Event())
        (pid,) = pool.pids
        os.kill(pid, signal.SIGKILL)
        await until(lambda: not pool.warm)
        await until(lambda: pool.ready)
        assert not pool.warm
        with pytest.raises(NotReady, match="being loaded again"):
            async with aclosing(pool.frames(TASK, [], asyncio.Event())) as frames:
                await anext(frames)
        await pool.warmed("a", asyncio.Event())
        assert pool.replaced == 1

    play(story, loads=0.5)


def test_a_cancelled_edit_ends_at_once_although_its_device_has_long_to_notice() -> None:
    async def story(pool: LocalPool) -> None:
        await pool.warmed("a", asyncio.Event())
        (pid,) = pool.pids
        cancel = asyncio.Event()
        painting = asyncio.ensure_future(paint(pool, "[hang]", cancel))
        await until(lambda: not pool._idle)
        waiting = asyncio.ensure_future(paint(pool, "x"))
        await until(lambda: pool.waiting == 1)
        cancel.set()
        async with asyncio.timeout(10):
            with pytest.raises(Cancelled):
                await painting
        assert pool.pids == [pid]
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(NotReady, match="being loaded again"):
            await waiting

    play(story, loads=0)


def test_an_edit_has_its_whole_deadline_from_when_the_device_takes_it() -> None:
    async def story(pool: LocalPool) -> None:
        await pool.warmed("a", asyncio.Event())
        first = asyncio.ensure_future(paint(pool, "[sleep 6]"))
        await until(lambda: not pool._idle)
        second = await paint(pool, "[sleep 6]")
        assert [await first, second] == [[Kind.PICTURE]] * 2

    play(story, loads=0, deadline=11)


def test_who_waits_for_a_model_that_cannot_be_loaded_is_told_and_so_is_who_comes_then() -> None:
    async def story(pool: LocalPool) -> None:
        waiting = asyncio.ensure_future(pool.warmed("a", asyncio.Event()))
        await until(lambda: pool.waiting == 1)
        assert not pool.failing
        (pid,) = pool.pids
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(NotReady, match="cannot be loaded"):
            await waiting
        assert pool.failing
        with pytest.raises(NotReady, match="cannot be loaded"):
            await pool.warmed("a", asyncio.Event())

    play(story, loads=60)


def test_a_process_that_is_not_warm_in_time_is_replaced() -> None:
    async def story(pool: LocalPool) -> None:
        (pid,) = pool.pids
        await until(lambda: pool.pids != [pid])
        assert not pool.warm

    play(story, loads=60, start=6)


def test_engines_share_the_process_of_the_device_that_their_options_name() -> None:
    def device(name: str | None) -> dict[str, object]:
        return {"kind": "echo-device", "options": {"device": name} if name else {}}

    engines = {
        "echo": {"kind": "echo"},
        "a": device("cuda"),
        "b": device("cuda:1"),
        "c": device("cuda:0"),
        "d": device("cpu"),
        "e": device(None),
    }
    settings = ServiceSettings.model_validate(
        {
            "engines": engines,
            "chain": ["a", "echo"],
            "device_deadline": 900,
            "device_start": 700,
            "device_heed": 50,
        }
    )
    editor = create_editor(settings)
    assert list(editor.pools) == ["cpu", "device:cuda:0", "device:cuda:1", "device:cpu", "device:auto"]
    assert [device.engines for device in editor._devices] == [("a", "c"), ("b",), ("d",), ("e",)]
    pool = editor.pools["device:cuda:0"]
    assert isinstance(pool, LocalPool)
    assert (pool._deadline, pool._start, pool._heed, pool._loads) == (900, 700, 50, True)
