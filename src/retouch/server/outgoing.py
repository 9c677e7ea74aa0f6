"""Answers on their way to clients, which are held in memory until they have been taken."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Scope

from retouch.errors import RateLimited
from retouch.server.protocol import ABORT
from retouch.service.shares import Full, Share, Shares


class Held:
    """One answer."""

    def __init__(self, share: Share) -> None:
        self._share = share

    def grow(self, size: int) -> None:
        """``size`` more bytes of it are there to be sent. Raises `RateLimited` when there is no room for them."""
        try:
            self._share.grow(bytes=size)
        except Full:
            raise RateLimited(
                "The server is busy: too many answers wait for their clients. Please try again shortly.",
                reason="answers",
            ) from None


class Outgoing:
    """Those of this server, of at most ``limit`` bytes together. When there is no room for one more, the
    connection of one that has been on its way for ``slow`` seconds is cut for it, or of the newest of whoever has
    most, see `Shares`."""

    def __init__(self, limit: int, slow: float) -> None:
        self._shares = Shares(bytes=limit)
        self._slow = slow

    @property
    def held(self) -> int:
        """Bytes of them."""
        return self._shares.total("bytes")

    @contextmanager
    def holding(self, scope: Scope, caller: str) -> Iterator[Held]:
        """The answer to the request of ``scope``, until the ``with`` block is left."""
        loop = asyncio.get_running_loop()
        share, began = self._shares.take(caller), loop.time()
        share.give_way = scope["state"].get(ABORT)
        share.spare = lambda: loop.time() - began > self._slow
        try:
            yield Held(share)
        finally:
            share.release()
