"""What surrounds every request: its id, its timing, its log line, and an answer for whatever went wrong."""

from __future__ import annotations

import asyncio
import contextlib
import time
import traceback
import uuid

import structlog
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from retouch.errors import Cancelled, InternalError, MethodNotAllowed, NotFound, NotReady, RetouchError
from retouch.server.answers import error_response
from retouch.server.settings import ServerSettings

log = structlog.get_logger("retouch.requests")


class RequestContext:
    """ASGI middleware: nothing below it can leave a client without an answer."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Exchange(self._app, self._settings, scope, receive, send).run()


class _Exchange:
    """One request and its response."""

    def __init__(self, app: ASGIApp, settings: ServerSettings, scope: Scope, receive: Receive, send: Send) -> None:
        self._app = app
        self._settings = settings
        self._scope = scope
        self._receive = receive
        self._send = send
        self._started = time.perf_counter()
        self._id = f"req_{uuid.uuid4().hex}"
        self._status = 0
        self._whole_body = False
        self._gone = False
        self._complete = False

    async def run(self) -> None:
        self._scope.setdefault("state", {})["request_id"] = self._id
        code: str | None = None
        try:
            await self._app(self._scope, self.receive, self.send)
        except Cancelled:
            code = "cancelled"
        except ClientDisconnect:
            code = "client_left"
        except asyncio.CancelledError:
            # The server has waited long enough and ends what is left.
            self._whole_body = True
            await self._answer(NotReady("The server is shutting down. Please try again shortly."))
            raise
        except RetouchError as error:
            code = error.code
            await self._answer(error)
        except Exception:
            code = InternalError.code
            # As text: a renderer that shows variables would show prompts.
            log.error("request_failed", request_id=self._id, traceback=traceback.format_exc())
            await self._answer(InternalError())
        finally:
            log.info(
                "request",
                request_id=self._id,
                method=self._scope["method"],
                path=self._scope["path"],
                status=self._status or None,
                code=code or self._scope["state"].get("code"),
                end_user=self._scope["state"].get("end_user"),
                gone=self._gone or None,
                ms=round((time.perf_counter() - self._started) * 1000),
            )

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._gone = not self._complete  # it is also said once the answer is out
        elif not message.get("more_body", False):
            self._whole_body = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self._id
            headers["openai-version"] = "2020-10-01"
            headers["openai-processing-ms"] = str(round((time.perf_counter() - self._started) * 1000))
            headers["x-content-type-options"] = "nosniff"
        elif not message.get("more_body", False):
            self._complete = True
        await self._send(message)

    async def _answer(self, error: RetouchError) -> None:
        if self._status or self._gone:
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
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.drain_seconds):
                await self._drain()
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _drain(self) -> None:
        left = self._settings.drain_bytes
        while left > 0 and not self._whole_body and not self._gone:
            message = await self.receive()
            left -= len(message.get("body", b""))


def _has_body(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"


async def refuse_route(request: Request, error: Exception) -> Response:
    """Starlette's own refusals (no such route, no such method) in the contract's shape."""
    where = f"({request.method} {request.url.path})"
    if isinstance(error, HTTPException) and error.status_code == 405:
        refused: RetouchError = MethodNotAllowed(f"Invalid method for URL {where}")
        refused.headers.update(error.headers or {})
    else:
        refused = NotFound(f"Invalid URL {where}")
    return error_response(refused)
