"""What comes before a request is one."""

from __future__ import annotations

import json
import socket

import httpx2
import pytest

from retouch.server.running import BackgroundServer


def talk(server: BackgroundServer, data: bytes) -> bytes:
    """What the server answers to these bytes until it closes."""
    host, port = server.url.removeprefix("http://").split(":")
    answer = b""
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        try:
            for start in range(0, len(data), 16384):
                connection.sendall(data[start : start + 16384])
        except OSError:
            pass  # it has closed already
        try:
            while piece := connection.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
    return answer


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"nonsense\r\n\r\n", "invalid_http"),
        (b"GET / HTTP/1.1\r\nhost: localhost\r\nx-a: " + b"y" * 70_000, "headers_too_large"),
        (b"GET /" + b"y" * 70_000, "headers_too_large"),
    ],
    ids=["no HTTP", "an endless header", "an endless path"],
)
def test_it_is_refused_in_the_envelope_with_an_id(echo_server: BackgroundServer, data: bytes, code: str) -> None:
    head, _, body = talk(echo_server, data).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"x-request-id: req_" in head
    assert json.loads(body)["error"]["code"] == code


def test_headers_below_the_limit_and_bodies_beyond_it_pass(echo_server: BackgroundServer) -> None:
    with httpx2.Client() as client:
        for _ in range(3):  # each request of a connection is counted anew
            answer = client.get(f"{echo_server.url}/healthz", headers={"x-long": "y" * 50_000})
            assert answer.status_code == 200
        answer = client.post(f"{echo_server.url}/v1/images/edits", content=b"z" * 200_000)
        assert answer.json()["error"]["code"] == "unsupported_content_type"
