"""Clients that keep a connection waiting, and those beside them."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from retouch.server.context import RequestContext
from retouch.server.running import BackgroundServer
from retouch.server.settings import ServerSettings
from retouch.server.witness import Witness

LARGE = 32 << 20


class Site:
    """A server of small and large answers; what has become of the large ones."""

    def __init__(self, **settings: float) -> None:
        routes = [
            Route("/", self._small),
            Route("/large", self._large),
            Route("/body", self._body, methods=["POST"]),
        ]
        chosen = ServerSettings.model_validate(settings)
        witness = Witness()
        app = Starlette(routes=routes, middleware=[Middleware(RequestContext, settings=chosen, witness=witness)])
        app.state.drain = self._drain
        app.state.witness = witness
        self.ended: list[bool] = []
        self.states: list[dict[str, Any]] = []
        self.server = BackgroundServer(app, chosen)

    async def _drain(self, seconds: float) -> None: ...

    async def _small(self, request: Request) -> Response:
        self.states.append(request.scope["state"])
        return PlainTextResponse("small")

    async def _large(self, request: Request) -> Response:
        self.states.append(request.scope["state"])

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for _ in range(LARGE >> 20):
                await send({"type": "http.response.body", "body": bytes(1 << 20), "more_body": True})
            await send({"type": "http.response.body", "body": b""})
            self.ended.append("cut" in scope["state"])

        return app  # type: ignore[return-value]

    async def _body(self, request: Request) -> Response:
        with contextlib.suppress(ClientDisconnect):
            await request.body()
        return PlainTextResponse("read")

    def connect(self, receive: int | None = None) -> socket.socket:
        """``receive``: bytes that the client's system takes for it."""
        host, port = self.server.url.removeprefix("http://").split(":")
        connection = socket.socket()
        if receive is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        connection.settimeout(10)
        connection.connect((host, int(port)))
        return connection


@contextmanager
def site(**settings: float) -> Iterator[Site]:
    it = Site(**settings)
    with it.server:
        yield it


def request(path: str = "/", **headers: str) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in {"host": "localhost", **headers}.items())
    return f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode()


def everything(connection: socket.socket) -> bytes:
    """What comes until the server closes."""
    answer = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(1 << 16):
            answer += piece
    return bytes(answer)


def whole(connection: socket.socket) -> bytes:
    """An answer in JSON, the connection staying open."""
    answer = b""
    while (match := re.search(rb"content-length: (\d+)(?s:.*?)\r\n\r\n", answer)) is None or (
        len(answer) < match.end() + int(match[1])
    ):
        piece = connection.recv(1 << 16)
        assert piece, "the connection was closed"
        answer += piece
    return answer


def ask(connection: socket.socket, message: bytes | None = None, ends: bytes = b"small") -> bytes:
    """The answer to a request for something small, or to what ends otherwise, the connection staying open."""
    connection.sendall(message or request())
    answer = b""
    while not answer.endswith(ends):
        piece = connection.recv(1 << 16)
        if not piece:
            break
        answer += piece
    return answer


@pytest.mark.parametrize("beginning", [b"", b"GET / HT", b"\r\n", request()[:-2]])
def test_a_head_that_does_not_come_is_cut_with_an_answer(beginning: bytes) -> None:
    with site(head_seconds=0.3) as it, it.connect() as connection:
        connection.sendall(beginning)
        head, _, body = everything(connection).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 ")
        assert json.loads(body)["error"]["type"] == "invalid_request_error"


def test_a_head_that_comes_byte_by_byte_is_cut_too() -> None:
    with site(head_seconds=0.3) as it, it.connect() as connection:
        with contextlib.suppress(OSError):
            for byte in request(**{"x-long": "y" * 1000}):
                connection.sendall(bytes([byte]))
                time.sleep(0.02)
        assert everything(connection).startswith(b"HTTP/1.1 408 ")


def test_the_heads_of_later_requests_are_timed_and_their_bodies_are_not() -> None:
    with site(head_seconds=1) as it, it.connect() as connection:
        assert ask(connection).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"POST /body HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\na")
        time.sleep(1.2)
        assert ask(connection, b"b", b"read").startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"GET / HTT")
        assert everything(connection).startswith(b"HTTP/1.1 408 ")


def test_a_request_sent_ahead_is_answered_after_the_one_before_it() -> None:
    with site(head_seconds=5) as it, it.connect() as connection:
        connection.sendall(request() + request() + request("/", connection="close"))
        assert everything(connection).count(b"HTTP/1.1 200 ") == 3


def test_the_connection_that_was_quiet_for_longest_makes_room() -> None:
    with site(max_connections=3, head_seconds=5) as it, contextlib.ExitStack() as held:
        silent, begun = (held.enter_context(it.connect()) for _ in range(2))
        begun.sendall(b"GET /")
        busy = held.enter_context(it.connect(4096))
        busy.sendall(request("/large"))
        busy.recv(100)
        for quiet in (silent, begun):
            newcomer = held.enter_context(it.connect())
            assert ask(newcomer).startswith(b"HTTP/1.1 200 ")
            answer = everything(quiet)
            assert answer.startswith(b"HTTP/1.1 429 ") if quiet is begun else answer == b""


