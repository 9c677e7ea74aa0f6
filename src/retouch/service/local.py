"""Workers as processes on this machine, each on one end of a socket pair that the event loop reads."""

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
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any

import structlog

from retouch.errors import Cancelled, DeadlineExceeded, NotReady, WorkerLost, from_wire
from retouch.service import wire
from retouch.service.task import Task, WorkerConfig, dump
from retouch.service.wire import HEADER, Frame, Kind

log = structlog.get_logger("retouch.workers")

_FIRST = asyncio.FIRST_COMPLETED
_RUN = struct.Struct("=I")
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # glibc would give each picture's memory back and fault it in anew for the next one, which costs a tenth of
    # an edit's time; a worker keeps up to 256 MiB instead.
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
}
_BUFFER = 4 << 20


class Process:
    """One worker process and our end of its socket."""

    def __init__(self, config: WorkerConfig, on_lost: Callable[[Process], None]) -> None:
        self._on_lost = on_lost
        self.frames: asyncio.Queue[Frame | None] = asyncio.Queue()
        self.run = 0
        self.heed_until = 0.0
        self._fds: list[int] = []
        self.alive = True
        self.started = False
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
                env={**os.environ, **_ENVIRONMENT},
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
        await self._send(Frame(Kind.TASK, self.run, {"threads": threads}, dump(task), fds))

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
        if run == self.run:
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


