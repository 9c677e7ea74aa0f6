"""One worker process and our end of its socket, which the event loop reads."""

from __future__ import annotations

import array
import asyncio
import contextlib
import json
import mmap
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from retouch.errors import Cancelled, DeadlineExceeded, WorkerLost
from retouch.service import wire
from retouch.service.task import Task, WorkerConfig, dump
from retouch.service.wire import HEADER, Frame, Kind

_RUN = struct.Struct("=I")
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""For the CPU workers, one a core; a model that paints on the CPU has all of them."""

_ENVIRONMENT = {
    # glibc would give each picture's memory back and fault it in anew for the next one, which costs a tenth of
    # an edit's time; a worker keeps up to 256 MiB instead.
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
}
_BUFFER = 4 << 20


class Process:
    """One worker process and our end of its socket. ``request_id``: of the edit that it has now. ``started``: it
    can take tasks. ``warm``: nothing that they need is still to be loaded."""

    def __init__(
        self,
        config: WorkerConfig,
        on_lost: Callable[[Process], None],
        on_warm: Callable[[Process], None] = lambda _: None,
    ) -> None:
        self._on_lost = on_lost
        self._on_warm = on_warm
        self.frames: asyncio.Queue[Frame | None] = asyncio.Queue()
        self.run = 0
        self.heed_until = 0.0
        self.request_id = ""
        self._fds: list[int] = []
        self.alive = True
        self.started = False
        self.warm = False
        self.info: Mapping[str, Any] = {}
        token = os.memfd_create("retouch-token", os.MFD_CLOEXEC)
        os.ftruncate(token, _RUN.size)
        self._token = mmap.mmap(token, _RUN.size)
        self._sock, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        for end in (self._sock, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        # -P: a file named like one of ours in the operator's working directory must not be imported.
        command = [sys.executable, "-P", "-m", "retouch.service.worker", str(theirs.fileno()), str(token)]
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), token),
                env={**os.environ, **_ENVIRONMENT, **(_ONE_THREAD if config.device is None else {})},
            )
        finally:
            theirs.close()
            os.close(token)
        self._sock.setblocking(False)
        self._expect_header()
        asyncio.get_running_loop().add_reader(self._sock, self._readable)
        self._config = config

    async def ready(self) -> None:
        """Configure it and wait until it can take tasks. Raises `WorkerLost` if it dies first."""
        await self._send(Frame(Kind.CONFIGURE, 0, payload=dump(self._config)))
        frame = await self.frames.get()
        if frame is None:
            raise WorkerLost
        self.info = frame.meta
        self.started = True

    async def submit(self, task: Task, fds: Sequence[int], threads: int) -> None:
        """Give it a task; ``threads`` tells it how many cores are free for it."""
        self.run += 1
        self.heed_until = 0.0
        self.request_id = task.request_id
        meta = {"threads": threads, "sent": time.time()}
        await self._send(Frame(Kind.TASK, self.run, meta, dump(task), fds))

    async def next(self, deadline: float, cancel: asyncio.Event, heed: float | None) -> Frame | None:
        """The next frame of its run, None when it has died. Once ``cancel`` is set it is told, and ended if it
        goes on for ``heed`` seconds; at ``deadline``, of the event loop's time, it is ended. Without ``heed``
        nobody is kept waiting for it to notice either, and it stays.

        Raises `Cancelled` and `DeadlineExceeded`.
        """
        loop = asyncio.get_running_loop()
        if heed is None and cancel.is_set():
            raise Cancelled
        with contextlib.suppress(asyncio.QueueEmpty):
            return self.frames.get_nowait()
        getting = asyncio.ensure_future(self.frames.get())
        cancelling = asyncio.ensure_future(cancel.wait())
        either: set[asyncio.Future[Any]] = {getting, cancelling}
        try:
            await asyncio.wait(either, timeout=deadline - loop.time(), return_when=asyncio.FIRST_COMPLETED)
            if not getting.done() and cancelling.done() and heed is not None:
                self.cancel()
                # An engine that goes on sending must not put its end off with every frame.
                self.heed_until = self.heed_until or loop.time() + heed
                until = min(self.heed_until, deadline)
                await asyncio.wait({getting}, timeout=max(0.0, until - loop.time()))
            if getting.done():
                return getting.result()
            if heed is not None:
                self.kill()
            raise Cancelled if cancelling.done() else too_long()
        finally:
            cancelling.cancel()
            if not getting.cancel() and not getting.cancelled() and sys.exc_info()[0] is asyncio.CancelledError:
                frame = getting.result()
                if frame is None or frame.kind in (Kind.DONE, Kind.FAILED):
                    self.frames.put_nowait(frame)
                else:
                    # Behind the run's last it would be taken for the next run's.
                    frame.close()

    def cancel(self) -> None:
        """Ask the worker to stop its present run at the next step."""
        if self.alive:
            self._token[: _RUN.size] = _RUN.pack(self.run)

    def kill(self) -> None:
        """End it now; whoever waits for its frames is told."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self._lost()

    async def close(self, patience: float) -> None:
        """Let an idle worker go home; kill it if it has not gone after ``patience`` seconds."""
        self._lost()
        # What nobody has taken may hold pictures in shared memory.
        while not self.frames.empty():
            if (frame := self.frames.get_nowait()) is not None:
                frame.close()
        for fd in self._fds:
            os.close(fd)
        self._fds = []
        self._token.close()
        try:
            await asyncio.to_thread(self.process.wait, patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            await asyncio.to_thread(self.process.wait)

    async def _send(self, frame: Frame) -> None:
        loop = asyncio.get_running_loop()
        first = wire.head(frame)
        try:
            sent = self._sock.sendmsg([first], wire.ancillary(frame.fds))
            await loop.sock_sendall(self._sock, first[sent:])
            await loop.sock_sendall(self._sock, frame.payload)
        except OSError as error:
            self._lost()
            raise WorkerLost from error

    def _expect_header(self) -> None:
        self._header: tuple[int, int, int, int, int] | None = None
        self._fds = []
        self._expect(HEADER.size)

    def _expect(self, size: int) -> None:
        self._buffer = bytearray(size)
        self._view = memoryview(self._buffer)

    def _readable(self) -> None:
        try:
            while self.alive:
                if self._view and not self._receive():
                    self._lost()
                    return
                if not self._view:
                    self._complete()
        except BlockingIOError:
            return
        except OSError:
            self._lost()

    def _receive(self) -> int:
        if self._header is not None:
            got = self._sock.recv_into(self._view)
        else:
            size = socket.CMSG_SPACE(wire.MAX_FDS * array.array("i").itemsize)
            got, data, _, _ = self._sock.recvmsg_into([self._view], size)
            self._fds += wire.descriptors(data)
        self._view = self._view[got:]
        return got

    def _complete(self) -> None:
        if self._header is None:
            self._header = HEADER.unpack(self._buffer)
            self._expect(self._header[2] + self._header[3])
            return
        kind, run, meta, _, _ = self._header
        body = memoryview(self._buffer)
        frame = Frame(Kind(kind), run, json.loads(bytes(body[:meta]) or b"{}"), body[meta:], self._fds)
        self._expect_header()
        if frame.kind is Kind.WARM:
            self.warm = True
            self._on_warm(self)
        elif run == self.run:
            self.frames.put_nowait(frame)
        else:
            frame.close()

    def _lost(self) -> None:
        if self.alive:
            self.alive = False
            asyncio.get_running_loop().remove_reader(self._sock)
            self._sock.close()
            self.frames.put_nowait(None)
            self._on_lost(self)


def too_long() -> DeadlineExceeded:
    """What whoever sent an edit is told that is over its deadline."""
    return DeadlineExceeded("The edit took longer than this server allows.")
