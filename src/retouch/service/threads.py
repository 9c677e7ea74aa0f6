"""Work that may block, away from the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(work: Callable[P, T], /, *args: P.args, **keywords: P.kwargs) -> T:
    """What ``work`` gives, done in a thread.

    Whoever is cancelled meanwhile goes on only when it has ended: a thread cannot be stopped, and the files that
    it works with must not be closed under it, since their numbers may be another's by then.
    """
    working = asyncio.ensure_future(asyncio.to_thread(work, *args, **keywords))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        while not working.done():
            with suppress(asyncio.CancelledError):  # told again, it still has to wait
                await asyncio.wait({working})
        working.exception()  # nobody is left to tell
        raise
