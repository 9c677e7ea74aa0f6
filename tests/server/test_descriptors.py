"""A server that runs out of file descriptors."""

from __future__ import annotations

import errno
import resource
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from retouch.errors import RateLimited
from retouch.server import descriptors
from retouch.server.blobs import Blob
from retouch.server.running import BackgroundServer
from tests.descriptors import descriptors as held


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this process could have only four."""
    monkeypatch.setattr(descriptors, "_limit", lambda: 4)


def test_uploads_leave_the_last_quarter_to_connections(few: None, tmp_path: Path) -> None:
    before = held()
    with pytest.raises(RateLimited) as caught:
        Blob(tmp_path)
    assert caught.value.reason == "files"
    assert held() <= before


@pytest.mark.rule("A.9/queue-full")
def test_an_upload_without_a_descriptor_is_a_429(
    few: None, echo_server: BackgroundServer, photo_file: Callable[[str], bytes]
) -> None:
    answer = _edit(echo_server, photo_file)
    assert answer.status_code == 429
    assert answer.headers["retry-after-ms"]


def test_any_other_want_of_one_is_a_429_too(
    echo_server: BackgroundServer, photo_file: Callable[[str], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr("retouch.server.blobs.tempfile.TemporaryFile", fail)
        answer = _edit(echo_server, photo_file)
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "rate_limit_exceeded"
    assert _edit(echo_server, photo_file).status_code == 200


def test_connections_get_no_more_than_a_quarter(few: None) -> None:
    assert descriptors.for_connections(1000) == 1


def test_the_limit_is_raised_as_far_as_it_goes() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, before[1]), before[1]))
        descriptors.raise_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (before[1], before[1])
        assert descriptors.for_connections(10) == 10
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def _edit(server: BackgroundServer, photo_file: Callable[[str], bytes]) -> httpx2.Response:
    image = ("a.jpg", photo_file("cat"), "image/jpeg")
    return httpx2.post(f"{server.url}/v1/images/edits", data={"prompt": "x"}, files={"image": image}, timeout=20)
