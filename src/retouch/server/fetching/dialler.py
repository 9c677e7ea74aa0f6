"""Connections to addresses that have been judged, and to no other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from ipaddress import ip_address

import httpcore2
from httpcore2 import SOCKET_OPTION, AsyncNetworkBackend, AsyncNetworkStream

from retouch.server.fetching.addresses import Address, Reach
from retouch.server.fetching.resolver import Resolve
from retouch.server.fetching.unreachable import Unreachable

_MOST = 4
"""Addresses of a host that are tried."""


class Dialler(AsyncNetworkBackend):
    """A host is looked up once, all of its addresses are judged, and the connection goes to one of those: a name
    server that answers differently a moment later changes nothing. TLS and HTTP above it keep the host's name."""

    def __init__(self, resolve: Resolve, reach: Reach) -> None:
        self._resolve = resolve
        self._reach = reach
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Raises `Unreachable`, also when ``timeout`` seconds are over."""
        try:
            async with asyncio.timeout(timeout):
                return await self._connect(host, port, local_address, socket_options)
        except TimeoutError:
            raise Unreachable("connect") from None

    async def _connect(
        self, host: str, port: int, local_address: str | None, options: Iterable[SOCKET_OPTION] | None
    ) -> AsyncNetworkStream:
        addresses = await self._addresses(host, port)
        # One address in the wrong place is enough: such an answer is made to try both.
        if not addresses or not all(self._reach.allows(address) for address in addresses):
            raise Unreachable("refused")
        for address in addresses[:_MOST]:
            try:
                stream = await self._network.connect_tcp(
                    str(address), port, local_address=local_address, socket_options=options
                )
            except httpcore2.ConnectError:
                continue
            if self._is_this_machine(stream, address):
                await stream.aclose()
                raise Unreachable("refused")
            return stream
        raise Unreachable("connect")

    async def _addresses(self, host: str, port: int) -> list[Address]:
        try:
            return [ip_address(host)]
        except ValueError:
            pass
        try:
            return await self._resolve(host, port)
        except OSError:
            raise Unreachable("name") from None

    def _is_this_machine(self, stream: AsyncNetworkStream, address: Address) -> bool:
        """Whether the connection leads back here: a public address of ours reaches what listens for friends."""
        ours, theirs = stream.get_extra_info("client_addr"), stream.get_extra_info("server_addr")
        return bool(ours[0] == theirs[0]) and not self._reach.names(address)
