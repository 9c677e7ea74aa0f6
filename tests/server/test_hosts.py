from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from retouch.errors import Forbidden
from retouch.server.hosts import HostGuard
from retouch.server.settings import ServerSettings


async def nothing(*_: object) -> None:
    """An application that is never called."""


def check(headers: dict[str, str], **settings: object) -> None:
    HostGuard(nothing, ServerSettings.model_validate(settings)).check(Headers(headers))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8000", "localhost:9", "LOCALHOST", "[::1]:8000", "[::1]"]
)
def test_loopback_names_are_answered(host: str) -> None:
    check({"host": host})


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "",
        "[::1]evil.com",
        "[localhost]",
        "localhost:8000@evil.com",
        "local host",
        "a:b:c",
    ],
)
def test_a_name_that_was_pointed_at_us_is_refused(host: str) -> None:
    with pytest.raises(Forbidden) as caught:
        check({"host": host})
    assert caught.value.code == "host_not_allowed"


def test_the_names_an_operator_allows_are_answered() -> None:
    check({"host": "images.example:80"}, allowed_hosts=["images.example"])
    check({"host": "anything.example"}, allowed_hosts=["*"])
    check({"host": "192.0.2.7:8000"}, host="192.0.2.7")


def test_with_keys_every_name_is_answered() -> None:
    check({"host": "images.example"}, api_keys=["sk-1"])
    check({"host": "images.example"}, keys_file="keys.json")


def test_a_page_of_ours_may_call_us() -> None:
    check({"host": "127.0.0.1:8000", "origin": "http://127.0.0.1:8000"})


@pytest.mark.parametrize("host", ["192.168.1.5:8000", "[fe80::1]", "10.0.0.1"])
def test_an_address_is_answered_because_no_name_server_can_make_it_ours(host: str) -> None:
    check({"host": host})


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://[", "", "http://127.0.0.1:9999", "null", "http://localhost"]
)
def test_a_page_of_another_origin_may_not(origin: str) -> None:
    with pytest.raises(Forbidden) as caught:
        check({"host": "127.0.0.1:8000", "origin": origin})
    assert caught.value.code == "origin_not_allowed"


def test_the_origins_an_operator_allows_may() -> None:
    check({"host": "localhost", "origin": "https://a.example"}, cors_origins=["https://a.example"])
    check({"host": "localhost", "origin": "https://b.example"}, cors_origins=["*"])
