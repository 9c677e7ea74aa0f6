"""How late the event loop is: whatever blocks it makes every request wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

EVERY = 0.5
"""Seconds between two looks."""


async def feel(tell: Callable[[float], object]) -> None:
    """Until cancelled, tell after each sleep how many seconds late the loop woke up."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + EVERY
        await asyncio.sleep(EVERY)
        tell(max(0.0, loop.time() - due))
