"""A bounded number of edits prepared for a device: pictures in memory wait for it only shortly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from retouch.service.line import Line


class Gate:
    """Lets ``places`` edits through at a time, in turn between callers."""

    def __init__(self, places: int) -> None:
        if places < 1:
            raise ValueError("a gate has at least 1 place")
        self._free = places
        self._line: Line[None] = Line(lambda _: self._leave())

    @property
    def full(self) -> bool:
        """Whether somebody who came now would wait."""
        return self._free == 0

    @property
    def waiting(self) -> int:
        """How many wait before it."""
        return len(self._line)

    @asynccontextmanager
    async def enter(self, caller: str, cancel: asyncio.Event) -> AsyncIterator[None]:
        """Hold a place in the ``with`` block. Raises `Cancelled` when ``cancel`` is set before there is one."""
        if self._free:
            self._free -= 1
        else:
            await self._line.wait(caller, cancel)
        try:
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        if not self._line.give(None):
            self._free += 1
