"""The answer to ``stream=true``: server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import structlog
from starlette.types import Send

from retouch.contract.events import HEARTBEAT, error_event
from retouch.errors import Cancelled, InternalError, RetouchError
from retouch.server.outcome import Outcome
from retouch.server.outgoing import Held
from retouch.service.edit import Event, Follower, Planned, PreviewReady
from retouch.service.tracebacks import where

log = structlog.get_logger("retouch.requests")


class EventStream:
    """Tells what ``follower`` sees. The 200 is sent when the engine has accepted the edit, so that everything
    judged before is a plain HTTP error; then a comment whenever nothing else was sent for ``heartbeat``
    seconds. ``held``: where what is sent is counted. ``failed``: what became an event because the 200 was out."""

    def __init__(self, outcome: Outcome, follower: Follower, send: Send, held: Held, heartbeat: float) -> None:
        self._outcome = outcome
        self._follower = follower
        self._send = send
        self._held = held
        self._heartbeat = heartbeat
        self._started = False
        self.failed: RetouchError | None = None

    async def run(self) -> None:
        """Raises what the edit failed with before it was accepted; later failures become an event."""
        try:
            async for event in self._events():
                await self._tell(event)
        except Cancelled:
            raise
        except Exception as error:
            if not self._started:
                raise
            known = error if isinstance(error, RetouchError) else InternalError()
            if known is not error:
                log.error("stream_failed", request_id=self._outcome.edit.request_id, error=where(error))
            self.failed = known
            await self._write(error_event(known))
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _events(self) -> AsyncIterator[Event | None]:
        """The edit's events, with None for every silence."""
        source = self._follower.events()
        step = asyncio.ensure_future(anext(source))
        try:
            while True:
                await asyncio.wait({step}, timeout=self._heartbeat)
                if not step.done():
                    yield None
                    continue
                try:
                    event = step.result()
                except StopAsyncIteration:
                    return
                step = asyncio.ensure_future(anext(source))
                yield event
        finally:
            step.cancel()

    async def _tell(self, event: Event | None) -> None:
        if isinstance(event, Planned):
            self._outcome.accepted(event)
            headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
            # Buffering proxies would hold back the previews.
            headers.append((b"x-accel-buffering", b"no"))
            await self._send({"type": "http.response.start", "status": 200, "headers": headers})
            self._started = True
        elif event is None:
            if self._started:
                await self._write([HEARTBEAT])
        elif isinstance(event, PreviewReady):
            if partial := self._outcome.partial(event):
                self._hold(partial)
                await self._write(partial)
        else:
            completed = self._outcome.completed(event)
            self._hold(completed)
            await self._write(completed)

    def _hold(self, chunks: Sequence[bytes | memoryview]) -> None:
        self._held.grow(sum(len(chunk) for chunk in chunks))

    async def _write(self, chunks: Sequence[bytes | memoryview]) -> None:
        for chunk in chunks:
            await self._send({"type": "http.response.body", "body": bytes(chunk), "more_body": True})
