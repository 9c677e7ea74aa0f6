"""What surrounds every request: its id, its timing, its log line, and an answer for whatever went wrong."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from retouch.contract import messages
from retouch.errors import Cancelled, InternalError, MethodNotAllowed, NotFound, NotReady, RetouchError
from retouch.server import descriptors
from retouch.server.answers import error_response
from retouch.server.protocol import CROWDED, CUT, LINGERS, crowded
from retouch.server.record import Record
from retouch.server.settings import ServerSettings
from retouch.server.witness import Witness
from retouch.service.journal import Span
from retouch.service.tracebacks import where

log = structlog.get_logger("retouch.requests")


class RequestContext:
    """ASGI middleware: nothing below it can leave a client without an answer."""

    def __init__(self, app: ASGIApp, settings: ServerSettings, witness: Witness) -> None:
        self._app = app
        self._settings = settings
        self._witness = witness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(self._app, self._settings, self._witness, scope, receive, send)
        await exchange.run()


class _Exchange:
    """One request and its response."""

    def __init__(
        self,
        app: ASGIApp,
        settings: ServerSettings,
        witness: Witness,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        self._app = app
        self._settings = settings
        self._witness = witness
        self._scope = scope
        self._receive = receive
        self._send = send
        self._record = Record(f"req_{uuid.uuid4().hex}", scope["method"])
        self._answer_began = 0.0
        self._sending = 0.0
        self._whole_body = False
        self._complete = False

    async def run(self) -> None:
        record = self._record
        self._scope.setdefault("state", {}).update(record=record)
        self._witness.request_begins(record, Headers(scope=self._scope))
        try:
            if self._scope["state"].get(CROWDED):
                raise crowded()
            await self._app(self._scope, self.receive, self.send)
        except Cancelled:
            record.code = "cancelled"
        except ClientDisconnect:
            record.code = "client_left"
        except asyncio.CancelledError:
            # The server has waited long enough and ends what is left.
            self._whole_body = True
            record.code = "shutdown"
            await self._answer(NotReady("The server is shutting down. Please try again shortly."))
            raise
        except RetouchError as error:
            record.refused(error)
            await self._answer(error)
        except Exception as error:
            if descriptors.is_exhausted(error):
                refusal = descriptors.exhausted()
                record.refused(refusal)
                await self._answer(refusal)
                return
            record.code = InternalError.code
            log.error("request_failed", request_id=record.id, error=where(error))
            await self._answer(InternalError())
        finally:
            record.gone = record.gone or CUT in self._scope["state"]
            record.route = getattr(self._scope.get("route"), "path", "")
            if record.journal.spans and self._answer_began:
                record.journal.spans.append(Span("send", self._answer_began, self._sending))
            self._witness.request_ends(record)

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._record.gone = not self._complete  # it is also said once the answer is out
            return message
        self._record.bytes_in += len(message.get("body", b""))
        if not message.get("more_body", False):
            self._whole_body = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._record.status = message["status"]
            self._answer_began = time.time()
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self._record.id
            headers["openai-version"] = "2020-10-01"
            headers["openai-processing-ms"] = str(round(self._record.seconds * 1000))
            headers["x-content-type-options"] = "nosniff"
            headers.update(self._scope["state"].get("headers", {}))  # what a route says in each of its answers
        else:
            self._record.bytes_out += len(message.get("body", b""))
            if not message.get("more_body", False):
                self._complete = True
        began = time.perf_counter()
        try:
            await self._send(message)
        finally:
            self._sending += time.perf_counter() - began

    async def _answer(self, error: RetouchError) -> None:
        if self._record.status or self._record.gone:
            return  # The stream has begun, or nobody is there: there is no place for an answer.
        response = error_response(error)
        if self._whole_body or not _has_body(self._scope):
            await response(self._scope, self.receive, self.send)
            return
        # A client that is still sending gets the whole answer first; what it goes on sending is read for a
        # while, because closing at once would reset the connection and lose the answer on its way.
        response.headers["connection"] = "close"
        await self.send(
            {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
        )
        await self.send({"type": "http.response.body", "body": bytes(response.body), "more_body": True})
        self._scope["state"].get(LINGERS, lambda: None)()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.drain_seconds):
                await self._drain()
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _drain(self) -> None:
        left = self._settings.drain_bytes
        while left > 0 and not self._whole_body and not self._record.gone:
            message = await self.receive()
            left -= len(message.get("body", b""))


def _has_body(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"


async def refuse_route(request: Request, error: Exception) -> Response:
    """Starlette's own refusals (no such route, no such method) in the contract's shape."""
    where = f"({request.method} {messages.echo(request.url.path)})"
    if isinstance(error, HTTPException) and error.status_code == 405:
        refused: RetouchError = MethodNotAllowed(f"Invalid method for URL {where}")
        refused.headers.update(error.headers or {})
    else:
        refused = NotFound(f"Invalid URL {where}")
    return error_response(refused)