class LocalPool:
    """``count`` workers, each replaced when it dies.

    ``deadline``: seconds a task may take once it runs. ``heed``: seconds a worker has to notice a
    cancellation before it is replaced. ``start``: seconds it has to load what it needs.
    """

    def __init__(
        self, config: WorkerConfig, *, count: int, deadline: float, heed: float = 2.0, start: float = 60.0
    ) -> None:
        self._config = config
        self._count = count
        self._deadline = deadline
        self._heed = heed
        self._start = start
        self._all: set[Process] = set()
        self._gone: set[Process] = set()
        self._idle: list[Process] = []
        self._waiting: deque[asyncio.Future[Process]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self._failures = 0
        self.replaced = 0
        self._engines: Mapping[str, Any] = {}

    @property
    def size(self) -> int:
        return self._count

    @property
    def ready(self) -> bool:
        return not self._closing and any(process.started and process.alive for process in self._all)

    @property
    def engines(self) -> Mapping[str, Any]:
        return self._engines

    @property
    def pids(self) -> list[int]:
        """The workers' process ids."""
        return [process.process.pid for process in self._all]

    async def start(self) -> None:
        """Start every worker. Raises `WorkerLost` if one cannot be started at all."""
        await asyncio.gather(*(self._spawn() for _ in range(self._count)))

    async def stop(self) -> None:
        self._closing = True
        for task in self._tasks:
            task.cancel()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(NotReady())
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(process.close(1.0) for process in self._all | self._gone))
        self._all.clear()
        self._gone.clear()
        self._idle.clear()

    async def frames(self, task: Task, fds: Sequence[int], cancel: asyncio.Event) -> AsyncGenerator[Frame, None]:
        process = await self._take(cancel)
        finished = False
        try:
            await process.submit(task, fds, 1 + len(self._idle))
            deadline = asyncio.get_running_loop().time() + self._deadline
            while True:
                frame = await self._next(process, deadline, cancel)
                if frame is None:
                    raise WorkerLost
                if frame.kind in (Kind.DONE, Kind.FAILED):
                    finished = True
                    if frame.meta.get("spent"):
                        process.kill()
                    if frame.kind is Kind.FAILED:
                        raise Cancelled if frame.meta.get("cancelled") else from_wire(dict(frame.meta))
                    return
                yield frame
        finally:
            if finished or not process.alive:
                self._give(process)
            else:
                process.cancel()
                self._background(self._settle(process))

    async def _next(self, process: Process, deadline: float, cancel: asyncio.Event) -> Frame | None:
        """The next frame; on cancellation or at the deadline the worker is told, then replaced."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(asyncio.QueueEmpty):
            return process.frames.get_nowait()
        getting = asyncio.ensure_future(process.frames.get())
        cancelling = asyncio.ensure_future(cancel.wait())
        either: set[asyncio.Future[Any]] = {getting, cancelling}
        try:
            await asyncio.wait(either, timeout=deadline - loop.time(), return_when=asyncio.FIRST_COMPLETED)
            if not getting.done() and cancelling.done():
                process.cancel()
                # An engine that goes on sending must not put its end off with every frame.
                process.heed_until = process.heed_until or loop.time() + self._heed
                until = min(process.heed_until, deadline)
                await asyncio.wait({getting}, timeout=max(0.0, until - loop.time()))
            if getting.done():
                return getting.result()
            process.kill()
            raise (
                Cancelled
                if cancelling.done()
                else DeadlineExceeded("The edit took longer than this server allows.")
            )
        finally:
            cancelling.cancel()
            if not getting.cancel() and not getting.cancelled() and sys.exc_info()[0] is asyncio.CancelledError:
                process.frames.put_nowait(getting.result())

    async def _settle(self, process: Process) -> None:
        """Wait for an abandoned run to stop, then use its worker again or replace it."""
        try:
            async with asyncio.timeout(self._heed):
                while (frame := await process.frames.get()) is not None:
                    frame.close()
                    if frame.kind in (Kind.DONE, Kind.FAILED):
                        break
        except TimeoutError:
            process.kill()
        self._give(process)

    async def _take(self, cancel: asyncio.Event) -> Process:
        if self._closing:
            raise NotReady
        while self._idle:
            # The one used last: its memory is warm.
            process = self._idle.pop()
            if process.alive:
                return process
        waiter: asyncio.Future[Process] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        cancelling = asyncio.ensure_future(cancel.wait())
        both: set[asyncio.Future[Any]] = {waiter, cancelling}
        try:
            # Admission bounds the wait for a worker; only a pool without any is not waited for.
            while not both & (await asyncio.wait(both, timeout=self._deadline, return_when=_FIRST))[0]:
                if not self._all:
                    raise NotReady
            if waiter.done():
                return waiter.result()
            raise Cancelled
        finally:
            cancelling.cancel()
            if not waiter.done():
                waiter.cancel()
            elif sys.exc_info()[0] is asyncio.CancelledError and not waiter.exception():
                self._give(waiter.result())

    def _give(self, process: Process) -> None:
        if self._closing:
            return
        if not process.alive:
            if process in self._all:
                self._all.discard(process)
                self._gone.add(process)
                self.replaced += 1
                log.warning("worker_lost", pid=process.process.pid)
                self._background(self._replace(process))
            return
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(process)
                return
        self._idle.append(process)

    async def _spawn(self) -> None:
        process = Process(self._config, self._lost)
        self._all.add(process)
        try:
            async with asyncio.timeout(self._start):
                await process.ready()
        except BaseException as error:
            self._all.discard(process)
            process.kill()
            await asyncio.to_thread(process.process.wait)
            if isinstance(error, TimeoutError):
                raise WorkerLost from error
            raise
        self._engines = process.info["engines"]
        self._give(process)

    def _lost(self, process: Process) -> None:
        """A worker that dies while idle must not be given a task; a busy one is seen to by its run."""
        if process in self._idle:
            self._idle.remove(process)
            self._give(process)

    async def _replace(self, process: Process) -> None:
        await process.close(1.0)
        self._gone.discard(process)
        while not self._closing:
            try:
                await self._spawn()
            except (WorkerLost, OSError):
                # A worker that cannot start would otherwise be forked as fast as the machine can.
                self._failures += 1
                await asyncio.sleep(min(5.0, 0.1 * 2**self._failures))
            else:
                self._failures = 0
                return

    def _background(self, coroutine: Any) -> None:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
