"""A server behind a proxy, which alone knows how the client came."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from retouch.app import create_app
from retouch.server.running import BackgroundServer
from tests.conftest import settings_for


@pytest.mark.rule("A.12/forwarded")
@pytest.mark.parametrize(
    ("proxies", "scheme"), [(["127.0.0.1"], "https"), (["192.0.2.7"], "http"), ([], "http")], ids=str
)
def test_a_forwarded_scheme_is_that_of_links_if_a_trusted_proxy_says_so(
    tmp_path: Path, photo_file: Callable[[str], bytes], proxies: list[str], scheme: str
) -> None:
    settings = settings_for(tmp_path, server={"trusted_proxies": proxies}, service={"workers": 1})
    with BackgroundServer(create_app(settings), settings.server) as server:
        answer = httpx2.post(
            f"{server.url}/v1/images/edits",
            data={"prompt": "x", "model": "echo", "response_format": "url"},
            files={"image": ("a.jpg", photo_file("cat"), "image/jpeg")},
            headers={"x-forwarded-proto": "https", "x-forwarded-host": "elsewhere.example"},
            timeout=60,
        )
        address = server.url.removeprefix("http")
        assert answer.json()["data"][0]["url"].startswith(f"{scheme}{address}/")
