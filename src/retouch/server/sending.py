"""What has been written to a connection and not yet taken by the client."""

from __future__ import annotations

import array
import asyncio
import contextlib
import fcntl
import os
import socket
import struct
import termios

_LOOKS = 4
"""How often in the longest silence it is looked at."""


class Sending:
    """Cuts the connection of a client that does not take its answer.

    ``idle``: the longest time in seconds in which it may take nothing. ``rate``: bytes a second that it has to
    take beyond that.
    """

    def __init__(self, transport: asyncio.Transport, idle: float, rate: float) -> None:
        self._transport = transport
        self._idle = idle
        self._rate = rate
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._left = 0
        self._until = 0.0

    def watch(self) -> None:
        """To be told whenever something may have been left unsent."""
        if self._timer is None and self._transport.get_write_buffer_size():
            self._left = self._unsent()
            self._until = self._loop.time() + self._idle
            self._wait()

    def stop(self) -> None:
        """The connection is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        self._timer = self._loop.call_later(self._idle / _LOOKS, self._look)

    def _look(self) -> None:
        self._timer = None
        if not self._transport.get_write_buffer_size():
            return
        now, left = self._loop.time(), self._unsent()
        # What is taken buys time at the least rate, as an upload does; what is written meanwhile costs none.
        self._until = min(self._until + max(0, self._left - left) / self._rate, now + self._idle)
        self._left = left
        if now >= self._until:
            self.cut()
        else:
            self._wait()

    def cut(self) -> None:
        """End the connection at once. Closed as usual, it would be gone for us only: the kernel would keep what it
        has, megabytes of it, and go on offering them to somebody who takes nothing."""
        sock: socket.socket | None = self._transport.get_extra_info("socket")
        if sock is not None:
            # A loop's own kind of socket has no options to set; a second descriptor is of the same connection.
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(sock.fileno())) as same:
                same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def _unsent(self) -> int:
        """Bytes that we hold and that the kernel does: it asks for more only when much of its own is gone."""
        held = self._transport.get_write_buffer_size()
        sock: socket.socket | None = self._transport.get_extra_info("socket")
        if sock is not None:
            queued = array.array("i", [0])
            with contextlib.suppress(OSError):
                fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, queued)
                held += queued[0]
        return held
