from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from retouch.errors import Cancelled
from retouch.service.gate import Gate


def test_it_lets_so_many_through_and_the_next_when_one_has_left() -> None:
    async def main() -> None:
        gate, order = Gate(2), list[str]()

        async def enter(caller: str, stay: asyncio.Event) -> None:
            async with gate.enter(caller, asyncio.Event()):
                order.append(caller)
                await stay.wait()

        stays = [asyncio.Event() for _ in range(4)]
        tasks = [asyncio.ensure_future(enter(name, stay)) for name, stay in zip("aaab", stays, strict=True)]
        await asyncio.sleep(0)
        assert (order, gate.full, gate.waiting) == (["a", "a"], True, 2)
        stays[0].set()
        await tasks[0]
        await asyncio.sleep(0)
        assert gate.waiting == 1
        for stay in stays:
            stay.set()
        await asyncio.gather(*tasks)
        assert sorted(order) == ["a", "a", "a", "b"]
        assert not gate.full

    asyncio.run(main())


def test_whoever_is_cancelled_before_it_takes_no_place() -> None:
    async def main() -> None:
        gate, cancel = Gate(1), asyncio.Event()
        async with AsyncExitStack() as held:
            await held.enter_async_context(gate.enter("a", asyncio.Event()))
            waiting = asyncio.ensure_future(held.enter_async_context(gate.enter("b", cancel)))
            await asyncio.sleep(0)
            cancel.set()
            with pytest.raises(Cancelled):
                await waiting
            assert gate.full
        assert not gate.full

    asyncio.run(main())


def test_a_gate_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Gate(0)
