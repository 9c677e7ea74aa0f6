"""Work in threads that is not left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def to_its_end(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """``function`` in a thread. Who is cancelled meanwhile waits for its end first, so that what it works with (a
    descriptor, that would come to mean another file) can be closed after."""
    working = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        while not working.done():
            with suppress(asyncio.CancelledError):  # told again, it still has to wait
                await asyncio.wait({working})
        working.exception()  # nobody is left to tell
        raise
