"""Host names to addresses, without holding up anything else."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from retouch.server.fetching.addresses import Address

Resolve = Callable[[str, int], Awaitable[list[Address]]]
"""The addresses of a host and port, none twice; raises OSError."""


class SystemResolver:
    """Asks the system, in threads of its own.

    Its answer cannot be interrupted, and somebody else's name server decides how long it takes. So a look-up keeps
    one of ``count`` places until it really ends; the event loop's shared threads stay free, and the process can
    end without it.
    """

    def __init__(self, count: int) -> None:
        self._places = asyncio.Semaphore(count)

    async def __call__(self, host: str, port: int) -> list[Address]:
        await self._places.acquire()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Address]] = loop.create_future()

        def finish(found: list[Address] | Exception) -> None:
            self._places.release()
            if answer.done():
                return  # nobody waits any more
            if isinstance(found, Exception):
                answer.set_exception(found)
            else:
                answer.set_result(found)

        def ask() -> None:
            found: list[Address] | Exception
            try:
                found = _look_up(host, port)
            except (OSError, ValueError) as error:
                found = OSError(str(error))
            try:
                loop.call_soon_threadsafe(finish, found)
            except RuntimeError:
                return  # the loop has ended meanwhile

        try:
            threading.Thread(target=ask, name="retouch-resolver", daemon=True).start()
        except RuntimeError as error:
            self._places.release()
            raise OSError(str(error)) from None
        return await answer


def _look_up(host: str, port: int) -> list[Address]:
    """Raises OSError, UnicodeError among other ValueErrors."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(answer[4][0])) for answer in answers))
