"""Workers as processes on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

import structlog

from retouch.errors import Cancelled, NotReady, WorkerLost, from_wire
from retouch.service.line import Line
from retouch.service.process import Process, too_long
from retouch.service.task import Task, WorkerConfig
from retouch.service.turn import Turn
from retouch.service.wire import Frame, Kind

log = structlog.get_logger("retouch.workers")
_ANEW = "The model is being loaded again. Please try again shortly."
_FAILING = "The model cannot be loaded at the moment. Please try again later."


class LocalPool:
    """``count`` workers, each replaced when it dies.

    ``deadline``: seconds a task may take once it runs. ``heed``: seconds a worker has to notice a
    cancellation before it is replaced. ``start``: seconds it has until it can take a task, and
    as many more until it is warm. ``loads``: getting warm takes long, so that tasks wait for it outside and are
    sent away when there is no warm worker after all; a task has the whole of ``deadline`` from when a worker takes
    it; and one that is cancelled or over its deadline ends at once, while its worker has ``heed`` to notice.
    """

    def __init__(
        self,
        config: WorkerConfig,
        *,
        count: int,
        deadline: float,
        heed: float = 2.0,
        start: float = 60.0,
        loads: bool = False,
    ) -> None:
        self._config = config
        self._count = count
        self._deadline = deadline
        self._heed = heed
        self._start = start
        self._loads = loads
        self._all: set[Process] = set()
        self._gone: set[Process] = set()
        self._idle: list[Process] = []
        self._line: Line[Process] = Line(self._give)
        self._loading: Line[None] = Line(lambda _: None)
        self._progress = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self._was_warm = False
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
    def warm(self) -> bool:
        kept = self._was_warm and not self._loads  # without much to load, the next worker is warm in a moment
        self._was_warm = kept or any(process.warm and process.alive for process in self._all)
        return self._was_warm

    @property
    def failing(self) -> bool:
        return self._failures > 0 and not any(process.warm and process.alive for process in self._all)

    @property
    def alive(self) -> int:
        return sum(process.started and process.alive for process in self._all)

    @property
    def waiting(self) -> int:
        return len(self._line) + len(self._loading)

    @property
    def stalled(self) -> bool:
        now = asyncio.get_running_loop().time()
        return bool(len(self._line)) and now - self._progress > self._deadline + self._heed

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
        self._line.fail(NotReady())
        self._loading.fail(NotReady())
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(process.close(1.0) for process in self._all | self._gone))
        self._all.clear()
        self._gone.clear()
        self._idle.clear()

    async def warmed(self, caller: str, cancel: asyncio.Event) -> None:
        if self._closing:
            raise NotReady
        if self._loads and not self.warm:
            if self.failing:
                raise NotReady(_FAILING)
            await self._loading.wait(caller, cancel)

    async def frames(
        self, task: Task, fds: Sequence[int], cancel: asyncio.Event, turn: Turn | None = None
    ) -> AsyncGenerator[Frame, None]:
        turn = turn or Turn(self._deadline)
        with task.journal.measure("queue"):
            process = await self._take(task.caller, cancel, turn.ends)
        finished = False
        try:
            if self._loads:
                turn.renew(self._deadline)
            deadline = turn.begin()
            heed = None if self._loads else self._heed
            await process.submit(task, fds, 1 + len(self._idle))
            while True:
                frame = await process.next(deadline, cancel, heed)
                if frame is None:
                    raise WorkerLost
                self._move()
                task.journal.extend(frame.meta.get("spans", ()))
                if frame.kind in (Kind.DONE, Kind.FAILED):
                    finished = True
                    process.request_id = ""
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

    async def _take(self, caller: str, cancel: asyncio.Event, ends: float | None) -> Process:
        """A free worker. ``ends``: when its edit's turn does, if that has begun; so it goes first. One that loads
        is waited for without an end, as the others' turns have theirs."""
        if self._closing:
            raise NotReady
        if self._loads and not self.warm:
            raise NotReady(_ANEW)
        while self._idle:
            # The one used last: its memory is warm.
            process = self._idle.pop()
            if process.alive:
                return process
        if not len(self._line):
            self._move()  # nothing was expected of it until now
        try:
            until = None if self._loads else ends
            return await self._line.wait(caller, cancel, first=ends is not None, until=until)
        except TimeoutError:
            raise too_long() from None

    def _give(self, process: Process) -> None:
        self._move()
        if self._closing:
            return
        if not process.alive:
            if process in self._all:
                self._all.discard(process)
                self._gone.add(process)
                self.replaced += 1
                if self._loads and not self.warm:
                    self._line.fail(NotReady(_ANEW))
                self._background(self._replace(process))
            return
        if not self._line.give(process):
            self._idle.append(process)

    def _move(self) -> None:
        """Something goes forward."""
        self._progress = asyncio.get_running_loop().time()

    async def _spawn(self) -> None:
        process = Process(self._config, self._lost, self._warmed)
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
        asyncio.get_running_loop().call_later(self._start, self._expect_warm, process)
        self._give(process)

    def _warmed(self, process: Process) -> None:
        self._failures = 0
        while self._loading.give(None):
            pass

    def _expect_warm(self, process: Process) -> None:
        """One that hangs in its warm-up would hang in whatever it is given."""
        if process.alive and not process.warm:
            process.kill()

    def _lost(self, process: Process) -> None:
        """A worker that dies while idle must not be given a task; a busy one is seen to by its run."""
        if process in self._idle:
            self._idle.remove(process)
            self._give(process)

    async def _replace(self, process: Process) -> None:
        # One that ends by itself may have much to put away.
        await process.close(10.0 if self._loads else 1.0)
        # Only now is it known how it ended: a negative number is the signal.
        log.warning(
            "worker_lost",
            pid=process.process.pid,
            exit=process.process.returncode,
            request_id=process.request_id or None,
        )
        self._gone.discard(process)
        failed = self._config.warm and not process.warm
        if not failed:
            self._failures = 0
        # A worker that cannot start would otherwise be forked as fast as the machine can,
        # and what one could not load in minutes the next one may not be able to load either.
        first, longest = (1.0, 60.0) if self._loads else (0.1, 5.0)
        while not self._closing:
            if failed:
                self._failures += 1
                self._loading.fail(NotReady(_FAILING))
                await asyncio.sleep(min(longest, first * 2.0 ** min(10, self._failures)))
            try:
                await self._spawn()
            except (WorkerLost, OSError):
                failed = True
            else:
                return

    def _background(self, coroutine: Any) -> None:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
