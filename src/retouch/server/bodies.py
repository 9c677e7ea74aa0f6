"""The bodies of requests that are being read: so many, of so many bytes, and none for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request

from retouch.errors import NotReady, RateLimited, RequestTimeout, RetouchError
from retouch.server.settings import ServerSettings
from retouch.service.shares import Full, Share, Shares

_YOUNG = 1.0
"""Seconds before a body's pace says anything."""


class Bodies:
    """Those of this server. When there is no room for one more, a slow one is refused for it, or the newest of the
    caller who sends most, see `Shares`; or else the newcomer is."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._shares = Shares(
            bodies=settings.max_uploads, bytes=settings.max_upload_bytes, memory=settings.max_json_bytes_in_flight
        )
        self._reading: set[_Body] = set()
        self._closed: RetouchError | None = None

    @property
    def count(self) -> int:
        """How many are being read."""
        return len(self._shares)

    @property
    def came(self) -> int:
        """Bytes of them that have come so far."""
        return self._shares.total("bytes")

    @asynccontextmanager
    async def reading(
        self, request: Request, caller: str, *, in_memory: bool = False
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """The pieces of the body of ``request`` as they come. Whatever is made of them in the ``with`` block
        counts as being read. ``caller``: who sends it. ``in_memory``: it is kept there, not on disk.

        Raises `RequestTimeout` when they come too slowly, `RateLimited` when there is no room, be it later than
        now, and `NotReady` from `close` on.
        """
        if self._closed is not None:
            raise self._closed
        try:
            share = self._shares.take(caller, bodies=1)
        except Full:
            raise _crowded() from None
        body = _Body(request, share, self._settings, in_memory=in_memory)
        self._reading.add(body)
        try:
            async with body.limit:
                yield body.pieces()
        except TimeoutError:
            if not body.limit.expired():
                raise
            raise body.error or RequestTimeout("Timed out reading the request body.") from None
        finally:
            self._reading.discard(body)
            share.release()

    def close(self) -> None:
        """Read no further: what is not whole is refused retryably, and so is what comes later."""
        self._closed = NotReady("The server is shutting down. Please try again shortly.")
        for body in self._reading:
            body.cut(self._closed)


class _Body:
    """One of them. ``error``: why it was cut."""

    def __init__(self, request: Request, share: Share, settings: ServerSettings, *, in_memory: bool) -> None:
        self._request = request
        self._share = share
        self._settings = settings
        self._in_memory = in_memory
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._came = 0
        self._whole = False
        self.limit = asyncio.timeout(None)
        self.error: RetouchError | None = None
        share.give_way = lambda: self.cut(_crowded())
        share.spare = self._crawls

    async def pieces(self) -> AsyncIterator[bytes]:
        settings = self._settings
        last = self._began + settings.body_total
        until = self._began + min(settings.body_slack, settings.body_idle)
        async for piece in self._paced(last, until):
            try:
                self._share.grow(bytes=len(piece), memory=len(piece) if self._in_memory else 0)
            except Full:
                raise _crowded() from None
            yield piece

    async def _paced(self, last: float, until: float) -> AsyncIterator[bytes]:
        """The pieces. ``until``: when the first is due. What comes buys time at the least rate, but never more
        than the longest silence, so that nobody sends a lot at once and then next to nothing for long."""
        stream = self._request.stream()
        while True:
            if self.error is None:
                self.limit.reschedule(min(until, last))
            try:
                piece = await anext(stream)
            except StopAsyncIteration:
                break
            came = self._loop.time()
            self._came += len(piece)
            until = min(until + len(piece) / self._settings.body_rate, came + self._settings.body_idle)
            yield piece
            until += self._loop.time() - came  # what we do with it is not the sender's time
        self._whole = True
        self._share.give_way = None
        if self.error is None:
            self.limit.reschedule(None)

    def cut(self, error: RetouchError) -> None:
        """Read it no further, unless it is whole or overdue as it is."""
        if not self._whole and self.error is None and not self.limit.expired():
            self.error = error
            self.limit.reschedule(self._loop.time())

    def _crawls(self) -> bool:
        """Whether it will be cut anyway if it goes on at this pace."""
        age = self._loop.time() - self._began
        return age > _YOUNG and self._came < age * self._settings.body_rate


def _crowded() -> RateLimited:
    return RateLimited(
        "The server is busy: too many uploads are in progress. Please try again shortly.", reason="uploads"
    )
