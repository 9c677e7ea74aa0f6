"""How much of an answer is read before its body begins."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

from httpcore2 import SOCKET_OPTION, AsyncNetworkBackend, AsyncNetworkStream

from retouch.server.fetching.unreachable import Unreachable


class Head(AsyncNetworkBackend):
    """Connects as ``backend`` does, and reads at most ``limit`` bytes until `end` is called. For one connection.

    An answer may be announced by any number of interim ones, and all headers that have come are parsed at one go:
    without a bound somebody else's server could keep the event loop busy for as long as it likes.
    """

    def __init__(self, backend: AsyncNetworkBackend, limit: int) -> None:
        self._backend = backend
        self._left: int | None = limit

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """What ``backend`` gives and raises."""
        stream = await self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(stream, self)

    def end(self) -> None:
        """The body begins: whoever takes it has limits of its own."""
        self._left = None

    def room(self, wanted: int) -> int:
        """How many of ``wanted`` bytes may be read now. Raises `Unreachable` if none."""
        if self._left == 0:
            raise Unreachable("head")
        return wanted if self._left is None else min(wanted, self._left)

    def count(self, size: int) -> None:
        """So many bytes were read."""
        if self._left is not None:
            self._left -= size


class _Stream(AsyncNetworkStream):
    def __init__(self, stream: AsyncNetworkStream, head: Head) -> None:
        self._stream = stream
        self._head = head

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        piece = await self._stream.read(self._head.room(max_bytes), timeout)
        self._head.count(len(piece))
        return piece

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncNetworkStream:
        return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout), self._head)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
