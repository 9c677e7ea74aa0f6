"""Answers on their way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any

import pytest

from retouch.errors import RateLimited
from retouch.server.outgoing import Outgoing
from retouch.server.protocol import ABORT


class Scene:
    def __init__(self, slow: float) -> None:
        self.outgoing = Outgoing(100, slow)
        self.aborted: list[str] = []
        self.open = ExitStack()

    def send(self, caller: str, *sizes: int) -> None:
        state: dict[str, Any] = {ABORT: lambda: self.aborted.append(f"{caller} {sum(sizes)}")}
        held = self.open.enter_context(self.outgoing.holding({"state": state}, caller))
        for size in sizes:
            held.grow(size)


def play(story: Callable[[Scene], Awaitable[None]], slow: float = 60.0) -> None:
    async def main() -> None:
        scene = Scene(slow)
        with scene.open:
            await story(scene)
        assert scene.outgoing.held == 0

    asyncio.run(main())


def test_the_connection_of_whoever_has_most_on_its_way_is_cut_for_another() -> None:
    async def story(scene: Scene) -> None:
        scene.send("many", 50)
        scene.send("many", 20, 20)
        scene.send("one", 30)
        assert scene.aborted == ["many 40"]
        assert scene.outgoing.held == 80

    play(story)


def test_an_answer_for_which_there_is_no_room_is_a_429() -> None:
    async def story(scene: Scene) -> None:
        scene.send("a", 40)
        scene.send("b", 40)
        with pytest.raises(RateLimited) as caught:
            scene.send("b", 40)
        assert caught.value.reason == "answers"
        assert scene.aborted == []

    play(story)


def test_an_answer_that_has_been_on_its_way_for_long_is_cut_first_even_for_its_own_caller() -> None:
    async def story(scene: Scene) -> None:
        scene.send("a", 90)
        await asyncio.sleep(0.05)
        scene.send("a", 50)
        assert scene.aborted == ["a 90"]

    play(story, slow=0.02)


def test_an_answer_larger_than_the_limit_is_sent_alone() -> None:
    async def story(scene: Scene) -> None:
        scene.send("a", 150, 150)

    play(story)
