"""Counting in this process, and in a Redis: a real one where there is one, else as much of it as is needed."""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from retouch.errors import NotReady
from retouch.server.counts import Counts
from retouch.server.settings import ServerSettings
from tests.awaiting import awaited

Redis = Callable[[int], AbstractAsyncContextManager[None]]


class StandIn:
    """The answers of a Redis to what counting asks: scripts that add and set an end, values, and their ends."""

    def __init__(self) -> None:
        self.values: dict[str, int] = {}
        self.ends: dict[str, float] = {}
        self.open: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        try:
            while True:
                count = int((await reader.readuntil(b"\r\n"))[1:])
                words = []
                for _ in range(count):
                    length = int((await reader.readuntil(b"\r\n"))[1:])
                    words.append((await reader.readexactly(length + 2))[:-2].decode())
                writer.write(self.answer(words[0].upper(), words[1:]))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open.discard(writer)
            writer.close()

    def answer(self, command: str, words: list[str]) -> bytes:
        for name in [name for name, end in self.ends.items() if end <= time.monotonic()]:
            del self.values[name], self.ends[name]
        if command == "EVALSHA":
            _, _, name, expiry, amount = words
            self.values[name] = self.values.get(name, 0) + int(amount)
            if self.values[name] == int(amount):
                self.ends[name] = time.monotonic() + int(expiry)
            return f":{self.values[name]}\r\n".encode()
        if command == "GET":
            value = self.values.get(words[0])
            return b"$-1\r\n" if value is None else f"${len(str(value))}\r\n{value}\r\n".encode()
        if command == "TTL":
            end = self.ends.get(words[0])
            return f":{-2 if end is None else round(end - time.monotonic())}\r\n".encode()
        return b"+OK\r\n"


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def redis(tmp_path: Path) -> Redis:
    """``async with redis(port)``: one listens there."""
    program = shutil.which("redis-server")

    @asynccontextmanager
    async def stand_in(port: int) -> AsyncIterator[None]:
        one = StandIn()
        async with await asyncio.start_server(one.serve, "127.0.0.1", port):
            yield
            for writer in one.open:
                writer.close()

    @asynccontextmanager
    async def real(port: int) -> AsyncIterator[None]:
        assert program is not None
        arguments = ("--port", str(port), "--save", "", "--dir", str(tmp_path), "--bind", "127.0.0.1")
        process = await asyncio.create_subprocess_exec(program, *arguments, stdout=asyncio.subprocess.DEVNULL)
        try:
            await listening(port)
            yield
        finally:
            process.kill()
            await process.wait()

    return real if program else stand_in


async def listening(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return


@asynccontextmanager
async def counting(port: int, **settings: Any) -> AsyncIterator[Counts]:
    address = f"redis://127.0.0.1:{port}/0"
    counts = Counts(ServerSettings.model_validate({"limits_storage": address, "limits_timeout": 5} | settings))
    try:
        yield counts
    finally:
        await counts.close()


@awaited
async def test_what_is_used_adds_up_and_can_be_given_back() -> None:
    counts = Counts(ServerSettings())
    assert (await counts.look("a")).used == 0
    assert [(await counts.add("a", amount)).used for amount in (1, 4, -2)] == [1, 5, 3]
    assert (await counts.look("a")).used == 3
    assert (await counts.look("b")).used == 0
    assert 0 < (await counts.look("a")).seconds <= 60


@awaited
async def test_servers_with_one_redis_count_together(port: int, redis: Redis) -> None:
    async with redis(port), counting(port) as one, counting(port) as other:
        assert (await one.add("a", 2)).used == 2
        found = await other.add("a", 3)
        assert found.used == 5
        assert 59 < found.seconds <= 60
        assert (await one.add("a", -4)).used == 1
        assert (await other.look("a")).used == 1
        assert (await one.look("b")).used == 0
        assert await one.check() == "in Redis"


@awaited
async def test_while_redis_is_away_each_server_counts_by_itself_and_after_it_together_again(
    port: int, redis: Redis
) -> None:
    async with counting(port, limits_pause=0) as counts:
        assert (await counts.add("a", 1)).used == 1
        assert (await counts.add("a", 1)).used == 2
        async with redis(port):
            assert (await counts.add("a", 1)).used == 1
        assert (await counts.add("a", 1)).used == 3


@awaited
async def test_while_redis_is_away_nobody_is_let_in_if_the_settings_say_so(port: int, redis: Redis) -> None:
    async with counting(port, limits_pause=0, limits_unavailable="closed") as counts:
        with pytest.raises(NotReady, match="limits"):
            await counts.add("a", 1)
        with pytest.raises(NotReady):
            await counts.look("a")
        assert await counts.failing()
        async with redis(port):
            assert (await counts.add("a", 1)).used == 1
            assert not await counts.failing()


@awaited
async def test_a_redis_that_has_failed_is_left_alone_for_a_while(port: int, redis: Redis) -> None:
    async with counting(port, limits_pause=60) as counts:
        await counts.add("a", 1)
        async with redis(port):
            assert (await counts.add("a", 1)).used == 2


@awaited
async def test_a_redis_that_hangs_is_not_waited_for_long(port: int) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", port), counting(port, limits_timeout=0.1) as counts:
        started = time.monotonic()
        assert (await counts.add("a", 1)).used == 1
        assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "address",
    [
        "",
        "memory",
        "memcached://localhost:1",
        "mongodb://:pw@localhost:1",
        "redis://:pw@host",
        "redis://:pw@h:99999",
    ],
)
def test_another_storage_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"server\.limits_storage is no address") as caught:
        Counts(ServerSettings.model_validate({"limits_storage": address}))
    assert "pw" not in str(caught.value)


def test_a_password_in_the_address_is_not_shown_with_the_settings() -> None:
    settings = ServerSettings.model_validate({"limits_storage": "redis://:very-secret@localhost:1/0"})
    assert "very-secret" not in repr(settings)


def test_redis_without_its_library_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "redis"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ValueError, match=r"retouch\[redis\]"):
        Counts(ServerSettings.model_validate({"limits_storage": "redis://127.0.0.1:1/0"}))
