"""What a client gets when something is refused before its body was read, or when it leaves."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from retouch.app import create_app
from retouch.server.running import BackgroundServer
from tests.conftest import settings_for

BIG = 8 << 20


def answer_to(url: str, head: str, body: bytes) -> tuple[str, bytes]:
    """Send everything before reading anything, as most clients do: (status line, body)."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        connection.sendall(body)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    head_bytes, _, rest = received.partition(b"\r\n\r\n")
    assert b"connection: close" in head_bytes.lower()
    return head_bytes.split(b"\r\n")[0].decode(), rest


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundServer]:
    directory = tmp_path_factory.mktemp("locked")
    settings = settings_for(
        directory,
        service={"workers": 1, "waiting": 0, "grace": 0.3},
        server={"api_keys": ["sk-right"], "max_request_bytes": 1 << 20, "body_idle": 0.5},
    )
    with BackgroundServer(create_app(settings), settings.server) as server:
        yield server


def head(*lines: str) -> str:
    return "\n".join(["POST /v1/images/edits HTTP/1.1", "host: localhost", *lines])


def test_a_client_without_a_key_reads_its_refusal_although_it_is_still_sending(
    locked: BackgroundServer,
) -> None:
    status, body = answer_to(locked.url, head(f"content-length: {BIG}"), b"x" * BIG)
    assert status == "HTTP/1.1 401 Unauthorized"
    assert json.loads(body)["error"]["message"].startswith("You didn't provide an API key")


@pytest.mark.rule("A.9/413-json", "3.2/413")
def test_a_body_that_says_it_is_too_large_is_refused_unread(locked: BackgroundServer) -> None:
    lines = ("authorization: Bearer sk-right", "content-type: multipart/form-data; boundary=x")
    status, body = answer_to(locked.url, head(*lines, f"content-length: {BIG}"), b"x" * BIG)
    assert status.startswith("HTTP/1.1 413 ")
    assert json.loads(body)["error"]["code"] == "request_too_large"


def test_a_chunked_body_is_cut_where_it_becomes_too_large(locked: BackgroundServer) -> None:
    lines = ("authorization: Bearer sk-right", "content-type: multipart/form-data; boundary=x")
    part = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n' + b"y" * BIG
    chunked = f"{len(part):x}\r\n".encode() + part + b"\r\n0\r\n\r\n"
    status, _ = answer_to(locked.url, head(*lines, "transfer-encoding: chunked"), chunked)
    assert status.startswith("HTTP/1.1 413 ")


def test_a_client_that_stops_sending_is_cut_off(locked: BackgroundServer) -> None:
    lines = ("authorization: Bearer sk-right", "content-type: multipart/form-data; boundary=x")
    status, _ = answer_to(locked.url, head(*lines, "content-length: 1000"), b"--x\r\n")
    assert status.startswith("HTTP/1.1 408 ")


def test_slow_senders_do_not_keep_a_normal_client_waiting(
    locked: BackgroundServer, photo_file: Callable[[str], bytes]
) -> None:
    lines = ("authorization: Bearer sk-right", "content-type: multipart/form-data; boundary=x")
    host, port = locked.url.removeprefix("http://").split(":")
    with ExitStack() as held:
        for _ in range(30):
            slow = held.enter_context(socket.create_connection((host, int(port)), timeout=20))
            slow.sendall(head(*lines, "content-length: 1000").replace("\n", "\r\n").encode() + b"\r\n\r\n--x")
        assert edit(locked, photo_file("cat"), "x").status_code == 200


def test_a_route_that_does_not_exist_is_a_json_404(locked: BackgroundServer) -> None:
    answer = httpx2.get(f"{locked.url}/v1/nope")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "Invalid URL (GET /v1/nope)"


def test_a_wrong_method_is_the_recorded_405(locked: BackgroundServer) -> None:
    answer = httpx2.get(f"{locked.url}/v1/images/edits")
    assert answer.status_code == 405
    assert answer.text == (
        "{\n"
        '  "error": {\n'
        '    "message": "Invalid method for URL (GET /v1/images/edits)",\n'
        '    "type": "invalid_request_error",\n'
        '    "param": null,\n'
        '    "code": null\n'
        "  }\n"
        "}"
    )


@pytest.mark.parametrize("path", ["/v1/images/generations", "/v1/images/variations"])
def test_the_other_image_routes_say_what_is_served(locked: BackgroundServer, path: str) -> None:
    answer = httpx2.post(locked.url + path, json={})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_served"


def edit(server: BackgroundServer, photo: bytes, prompt: str, **headers: str) -> httpx2.Response:
    return httpx2.post(
        f"{server.url}/v1/images/edits",
        data={"prompt": prompt},
        files={"image": ("a.jpg", photo, "image/jpeg")},
        headers={"authorization": "Bearer sk-right"} | headers,
        timeout=20,
    )


@pytest.mark.rule("A.9/queue-full", "3.2/429")
def test_a_full_queue_is_refused_at_once_and_told_when_to_come_back(
    locked: BackgroundServer, photo_file: Callable[[str], bytes]
) -> None:
    first = threading.Thread(target=edit, args=(locked, photo_file("cat"), "[sleep 1]"))
    first.start()
    while httpx2.get(f"{locked.url}/readyz").json()["in_flight"] == 0:
        time.sleep(0.01)
    answer = edit(locked, photo_file("cat"), "x")
    first.join()
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "rate_limit_exceeded"
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.rule("7/grace")
@pytest.mark.parametrize("header", [{}, {"x-retouch-grace": "0"}])
def test_an_edit_stops_after_its_client_has_left(
    locked: BackgroundServer, photo_file: Callable[[str], bytes], header: dict[str, str]
) -> None:
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.post(
            f"{locked.url}/v1/images/edits",
            data={"prompt": "[sleep 60]"},
            files={"image": ("a.jpg", photo_file("cat"), "image/jpeg")},
            headers={"authorization": "Bearer sk-right"} | header,
            timeout=0.5,
        )
    end = time.monotonic() + 5
    while httpx2.get(f"{locked.url}/readyz").json()["in_flight"]:
        assert time.monotonic() < end, "the edit goes on although nobody waits for it"
        time.sleep(0.02)
    assert edit(locked, photo_file("cat"), "x").status_code == 200


def test_a_nonsense_grace_is_refused(locked: BackgroundServer, photo_file: Callable[[str], bytes]) -> None:
    answer = edit(locked, photo_file("cat"), "x", **{"x-retouch-grace": "soon"})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "x-retouch-grace"


def test_no_upload_is_left_behind(
    locked: BackgroundServer, photo_file: Callable[[str], bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    edit(locked, photo_file("cat"), "x")
    edit(locked, photo_file("cat"), "[refuse]")
    directory: Path = next(tmp_path_factory.getbasetemp().glob("locked*"))
    assert list(directory.iterdir()) == []


def test_a_length_may_be_written_with_any_number_of_zeros(locked: BackgroundServer) -> None:
    lines = ("authorization: Bearer sk-right", "content-type: application/json", f"content-length: {'0' * 5000}2")
    status, body = answer_to(locked.url, head(*lines, "connection: close"), b"{}")
    assert status.startswith("HTTP/1.1 400 ")
    assert json.loads(body)["error"]["code"] == "missing_required_parameter"
