"""Counting what was used in a minute, in this process or in a Redis that several servers share."""

from __future__ import annotations

import asyncio
import importlib
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from retouch.errors import NotReady
from retouch.server.settings import ServerSettings
from retouch.service.tracebacks import where

if TYPE_CHECKING:
    from limits.aio.storage import RedisStorage, Storage

log = structlog.get_logger("retouch.budgets")

MINUTE = 60
_SHARDS = 64


@dataclass(frozen=True)
class Count:
    """What was used since a minute began: ``used`` units, and ``seconds`` until they are forgotten."""

    used: int
    seconds: float


class Counts:
    """Counts by name. A minute begins with the first use in it and everything used is forgotten when it ends, so
    that it can be told exactly when there is room again.

    Raises ValueError for a storage of the settings that is unknown or whose library is not installed.
    """

    def __init__(self, settings: ServerSettings) -> None:
        from limits.aio.storage import MemoryStorage

        self._settings = settings
        # The library looks through a whole storage at every use for what has ended: with one part for many callers
        # a flood of addresses would hold the event loop up.
        self._memory = [MemoryStorage() for _ in range(_SHARDS)]
        where = settings.limits_storage
        self._shared = _redis(where.get_secret_value(), settings.limits_timeout) if where is not None else None
        self._asked_from = 0.0

    async def add(self, name: str, amount: int) -> Count:
        """Use ``amount`` units; a negative one gives them back. Raises `NotReady` if the shared storage fails and
        the settings say that nothing is let in then."""

        async def add(storage: Storage) -> Count:
            used = await storage.incr(name, MINUTE, amount)
            return Count(used, await self._seconds(storage, name))

        return await self._ask(name, add)

    async def look(self, name: str) -> Count:
        """What is used now. Raises as `add`."""

        async def look(storage: Storage) -> Count:
            return Count(await storage.get(name), await self._seconds(storage, name))

        return await self._ask(name, look)

    async def check(self) -> str:
        """Where counts are kept; raises what is wrong with it."""
        if self._shared is None:
            return "in memory"
        async with asyncio.timeout(self._settings.limits_timeout):
            await self._shared.get("check")
        return "in Redis"

    async def failing(self) -> bool:
        """Whether `add` would raise `NotReady` now."""
        if self._shared is None or self._settings.limits_unavailable == "open":
            return False
        try:
            await self.look("check")
        except NotReady:
            return True
        return False

    async def close(self) -> None:
        if self._shared is not None:
            await self._shared.bridge.storage.aclose()  # type: ignore[attr-defined]

    async def _ask(self, name: str, call: Callable[[Storage], Awaitable[Count]]) -> Count:
        if self._shared is not None:
            if time.monotonic() >= self._asked_from:
                try:
                    async with asyncio.timeout(self._settings.limits_timeout):
                        return await call(self._shared)
                except _failures() as error:
                    self._asked_from = time.monotonic() + self._settings.limits_pause
                    log.error("limits_storage_failed", error=where(error))
            if self._settings.limits_unavailable == "closed":
                raise NotReady("The server cannot look up its limits at the moment. Please try again shortly.")
        return await call(self._memory[zlib.crc32(name.encode()) % _SHARDS])

    async def _seconds(self, storage: Storage, name: str) -> float:
        """Until the minute ends, never too short: Redis tells it rounded to a second."""
        rounded = 0.5 if storage is self._shared else 0.0
        return min(MINUTE, max(0.0, await storage.get_expiry(name) - time.time()) + rounded)


def _failures() -> tuple[type[Exception], ...]:
    from limits.errors import StorageError

    return StorageError, OSError, TimeoutError


def _redis(address: str, timeout: float) -> RedisStorage:
    from limits.aio.storage import RedisStorage
    from limits.errors import ConfigurationError

    try:
        importlib.import_module("redis.asyncio")
    except ImportError as error:
        raise ValueError("server.limits_storage needs what `pip install 'retouch[redis]'` installs") from error
    try:
        if not address.startswith(("redis://", "rediss://", "redis+unix://")):
            raise ConfigurationError
        return RedisStorage(
            f"async+{address}",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix="retouch",
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
        )
    except ConfigurationError:
        # Without the address, which may have a password in it.
        raise ValueError("server.limits_storage is no address of a Redis, as redis://HOST:PORT/DB is") from None
