"""Whatever somebody else's server sends, a client gets a plain error and this server goes on."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retouch.errors import InvalidRequest, PayloadTooLarge
from retouch.server.fetching.fetcher import Fetcher
from tests.server.fetching.conftest import Fetch

OK = b"HTTP/1.1 200 OK\r\n"


class Hostile:
    """Answers every connection with `answer`, whatever is asked, and closes it."""

    def __init__(self) -> None:
        self.answer = b""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.settimeout(5)
                connection.recv(65536)
                connection.sendall(self.answer)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()


@pytest.fixture(scope="module")
def hostile() -> Iterator[Hostile]:
    server = Hostile()
    yield server
    server.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n",
        b"hello",
        b"\x16\x03\x01\x00\x05hello",
        b"HTTP/1.1 200",
        b"HTTP/1.1 9999 OK\r\n\r\n",
        b"HTTP/1.1 -1 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: empty\r\n\r\n",
        OK + b"content-length: 5\r\n\r\nhi",
        OK + b"content-length: -5\r\n\r\nhi",
        OK + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        OK + b"content-length: " + b"9" * 30 + b"\r\n\r\nhi",
        OK + b"content-length: " + b"9" * 5000 + b"\r\n\r\nhi",
        OK + b"content-length: \xb2\r\n\r\nhi",
        OK + b"content-length: 1_0\r\n\r\nhi",
        OK + b"transfer-encoding: gzip\r\n\r\nhi",
        OK + b"transfer-encoding: chunked\r\n\r\nZZ\r\nhi",
        OK + b"transfer-encoding: chunked\r\n\r\n" + b"f" * 5000 + b"\r\nhi",
        OK + b"transfer-encoding: chunked\r\n\r\n2;" + b"x" * 200_000 + b"\r\nhi\r\n0\r\n\r\n",
        OK + b"x: " + b"y" * 200_000 + b"\r\n\r\n",
        OK + b"x: y\r\n" * 50_000 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 5000,
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nhi",
        b"HTTP/1.1 302 Found\r\nlocation: http://[::1\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nlocation: http://\xff\xfe/\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nlocation:\r\n\r\n",
        b"HTTP/1.1 302 Found\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nlocation: http://a\x00b/\r\n\r\n",
    ],
)
def test_an_answer_that_breaks_the_protocol_is_a_failed_download(
    hostile: Hostile, make_fetcher: Callable[..., Fetcher], fetch: Fetch, answer: bytes
) -> None:
    hostile.answer = answer
    with pytest.raises(InvalidRequest):
        fetch(make_fetcher(hostile.port), f"http://pictures.example:{hostile.port}/")


PIECES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 200\r\n",
        b"HTTP/1.1 302 Found\r\n",
        b"location: /a\r\n",
        b"content-length: 3\r\n",
        b"content-length: 0\r\n",
        b"transfer-encoding: chunked\r\n",
        b"content-encoding: gzip\r\n",
        b"\r\n",
        b"3\r\nabc\r\n",
        b"0\r\n\r\n",
        b"abc",
        b"\x00",
    ]
)


@given(st.one_of(st.lists(PIECES, max_size=9).map(b"".join), st.binary(max_size=60).map(lambda tail: OK + tail)))
@settings(
    max_examples=150,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_answer_is_a_file_or_a_refusal(
    hostile: Hostile, make_fetcher: Callable[..., Fetcher], fetch: Fetch, answer: bytes
) -> None:
    hostile.answer = answer
    with suppress(InvalidRequest, PayloadTooLarge):
        (found,) = fetch(make_fetcher(hostile.port), f"http://pictures.example:{hostile.port}/")
        assert isinstance(found, bytes)


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000, OK + b"a:\r\n" * 10_000 + b"content-length: 2\r\n\r\n"],
    ids=["interim answers", "headers"],
)
def test_what_comes_before_a_body_is_bounded(
    hostile: Hostile, make_fetcher: Callable[..., Fetcher], fetch: Fetch, answer: bytes
) -> None:
    hostile.answer = (
        answer + OK + b"content-length: 2\r\n\r\nhi" if answer.startswith(b"HTTP/1.1 103") else answer + b"hi"
    )
    address = f"http://pictures.example:{hostile.port}/"
    with pytest.raises(InvalidRequest):
        fetch(make_fetcher(hostile.port), address)
    assert fetch(make_fetcher(hostile.port, max_head_bytes=1 << 20), address) == [b"hi"]
