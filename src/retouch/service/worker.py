"""A worker process: one socket, one task at a time.

Started as ``python -m retouch.service.worker SOCKET_FD TOKEN_FD``. It ends when the server closes the socket,
and the kernel ends it when the server dies. Signals sent to the whole group (Ctrl-C, a service manager's
SIGTERM) are ignored: an edit in flight is the server's to finish or to cancel.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import mmap
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, BinaryIO, NoReturn, cast

import cv2

from retouch.contract.tokens import count_tokens
from retouch.engines import registry
from retouch.engines.base import Capabilities, Engine, Preview, Warming
from retouch.errors import Cancelled, InternalError, OutOfMemory, RetouchError
from retouch.imaging.decode import decode
from retouch.imaging.limits import PixelLimits
from retouch.imaging.raster import Raster
from retouch.imaging.resample import resize
from retouch.service import arrays, stages, wire
from retouch.service.journal import Journal
from retouch.service.logs import Lines, write_lines
from retouch.service.task import Task, WorkerConfig, parse
from retouch.service.tracebacks import where
from retouch.service.wire import Frame, Kind

log = logging.getLogger("retouch.worker")

_RUN = struct.Struct("=I")
_PR_SET_PDEATHSIG = 1


class Token:
    """The number of the run to cancel, in memory shared with the server; asking costs no system call."""

    def __init__(self, fd: int) -> None:
        self._memory = mmap.mmap(fd, _RUN.size, prot=mmap.PROT_READ)
        self.run = 0

    def cancelled(self) -> bool:
        return bool(_RUN.unpack(self._memory[: _RUN.size])[0] == self.run)


class Worker:
    """Serves the tasks that come over ``sock``, one after the other. ``lines``: of its log."""

    def __init__(self, sock: socket.socket, token: Token, lines: Lines | None = None) -> None:
        self._lines = lines or Lines()
        self._journal = Journal()
        self._sock = sock
        self._token = token
        self._config = WorkerConfig(engines=())
        self._engines: dict[str, Engine] = {}
        self._spent = False

    def serve(self) -> None:
        """Until the server closes the socket, or memory has run out once (a fresh heap is then safer)."""
        try:
            self._loop()
        finally:
            for engine in self._engines.values():
                if engine.capabilities.place != "loop":  # those hold nothing here, and close asynchronously
                    engine.close()

    def _loop(self) -> None:
        while not self._spent and (frame := wire.receive(self._sock)) is not None:
            if frame.kind is Kind.CONFIGURE:
                self._configure(parse(frame.payload, WorkerConfig))
                able = {name: describe(engine.capabilities) for name, engine in self._engines.items()}
                wire.send(self._sock, Frame(Kind.READY, 0, {"pid": os.getpid(), "engines": able}))
                if self._config.warm:
                    self._warm()
                wire.send(self._sock, Frame(Kind.WARM, 0))
                continue
            self._token.run = frame.run
            # The descriptors are closed with the files, whatever happens.
            with contextlib.ExitStack() as files:
                opened = [files.enter_context(open(fd, "rb")) for fd in frame.fds]  # noqa: PTH123
                task = parse(frame.payload, Task)
                self._lines.fields["request_id"] = task.request_id
                # It may have waited while this process was still getting ready.
                self._journal = Journal()
                self._journal.since("queue", frame.meta["sent"])
                self._send(frame.run, task, opened, frame.meta["threads"])
                self._lines.fields.clear()

    def _configure(self, config: WorkerConfig) -> None:
        cv2.setNumThreads(1)  # one worker a core: threads of its own would only be in the others' way
        self._config = config
        logging.getLogger("retouch").setLevel(config.log_level)
        for spec in config.engines:
            try:
                # An engine of the event loop only plans here, which it does like any other.
                self._engines[spec.name] = cast(Engine, registry.build(spec.kind, spec.options))
            except ValueError as error:
                _give_up("engine_not_built", error, engine=spec.name)
        if config.memory is not None:
            resource.setrlimit(resource.RLIMIT_AS, (config.memory, resource.RLIM_INFINITY))

    def _warm(self) -> None:
        """Load what the first edit here needs: in a CPU worker of every engine that paints there, in a device's
        process of the first alone, since the others' models might not fit beside it."""
        device = self._config.device
        warming = [
            engine
            for engine in self._engines.values()
            if isinstance(engine, Warming) and (engine.capabilities.place == "device") == (device is not None)
        ]
        if device is None:
            count_tokens("warm")
        for engine in warming if device is None else warming[:1]:
            try:
                engine.warm()
            except Exception as error:
                _give_up("warm_up_failed", error, device=device)

    def _send(self, run: int, task: Task, files: Sequence[BinaryIO], threads: int) -> None:
        try:
            for frame in self._frames(run, task, files, threads):
                try:
                    wire.send(self._sock, self._timed(frame))
                finally:
                    frame.close()
            answer = Frame(Kind.DONE, run)
        except Cancelled:
            answer = Frame(Kind.FAILED, run, {"cancelled": True})
        except RetouchError as error:
            answer = Frame(Kind.FAILED, run, error.to_wire())
        except (BrokenPipeError, ConnectionResetError):
            raise
        except Exception as error:
            if isinstance(error, MemoryError) or "nsufficient memory" in str(error):
                self._spent = True
                answer = Frame(Kind.FAILED, run, {**OutOfMemory().to_wire(), "spent": True})
            else:
                log.error("edit_failed", extra={"fields": {"error": where(error)}})
                answer = Frame(Kind.FAILED, run, InternalError().to_wire())
        wire.send(self._sock, self._timed(answer))

    def _timed(self, frame: Frame) -> Frame:
        """``frame`` with what was measured since the last one."""
        frame.meta = {**frame.meta, "spans": self._journal.taken()}
        return frame

    def _frames(self, run: int, task: Task, files: Sequence[BinaryIO], threads: int) -> Iterator[Frame]:
        if task.stage == "edit":
            yield from self._edit(run, task, files, threads)
        elif task.stage == "paint":
            yield from self._paint(run, task, files)
        else:
            yield from self._finish(run, task, files, threads)

    def _edit(self, run: int, task: Task, files: Sequence[BinaryIO], threads: int) -> Iterator[Frame]:
        prepared = stages.prepare(task, files, self._config, self._engines, threads=threads, journal=self._journal)
        meta = prepared.meta()
        engine = self._engines[prepared.engine]
        place = engine.capabilities.place
        if place != "worker":
            yield Frame(Kind.PREPARED, run, meta, b"", [arrays.store(stages.to_arrays(prepared))])
            if place == "loop":
                yield from self._encoded(run, prepared)
            return
        yield Frame(Kind.PLANNED, run, meta)
        base, weight = prepared.canvas.base, prepared.canvas.weight
        for painted in self._journal.each("engine", stages.paint(prepared, engine, self._token)):
            with self._journal.measure("encode"):
                done = stages.finish(
                    task.request, base, weight, painted.raster, base64=task.base64, threads=threads
                )
            kind = Kind.PREVIEW if isinstance(painted, Preview) else Kind.PICTURE
            yield Frame(kind, run, done.meta(painted.index), done.data)

    def _encoded(self, run: int, prepared: stages.Prepared) -> Iterator[Frame]:
        """What an engine in the event loop works from: the canvas, and what may change, as PNG."""
        canvas = prepared.canvas
        with self._journal.measure("encode"):
            png = stages.to_png(canvas, weight=False)
        yield Frame(Kind.PICTURE, run, {"part": "base"}, png)
        if prepared.job.mask is not None or canvas.extends:
            with self._journal.measure("encode"):
                png = stages.to_png(canvas, weight=True)
            yield Frame(Kind.PICTURE, run, {"part": "mask"}, png)

    def _paint(self, run: int, task: Task, files: Sequence[BinaryIO]) -> Iterator[Frame]:
        (name,) = task.chain
        prepared = stages.from_arrays(task, arrays.load(files[0].fileno()), name)
        painting = stages.paint(prepared, self._engines[name], self._token)
        for painted in self._journal.each("engine", painting):
            raster = painted.raster
            fd = arrays.store({"rgb": raster.rgb, "alpha": raster.alpha})
            kind = Kind.PREVIEW if isinstance(painted, Preview) else Kind.PICTURE
            yield Frame(kind, run, {"index": painted.index}, b"", [fd])

    def _finish(self, run: int, task: Task, files: Sequence[BinaryIO], threads: int) -> Iterator[Frame]:
        prepared = stages.from_arrays(task, arrays.load(files[0].fileno()), "")
        if task.encoded:
            with self._journal.measure("decode"):
                painted = decode(files[1], limits=PixelLimits(**self._config.pixels), position=1)
                painted = resize(painted, prepared.canvas.size)
        else:
            stored = arrays.load(files[1].fileno())
            painted = Raster(stored["rgb"], stored.get("alpha"))
        base, weight = prepared.canvas.base, prepared.canvas.weight
        with self._journal.measure("encode"):
            done = stages.finish(task.request, base, weight, painted, base64=task.base64, threads=threads)
        yield Frame(Kind.PICTURE, run, done.meta(task.index), done.data)


def describe(able: Capabilities) -> dict[str, Any]:
    """Capabilities as JSON."""
    return {**asdict(able), "extras": sorted(able.extras), "abilities": list(able.abilities)}


def _give_up(event: str, error: Exception, **fields: Any) -> NoReturn:
    """End this process. No request is behind ``error``, so that what it says may be told."""
    log.error(event, extra={"fields": {**fields, "error": f"{type(error).__name__}: {error}"}})
    raise SystemExit(1) from error


def main(socket_fd: int, token_fd: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    lines = Lines(people=sys.stderr.isatty())
    write_lines(lines, logging.INFO)
    with socket.socket(fileno=socket_fd) as sock, contextlib.suppress(EOFError, ConnectionError):
        Worker(sock, Token(token_fd), lines).serve()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
