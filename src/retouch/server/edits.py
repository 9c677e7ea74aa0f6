"""POST /v1/images/edits: the story of a request."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import ExitStack, suppress

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from retouch.contract.responses import Chunk
from retouch.errors import InvalidRequest, RateLimited
from retouch.server.access import Access
from retouch.server.identity import identify
from retouch.server.intake import Intake
from retouch.server.outcome import Outcome
from retouch.server.settings import ServerSettings
from retouch.server.stream import EventStream
from retouch.service.caller import Caller
from retouch.service.edit import Follower
from retouch.service.editor import Editor
from retouch.service.replay import Replays
from retouch.storage.local import LocalResults


class Edits:
    """The endpoint, as an ASGI application."""

    def __init__(
        self,
        settings: ServerSettings,
        intake: Intake,
        editor: Editor,
        replays: Replays[Outcome],
        access: Access,
        results: LocalResults,
        *,
        results_path: str,
        grace: float,
    ) -> None:
        self._settings = settings
        self._intake = intake
        self._editor = editor
        self._replays = replays
        self._access = access
        self._results = results
        self._results_path = results_path
        self._grace = grace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        caller = self._access.check(request)
        grace = _grace(request, self._grace)
        outcome = await self._admit(request, caller)
        follower = outcome.edit.follow()
        gone = asyncio.ensure_future(_disconnected(receive))
        answering = asyncio.ensure_future(self._answer(request, outcome, follower, send))
        try:
            await asyncio.wait({gone, answering}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                answering.result()
                outcome.edit.delivered = True
        finally:
            # Also when the server itself stops waiting: the edit has then one follower less.
            follower.leave(grace)
            for task in (gone, answering):
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task

    async def _admit(self, request: Request, caller: Caller) -> Outcome:
        """The edit that answers this request: one that it repeats, or else its own."""
        received = await self._intake.read(request)
        with ExitStack() as held:
            held.callback(received.close)
            edit_request = received.request
            if edit_request.end_user is not None:
                request.state.end_user = hashlib.sha256(edit_request.end_user.encode()).hexdigest()[:16]
            identity = identify(request.headers, received.digest)
            outcome = self._replays.find(identity)
            if outcome is None:
                try:
                    edit = self._editor.submit(
                        edit_request, received.files, caller=caller.id, request_id=request.state.request_id
                    )
                except RateLimited:
                    self._replays.owe(identity)
                    raise
                held.pop_all()  # the files are the edit's now
                outcome = Outcome(edit_request, edit, self._results, self._links(request))
                self._replays.keep(identity, edit, outcome)
        return outcome

    def _links(self, request: Request) -> str:
        base = self._settings.public_url or str(request.base_url)
        return f"{base.rstrip('/')}{self._results_path}"

    async def _answer(self, request: Request, outcome: Outcome, follower: Follower, send: Send) -> None:
        if outcome.request.stream:
            stream = EventStream(outcome, follower, send, self._settings.heartbeat)
            await stream.run()
            if stream.failed is not None:
                request.state.code = stream.failed.code  # the status can no longer say it
            return
        events = [event async for event in follower.events()]
        await _send_json(await outcome.body(events), send)


async def _send_json(chunks: list[Chunk], send: Send) -> None:
    length = sum(len(chunk) for chunk in chunks)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(length).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for number, chunk in enumerate(chunks, 1):
        more = number < len(chunks)
        await send({"type": "http.response.body", "body": chunk, "more_body": more})


def _grace(request: Request, default: float) -> float:
    """The grace period in seconds; a request can shorten it. Raises `InvalidRequest` for a bad header."""
    header = request.headers.get("x-retouch-grace")
    if header is None:
        return default
    if not header.isascii() or not header.replace(".", "", 1).isdigit():
        raise InvalidRequest(
            "Invalid header 'x-retouch-grace': expected a number of seconds.",
            param="x-retouch-grace",
            code="invalid_value",
        )
    return min(default, float(header))


async def _disconnected(receive: Receive) -> None:
    """Returns when the client has gone; the body is read by then."""
    while (await receive())["type"] != "http.disconnect":
        pass
