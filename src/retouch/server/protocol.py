"""HTTP/1.1 on a connection: uvicorn's, with bounds on what a client may keep waiting, and refusals in the
contract's shape."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from retouch.errors import InvalidRequest, RateLimited, RequestTimeout, RetouchError
from retouch.server.answers import error_response
from retouch.server.sending import Sending
from retouch.server.settings import ServerSettings
from retouch.server.witness import Witness

LINGER = 0.2
"""Seconds that a quiet connection stays open when the server stops: a request may be on its way."""

LINGER_NEW = 1.5
"""The same for a connection that was opened for a request which has not come yet: nobody looks whether it still
stands before that is sent, as clients do with one they use again."""

CROWDED = "crowded"
"""In the state of a request: it came on a connection too many."""

CUT = "cut"
"""In the state of a request: the connection was lost before the answer was complete."""

ABORT = "abort"
"""In the state of a request: what ends its connection at once, whatever is still to be sent."""

LINGERS = "lingers"
"""In the state of a request: to be called when its answer is out, and its connection open only to see it come."""


@dataclass
class Shared:
    """What the connections of one server share. ``connections``: how many there may be. ``head_bytes`` and
    ``head_seconds``: what a request's headers may take. ``send_idle`` and ``send_rate``: see `Sending`.

    ``witness`` is told of them. ``quiet``: those without a request that is still to be answered, the one that has
    been so for longest first.
    """

    connections: int
    head_bytes: int
    head_seconds: float
    send_idle: float
    send_rate: float
    witness: Witness = field(default_factory=Witness)
    quiet: dict[Protocol, None] = field(default_factory=dict)


class Protocol(HttpToolsProtocol):
    """One connection. What arrives before a request's headers are complete is counted and timed, and what is sent
    in its body without being any of it (trailers, extensions of chunks) is counted and forgotten; the parser
    itself would take any amount of both, from anybody, and for ever.

    With too many connections, the one that has been without a request for longest is closed for the newest; if all
    have one, the newest gets its answer that the server is busy.
    """

    shared: ClassVar[Shared]

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._idle_bytes = 0  # since the last headers, body or end of a request
        self._in_head = True
        self._in_body = False
        self._deaf = False
        self._running: RequestResponseCycle | None = None
        self._head_timer: asyncio.TimerHandle | None = None
        self._crowded = False
        self._last = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.shared.witness.metrics.connected(1)
        self._sending = Sending(transport, self.shared.send_idle, self.shared.send_rate)
        if len(self.connections) > self.shared.connections:
            self._make_room()
        self.shared.quiet[self] = None
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self.shared.witness.metrics.connected(-1)
        self._stop_head_timer()
        self._sending.stop()
        self.shared.quiet.pop(self, None)
        running = self._running
        if running is not None and not running.response_complete:
            running.scope["state"][CUT] = True
            # uvicorn tells the request that came last, which may be waiting behind this one.
            running.disconnected = True
            running.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        if self._is_quiet and self._head_timer is None:
            self._expect_head()
        self._idle_bytes += len(data)
        super().data_received(data)
        if self._idle_bytes > self.shared.head_bytes and not self.transport.is_closing():
            what = "headers" if self._in_head else "trailers"
            self._refuse(
                InvalidRequest(
                    f"The request's {what} are too large. Expected at most {self.shared.head_bytes} bytes.",
                    code="headers_too_large",
                )
            )

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        if self._head_timer is None:
            self._expect_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        # What comes after the body was not there when the request was judged by its headers.
        if self._in_head:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._idle_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._idle_bytes = 0
        self._in_body = False
        super().on_message_complete()

    def on_headers_complete(self) -> None:
        self._idle_bytes = 0
        self._in_head = False
        self._stop_head_timer()
        self.shared.quiet.pop(self, None)
        super().on_headers_complete()
        self._in_body = True
        self.scope["state"][ABORT] = self._sending.cut
        self.scope["state"][LINGERS] = self._linger
        if self._crowded:
            self.scope["state"][CROWDED] = True
        if self._crowded or self._last:
            self.cycle.keep_alive = False

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._sending.watch()
        if not self.transport.is_closing() and not self.pipeline:
            self.shared.quiet[self] = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._sending.watch()

    def send_400_response(self, msg: str) -> None:
        """uvicorn's refusal of what is no HTTP, in the envelope."""
        self._refuse(InvalidRequest(msg, code="invalid_http"))

    def shutdown(self) -> None:
        """End when nothing is asked any more."""
        self._last = True
        if self._is_quiet:
            self.loop.call_later(LINGER_NEW if self.cycle is None else LINGER, self._leave)
        else:
            super().shutdown()

    @property
    def _is_quiet(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def _leave(self) -> None:
        if self._is_quiet and not self.transport.is_closing():
            self.transport.close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _linger(self) -> None:
        if not self.transport.is_closing():
            self.shared.quiet[self] = None

    def _make_room(self) -> None:
        longest = next(iter(self.shared.quiet), None)
        if longest is None:
            self._crowded = True
            return
        self.shared.quiet.pop(longest)
        self._crowded = longest._crowded  # who takes the place of one too many is one too many
        if longest._in_head and longest._idle_bytes:
            longest._refuse(crowded())
        else:
            longest.transport.close()

    def _expect_head(self) -> None:
        self._head_timer = self.loop.call_later(self.shared.head_seconds, self._head_overdue)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_overdue(self) -> None:
        self._head_timer = None
        if self.transport.is_closing():
            return
        if self._is_quiet:
            self._refuse(RequestTimeout("Timed out reading the request's headers."))
        else:
            # It was sent ahead, while another is answered; we may not even be reading.
            self.cycle.keep_alive = False

    def _refuse(self, error: RetouchError) -> None:
        """Answer what is being received, and end the connection. What was answered already is not answered twice,
        and what was sent ahead gets no answer: it would stand in the middle of another's."""
        running = self._running
        if running is not None and not (self._in_body and running is self.cycle) and not running.response_complete:
            self._deaf = True
            running.keep_alive = False
            self.pipeline.clear()
            return
        if self._in_body and self.cycle.response_started:
            self.transport.close()
            return
        response = error_response(error)
        response.headers["connection"] = "close"
        request_id = f"req_{uuid.uuid4().hex}"
        response.headers["x-request-id"] = request_id
        response.headers["openai-processing-ms"] = "0"
        head = b"".join(name + b": " + value + b"\r\n" for name, value in response.raw_headers)
        self.transport.write(STATUS_LINE[error.status] + head + b"\r\n" + bytes(response.body))
        self.transport.close()
        self._sending.watch()
        self.shared.witness.connection_refused(request_id, error)


def protocol(settings: ServerSettings, connections: int, witness: Witness | None = None) -> type[Protocol]:
    """`Protocol` with what they share: uvicorn makes one for each connection and passes it nothing of ours."""
    shared = Shared(
        connections=connections,
        head_bytes=settings.max_head_bytes,
        head_seconds=settings.head_seconds,
        send_idle=settings.send_idle,
        send_rate=settings.send_rate,
        witness=witness or Witness(),
    )
    return type("Protocol", (Protocol,), {"shared": shared})


def crowded() -> RateLimited:
    """What a request is told that came on a connection too many."""
    return RateLimited(
        "The server is busy: too many connections are open. Please try again shortly.", reason="connections"
    )
