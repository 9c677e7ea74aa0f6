"""The answer to ``stream=true``: server-sent events."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import AsyncIterator, Sequence

import structlog
from starlette.types import Send

from retouch.contract.events import HEARTBEAT, completed_event, error_event, partial_event
from retouch.contract.parameters import EditRequest
from retouch.errors import Cancelled, InternalError, RetouchError
from retouch.server.billing import Bill
from retouch.service.edit import Edit, Event, PictureReady, Planned, PreviewReady

log = structlog.get_logger("retouch.requests")


class EventStream:
    """Follows an edit. The 200 is sent when the engine has accepted it, so that everything judged before is
    a plain HTTP error; then a comment whenever nothing else was sent for ``heartbeat`` seconds."""

    def __init__(self, request: EditRequest, edit: Edit, send: Send, heartbeat: float) -> None:
        self._request = request
        self._edit = edit
        self._send = send
        self._heartbeat = heartbeat
        self._bill = Bill(request)
        self._created = int(time.time())
        self._started = False
        self._finished = 0

    async def run(self) -> None:
        """Raises what the edit failed with before it was accepted; later failures become an event."""
        try:
            async for event in self._events():
                await self._tell(event)
            if self._bill.planned is None or not self._finished:
                raise InternalError
        except Cancelled:
            raise
        except Exception as error:
            if not self._started:
                raise
            known = error if isinstance(error, RetouchError) else InternalError()
            if known is not error:
                log.error("stream_failed", traceback=traceback.format_exc())
            await self._write(error_event(known))
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _events(self) -> AsyncIterator[Event | None]:
        """The edit's events, with None for every silence."""
        source = self._edit.events()
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
            self._bill.planned = event
            headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
            # Buffering proxies would hold back the previews.
            headers.append((b"x-accel-buffering", b"no"))
            await self._send({"type": "http.response.start", "status": 200, "headers": headers})
            self._started = True
        elif event is None:
            if self._started:
                await self._write([HEARTBEAT])
        elif isinstance(event, PreviewReady):
            if self._finished == 0 and self._bill.partials < self._request.partial_images:
                await self._write(self._partial(event))
                self._bill.partials += 1
        else:
            await self._write(self._completed(event))
            self._finished += 1

    def _partial(self, event: PreviewReady) -> Sequence[bytes | memoryview]:
        return partial_event(
            self._request,
            b64_json=event.data,
            created_at=self._created,
            size=event.size,
            background=event.background,
            index=self._bill.partials,
        )

    def _completed(self, event: PictureReady) -> Sequence[bytes | memoryview]:
        planned = self._bill.planned
        return completed_event(
            self._request,
            b64_json=event.data,
            created_at=self._created,
            size=event.size,
            background=event.background,
            usage=self._bill.one(first=self._finished == 0),
            revised_prompt=planned.revised_prompt if planned else None,
        )

    async def _write(self, chunks: Sequence[bytes | memoryview]) -> None:
        for chunk in chunks:
            await self._send({"type": "http.response.body", "body": bytes(chunk), "more_body": True})
