"""POST /v1/images/edits: the story of a request."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import ExitStack, suppress

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from retouch.contract.responses import Chunk
from retouch.errors import InvalidRequest, RateLimited, RetouchError
from retouch.server.access import Access
from retouch.server.budgets import Account, Budgets
from retouch.server.identity import claims_repetition, identify, is_retried, sender
from retouch.server.intake import Intake, Received
from retouch.server.outcome import Outcome
from retouch.server.outgoing import Outgoing
from retouch.server.protocol import CUT
from retouch.server.record import record_of
from retouch.server.settings import ServerSettings
from retouch.server.stream import EventStream
from retouch.server.witness import Witness
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
        budgets: Budgets,
        results: LocalResults,
        witness: Witness,
        *,
        results_path: str,
        grace: float,
    ) -> None:
        self._settings = settings
        self._intake = intake
        self._editor = editor
        self._replays = replays
        self._access = access
        self._budgets = budgets
        self._results = results
        self._witness = witness
        self._results_path = results_path
        self._grace = grace
        self._outgoing = Outgoing(settings.max_answer_bytes, settings.send_idle / 4)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        caller = self._access.check(request)
        record_of(scope).caller = caller.id
        grace = _grace(request, self._grace)
        async with self._budgets.open(caller) as account:
            request.state.headers = account.headers
            outcome = await self._admit(request, caller, account)
            await self._follow(request, outcome, grace, receive, send)

    async def _follow(
        self, request: Request, outcome: Outcome, grace: float, receive: Receive, send: Send
    ) -> None:
        """Answer with the edit for as long as the client is there."""
        follower = outcome.edit.follow()
        gone = asyncio.ensure_future(_disconnected(receive))
        answering = asyncio.ensure_future(self._answer(request, outcome, follower, send))
        try:
            await asyncio.wait({gone, answering}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                answering.result()
                outcome.edit.delivered = outcome.edit.delivered or CUT not in request.scope["state"]
        finally:
            # Also when the server itself stops waiting: the edit has then one follower less.
            follower.leave(grace)
            for task in (gone, answering):
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task

    async def _admit(self, request: Request, caller: Caller, account: Account) -> Outcome:
        """The edit that answers this request: one that it repeats, or else its own, which is paid for."""
        record = record_of(request.scope)
        with record.journal.measure("parse"):
            received = await self._read(request, caller, account)
        with ExitStack() as held:
            held.callback(received.close)
            record.model = received.request.model
            if received.request.end_user is not None:
                record.end_user = hashlib.sha256(received.request.end_user.encode()).hexdigest()[:16]
            identity = identify(request.headers, received.digest, caller.id)
            try:
                repeats = self._replays.knows(identity)
            except InvalidRequest:
                await account.request()  # it named another request in vain
                raise
            while True:
                if not repeats:
                    try:
                        await account.request()
                        await account.images(len(received.request.images), received.request.model)
                        if received.pending:
                            with record.journal.measure("fetch"):
                                received = await self._complete(request, received, caller)
                            held.callback(received.close)
                    except RateLimited:
                        self._replays.owe_still(identity)
                        raise
                # Before the search: between that and `keep` nothing else may run.
                weight = await self._editor.weigh(received.files)
                outcome = self._replays.find(identity)
                if outcome is not None or not repeats:
                    break
                # What it was to repeat has ended badly this moment, or is somebody else's after all, so that it
                # wants an edit of its own, for which nothing has been paid or fetched yet. It is owed one still.
                self._replays.owe(identity)
                repeats = False
            edit_request = received.request
            if outcome is not None:
                if outcome.edit.crowded:
                    raise RateLimited(
                        "The server is busy with this very request. Please wait for its answer.",
                        reason="followers",
                    )
                account.waive()
                record.reused = "replayed" if outcome.edit.ended else "joined"
            else:
                try:
                    edit = self._editor.submit(
                        edit_request,
                        received.files,
                        caller=caller.id,
                        request_id=record.id,
                        weight=weight,
                    )
                except RateLimited:
                    self._replays.owe(identity)
                    raise
                held.pop_all()  # the files are the edit's now
                outcome = Outcome(edit_request, edit, self._results, self._links(request))
                self._replays.keep(identity, edit, outcome)
                self._witness.edit_begins(record, edit)
            record.edit = outcome.edit.request_id
        return outcome

    async def _complete(self, request: Request, received: Received, caller: Caller) -> Received:
        """With the files that it names, unless the client leaves meanwhile."""
        completing = asyncio.ensure_future(self._intake.complete(received, caller, record_of(request.scope).id))
        gone = asyncio.ensure_future(_disconnected(request.receive))
        try:
            await asyncio.wait({completing, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not completing.done():
                raise ClientDisconnect
            return completing.result()
        finally:
            for task in (gone, completing):
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task

    async def _read(self, request: Request, caller: Caller, account: Account) -> Received:
        """The body. A request is paid for before, unless it may be one that was paid for."""
        try:
            if claims_repetition(request.headers):
                await account.look()
            else:
                await account.request()
            return await self._intake.read(request, caller)
        except RateLimited:
            self._replays.owe_unread(sender(request.headers, caller.id), retried=is_retried(request.headers))
            raise
        except (RetouchError, ClientDisconnect):
            await account.request()  # what claims in vain to be a repetition is not free
            raise

    def _links(self, request: Request) -> str:
        base = self._settings.public_url or str(request.base_url)
        return f"{base.rstrip('/')}{self._results_path}"

    async def _answer(self, request: Request, outcome: Outcome, follower: Follower, send: Send) -> None:
        record = record_of(request.scope)
        if outcome.request.stream:
            with self._outgoing.holding(request.scope, record.caller or "") as held:
                stream = EventStream(outcome, follower, send, held, self._settings.heartbeat)
                await stream.run()
            if stream.failed is not None:
                record.refused(stream.failed)  # the status can no longer say it
            return
        events = [event async for event in follower.events()]
        chunks = await outcome.body(events)
        with self._outgoing.holding(request.scope, record.caller or "") as held:
            held.grow(sum(len(chunk) for chunk in chunks))
            await _send_json(chunks, send)


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