def test_a_connection_too_many_is_told_that_the_server_is_busy_and_when_to_come_back() -> None:
    with site(max_connections=4, send_idle=5, drain_seconds=9) as it, contextlib.ExitStack() as held:
        for _ in range(4):
            busy = held.enter_context(it.connect(4096))
            busy.sendall(request("/large"))
            assert busy.recv(100)
        with it.connect() as fifth:
            fifth.sendall(b"POST /body HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\n")
            told = [whole(fifth)]
            # That one may still send its body, but goes for one more: which is one too many as well.
            sixth = held.enter_context(it.connect())
            assert everything(fifth) == b""
            sixth.sendall(request())
            told.append(everything(sixth))
        for answer in told:
            assert answer.startswith(b"HTTP/1.1 429 ")
            assert b"retry-after-ms: " in answer
            assert b"connection: close" in answer
            assert b"too many connections" in answer
        assert len(it.states) == 4


def test_an_answer_that_nobody_takes_is_cut_and_its_neighbours_are_not_held_up() -> None:
    with site(send_idle=0.4) as it, it.connect(4096) as silent, it.connect() as other:
        silent.sendall(request("/large"))
        silent.recv(100)
        assert ask(other).startswith(b"HTTP/1.1 200 ")
        end = time.monotonic() + 10
        while not it.ended:
            assert time.monotonic() < end, "the answer is held for ever"
            time.sleep(0.02)
        assert it.ended == [True]
        assert len(everything(silent)) < LARGE


def test_of_an_answer_that_was_cut_the_kernel_keeps_nothing() -> None:
    with site(send_idle=0.4) as it, it.connect(4096) as silent:
        silent.sendall(request("/large"))
        end = time.monotonic() + 10
        while not it.ended:
            assert time.monotonic() < end, "the answer is held for ever"
            time.sleep(0.02)
        # Otherwise what was on its way would still come, and then an orderly end.
        with pytest.raises(ConnectionResetError):
            list(iter(lambda: silent.recv(1 << 16), b""))


def test_an_answer_that_is_taken_slowly_is_whole() -> None:
    with site(send_idle=1.5) as it, it.connect(1 << 16) as slow:
        slow.sendall(request("/large"))
        end, taken = time.monotonic() + 2.5, 0
        while time.monotonic() < end:
            taken += len(slow.recv(1 << 14))
            time.sleep(0.02)
        while taken < LARGE:
            taken += len(slow.recv(1 << 20))
        assert it.ended in ([], [False])


def test_a_request_on_its_way_when_the_server_stops_is_answered() -> None:
    with site() as it, it.connect() as used, it.connect() as fresh:
        assert ask(used).startswith(b"HTTP/1.1 200 ")
        connections = it.server._server.server_state.connections
        end = time.monotonic() + 10
        while len(connections) < 2:
            assert time.monotonic() < end
            time.sleep(0.01)
        told = threading.Event()
        for connection in list(connections):
            connection.loop.call_soon_threadsafe(connection.shutdown)
        connection.loop.call_soon_threadsafe(told.set)
        assert told.wait(10)
        for client in (used, fresh):
            answer = ask(client)
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert b"connection: close" in answer
            assert client.recv(10) == b""


def test_connections_that_are_too_many_do_not_make_room_for_each_other() -> None:
    with site(max_connections=2, send_idle=5) as it, contextlib.ExitStack() as held:
        for _ in range(2):
            busy = held.enter_context(it.connect(4096))
            busy.sendall(request("/large"))
            assert busy.recv(100)
        for _ in range(4):
            held.enter_context(it.connect())
            last = held.enter_context(it.connect())
            last.sendall(request())
            assert everything(last).startswith(b"HTTP/1.1 429 ")
        assert len(it.states) == 2


def test_a_client_that_was_refused_and_still_sends_keeps_nobody_out() -> None:
    body = b"POST /nowhere HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\n"
    with site(max_connections=3, drain_seconds=9) as it, contextlib.ExitStack() as held:
        for _ in range(6):
            sender = held.enter_context(it.connect())
            sender.sendall(body)
            assert sender.recv(1 << 16).startswith(b"HTTP/1.1 404 ")
        assert ask(held.enter_context(it.connect())).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("filling", [b"x: " + b"y" * 997 + b"\r\n", b"y" * 1000], ids=["many", "one"])
def test_trailers_without_an_end_are_refused(filling: bytes) -> None:
    with site(max_head_bytes=4096) as it, it.connect() as client:
        client.sendall(b"POST /body HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx: ")
        with contextlib.suppress(OSError):
            for _ in range(1000):
                client.sendall(filling)
                time.sleep(0.001)
        assert b"trailers are too large" in everything(client)


def test_trailers_are_no_headers_of_the_request() -> None:
    with site() as it, it.connect() as client:
        assert ask(client, b"GET / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        connection: Any = it.server._server.server_state.connections.copy().pop()
        headers = connection.headers
        assert ask(client, b"0\r\nauthorization: Bearer late\r\n\r\n" + request()).endswith(b"small")
        assert b"authorization" not in dict(headers)


def test_what_is_sent_ahead_and_is_no_http_spoils_no_other_answer() -> None:
    with site() as it, it.connect(1 << 18) as client:
        client.sendall(request("/large"))
        answer = client.recv(100)
        client.sendall(b"nonsense\r\n\r\n" * 3)
        time.sleep(0.05)
        answer += everything(client)
        assert b"invalid_http" not in answer
        assert answer.count(b"HTTP/1.1 ") == 1
        # In chunks of a megabyte, each with its size around it.
        assert answer.count(b"\0") == LARGE
        assert answer.endswith(b"0\r\n\r\n")


def test_an_answer_is_known_to_be_lost_although_another_request_was_sent_ahead() -> None:
    with site(send_idle=0.3) as it:
        with it.connect(4096) as client:
            client.sendall(request("/large") + request())
            client.recv(100)
            time.sleep(0.1)  # until the server can send no more
        end = time.monotonic() + 10
        while not it.ended:
            assert time.monotonic() < end
            time.sleep(0.02)
        assert it.ended == [True]
