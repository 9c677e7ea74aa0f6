"""Whatever happens to edits and whenever, nothing that they held stays held."""

from __future__ import annotations

import asyncio
import os
import random
from typing import Any

import pytest

from retouch.errors import NotReady, RateLimited
from retouch.service.edit import Edit
from retouch.service.weight import Weight
from tests.descriptors import descriptors
from tests.service.test_editor import Scene, request

MODELS = ["echo", "device", "mixed"]
LIMITS: dict[str, Any] = {"waiting": 3, "max_bytes_in_flight": 5000, "prepared": 0}


class Held:
    """An upload. ``closed``: how often it was."""

    def __init__(self) -> None:
        self.closed = 0
        self._fd = os.memfd_create("upload")

    def fileno(self) -> int:
        return self._fd

    def close(self) -> None:
        self.closed += 1
        os.close(self._fd)


class Trial:
    """A scene in which anything may happen."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.uploads: list[Held] = []
        self.edits: list[Edit] = []

    def submit(self, caller: str, model: str, size: int) -> None:
        upload = Held()
        try:
            edit = self.scene.editor.submit(request(model), [upload], caller=caller, weight=Weight(size, 1))
        except (RateLimited, NotReady):
            upload.close()
            return
        self.uploads.append(upload)
        self.edits.append(edit)

    def change(self, chance: random.Random) -> None:
        """One thing that may happen."""
        scene, edit = self.scene, chance.choice(self.edits) if self.edits else None
        match chance.randrange(8):
            case 0 | 1 | 2:
                self.submit(chance.choice("abc"), chance.choice(MODELS), chance.choice([10, 900, 3000, 9000]))
            case 3:
                gate = chance.choice([scene.pool.open, scene.device.open])
                gate.clear() if gate.is_set() else gate.set()
            case 4 if edit is not None:
                edit.follow().leave(chance.choice([0, 0.001, 5]))
            case 5 if edit is not None:
                edit.cancel()
            case 6 if edit is not None:
                edit._task.cancel()
            case _:
                on_device = chance.random() < 0.5
                scene.pool._engine, scene.pool._place = ("device", "device") if on_device else ("echo", "worker")

    def check(self) -> None:
        """What holds at any time."""
        editor = self.scene.editor
        assert editor.in_flight <= 1 + LIMITS["waiting"]
        shares = editor._admission._shares
        held = sum(share.amounts["bytes"] for share in shares._held)
        assert shares.total("bytes") == held
        assert held <= LIMITS["max_bytes_in_flight"] or len(shares) == 1
        assert editor._places.gates["device"]._free in (0, 1)

    async def end(self) -> None:
        """Let everything go on to its end, and see that nothing is left of it."""
        scene = self.scene
        scene.pool.open.set()
        scene.device.open.set()
        async with asyncio.timeout(5):
            await asyncio.gather(*(edit.finished() for edit in self.edits))
        await asyncio.sleep(0)
        assert scene.editor.in_flight == 0
        assert not scene.editor._edits
        assert not scene.editor._admission._shares._callers
        assert scene.editor._places.gates["device"]._free == 1
        assert scene.editor.waiting == {"cpu": 0, "device:gpu": 0}
        assert scene.pool._free
        assert scene.device._free
        assert [upload.closed for upload in self.uploads] == [1] * len(self.uploads)


@pytest.mark.parametrize("seed", range(40))
def test_nothing_is_left_of_edits_that_come_wait_run_leave_and_are_cancelled_in_any_order(seed: int) -> None:
    chance = random.Random(seed)

    async def story() -> None:
        trial = Trial(Scene(**LIMITS))
        for _ in range(150):
            trial.change(chance)
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
            trial.check()
        await trial.end()

    before = descriptors()
    asyncio.run(story())
    assert descriptors() <= before


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("how", ["cancelled", "interrupted"])
def test_nothing_is_left_of_an_edit_that_is_stopped_at_any_of_its_steps(model: str, how: str) -> None:
    async def story(steps: int) -> bool:
        trial = Trial(Scene(**LIMITS))
        trial.scene.pool.open.set()
        trial.scene.device.open.set()
        if model != "echo":
            trial.scene.on_device()
        for _ in range(3):  # the second waits for the worker, or before the device
            trial.submit("a", model, 10)
        edit = trial.edits[1]
        for _ in range(steps):
            await asyncio.sleep(0)
        late = edit.ended
        edit.cancel() if how == "cancelled" else edit._task.cancel()
        await trial.end()
        return late

    before = descriptors()
    steps = 1
    while not asyncio.run(story(steps)):
        steps += 1
    assert steps > 8
    assert descriptors() <= before


@pytest.mark.parametrize("taken_by", ["a worker", "the device"])
def test_a_place_before_a_device_is_free_again_once_another_engine_has_taken_the_edit(taken_by: str) -> None:
    async def story() -> None:
        scene = Scene(**LIMITS)
        if taken_by == "the device":
            scene.on_device()
        edit = scene.editor.submit(request("device"), [])
        events = edit.follow().events()
        scene.pool.open.set()
        if taken_by == "a worker":
            await anext(events)
        else:
            while not scene.device.begun:
                await asyncio.sleep(0)
        assert scene.editor._places.gates["device"].full == (taken_by == "the device")
        scene.device.open.set()
        await edit.finished()

    asyncio.run(story())
