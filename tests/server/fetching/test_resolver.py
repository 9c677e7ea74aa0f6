from __future__ import annotations

import asyncio
import socket
import threading
from ipaddress import ip_address
from typing import Any

import pytest

from retouch.server.fetching.resolver import SystemResolver


def test_the_system_is_asked() -> None:
    found = asyncio.run(SystemResolver(2)("localhost", 80))
    assert set(found) <= {ip_address("127.0.0.1"), ip_address("::1")}
    assert found


@pytest.mark.parametrize("error", [socket.gaierror("no"), UnicodeError("label too long")])
def test_what_has_no_address_is_an_os_error(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(OSError, match=str(error)):
        asyncio.run(SystemResolver(2)("nobody.example", 80))


def test_a_look_up_keeps_its_place_until_it_really_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    asked: list[str] = []

    def slow(host: str, port: int, **_: Any) -> Any:
        asked.append(host)
        if host == "slow.example":
            go_on.wait()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", port))] * 2

    monkeypatch.setattr(socket, "getaddrinfo", slow)

    async def story() -> None:
        resolver = SystemResolver(1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(resolver("slow.example", 80), 0.1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(resolver("quick.example", 80), 0.1)
        assert asked == ["slow.example"]
        go_on.set()
        assert await resolver("quick.example", 80) == [ip_address("1.1.1.1")]

    asyncio.run(story())


def test_an_answer_that_comes_after_the_end_hurts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def slow(host: str, port: int, **_: Any) -> Any:
        go_on.wait()
        raise socket.gaierror("late")

    monkeypatch.setattr(socket, "getaddrinfo", slow)

    async def story() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(SystemResolver(1)("slow.example", 80), 0.05)

    asyncio.run(story())
    go_on.set()
    for thread in threading.enumerate():
        if thread.name == "retouch-resolver":
            thread.join()
