"""The course of one edit through whatever processes its engine needs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from retouch.errors import Cancelled, DeadlineExceeded
from retouch.service.edit import Event, PictureReady, Planned, PreviewReady
from retouch.service.gate import Gate
from retouch.service.pool import Pool
from retouch.service.task import Task
from retouch.service.turn import Turn
from retouch.service.wire import Frame, Kind

if TYPE_CHECKING:
    from retouch.engines.base import AsyncEngine

T = TypeVar("T")


@dataclass(frozen=True)
class Places:
    """Where edits run. ``pool``: the CPU workers. ``devices``, with a gate each, and ``loops``: by engine name,
    for the engines that paint in a process of a device's own or in this event loop; engines of the same device
    have the same pool and the same gate."""

    pool: Pool
    devices: Mapping[str, Pool]
    gates: Mapping[str, Gate]
    loops: Mapping[str, AsyncEngine]


@dataclass
class _Prepared:
    """What came of the first stage. ``canvas``: for an engine in the event loop, its PNGs by name."""

    frame: Frame | None = None
    canvas: dict[str, bytes] = field(default_factory=dict)


class Course:
    """One edit on its way. ``fds``: of its files, which stay the caller's."""

    def __init__(self, places: Places, task: Task, fds: Sequence[int], cancel: asyncio.Event, turn: Turn) -> None:
        self._places = places
        self._task = task
        self._fds = fds
        self._cancel = cancel
        self._turn = turn

    async def events(self) -> AsyncGenerator[Event, None]:
        """What happens, to the last picture. Raises `Cancelled` and whatever the edit fails with."""
        gates = self._places.gates
        async with AsyncExitStack() as held:
            task = self._task
            # What is held of a device: a place before it, which others get once another engine has taken the edit.
            passed = await held.enter_async_context(AsyncExitStack())
            asked = task.chain[0]
            prepared = _Prepared()
            while True:
                if asked in gates:
                    with task.journal.measure("queue"):
                        await self._pass(asked, passed)
                async with aclosing(self._first(task, prepared)) as events:
                    async for event in events:
                        await passed.aclose()  # it is painted in the CPU worker
                        yield event
                if prepared.frame is None:
                    return
                held.callback(prepared.frame.close)
                name = prepared.frame.meta["engine"]
                same_place = gates.get(name) is gates.get(asked)
                if same_place or name not in gates:
                    if not same_place:
                        await passed.aclose()
                    break
                # A chain's later engine has taken it, and its device may be far from free: the pictures are not
                # kept in memory for that long, but made again.
                await passed.aclose()
                if self._places.devices[name].warm and not gates[name].full:
                    await passed.enter_async_context(gates[name].enter(task.caller, self._cancel))
                    break
                prepared.frame.close()
                prepared = _Prepared()
                asked = name
                task = replace(task, chain=(name,))
                self._turn.postpone()
            async with aclosing(self._elsewhere(prepared.frame, prepared.canvas)) as events:
                async for event in events:
                    yield event

    async def _pass(self, asked: str, passed: AsyncExitStack) -> None:
        """Wait for the model, and a place before its device. Both outside, where nothing is prepared and no
        deadline runs: loading a model takes minutes, and it may be lost while others are before us."""
        device, gate = self._places.devices[asked], self._places.gates[asked]
        while True:
            await device.warmed(self._task.caller, self._cancel)
            await passed.enter_async_context(gate.enter(self._task.caller, self._cancel))
            if device.warm:
                return
            await passed.aclose()

    async def _first(self, task: Task, prepared: _Prepared) -> AsyncGenerator[Event, None]:
        async with aclosing(self._places.pool.frames(task, self._fds, self._cancel, self._turn)) as frames:
            async for frame in frames:
                if frame.kind is Kind.PREPARED:
                    prepared.frame = frame
                elif prepared.frame is not None:
                    prepared.canvas[frame.meta["part"]] = bytes(frame.payload)
                else:
                    yield _event(frame)

    async def _elsewhere(self, prepared: Frame, canvas: Mapping[str, bytes]) -> AsyncGenerator[Event, None]:
        """Paint where the engine says, and finish each picture in a CPU worker."""
        planned = Planned.of(prepared.meta)
        yield planned
        task = replace(self._task, stage="paint", chain=(planned.engine,), plan=prepared.meta["plan"])
        on_device = planned.engine in self._places.devices
        painting = self._on_device(task, prepared) if on_device else self._in_loop(task, planned, canvas)
        async with aclosing(painting) as painted:
            async for kind, index, fd in painted:
                finish = replace(task, stage="finish", index=index, encoded=not on_device)
                try:
                    fds = [prepared.fds[0], fd]
                    finishing = self._places.pool.frames(finish, fds, self._cancel, self._turn)
                    async with aclosing(finishing) as frames:
                        async for frame in frames:
                            yield _event(Frame(kind, frame.run, frame.meta, frame.payload))
                finally:
                    os.close(fd)

    async def _on_device(self, task: Task, prepared: Frame) -> AsyncGenerator[tuple[Kind, int, int], None]:
        device = self._places.devices[task.chain[0]]
        async with aclosing(device.frames(task, [prepared.fds[0]], self._cancel, self._turn)) as frames:
            async for frame in frames:
                (fd,) = frame.fds
                yield frame.kind, frame.meta["index"], fd

    async def _in_loop(
        self, task: Task, planned: Planned, canvas: Mapping[str, bytes]
    ) -> AsyncGenerator[tuple[Kind, int, int], None]:
        from retouch.engines.base import LoopJob, LoopPreview, Plan

        request = task.request
        job = LoopJob(
            prompt=request.prompt,
            picture=canvas["base"],
            mask=canvas.get("mask"),
            size=planned.size,
            seeds=task.seeds,
            previews=request.partial_images if request.stream else 0,
            extras=request.extras,
        )
        engine = self._places.loops[planned.engine]
        painting = engine.edit(job, Plan(**(task.plan or {})), _EventToken(self._cancel))
        async with aclosing(_bounded(painting, self._cancel, self._turn.begin())) as pictures:
            async for picture in task.journal.awaited("engine", pictures):
                kind = Kind.PREVIEW if isinstance(picture, LoopPreview) else Kind.PICTURE
                yield kind, picture.index, _memory_file(picture.data)


class _EventToken:
    """An `asyncio.Event` as an engine's cancel token."""

    def __init__(self, event: asyncio.Event) -> None:
        self._event = event

    def cancelled(self) -> bool:
        return self._event.is_set()


async def _bounded(source: AsyncIterator[T], cancel: asyncio.Event, end: float) -> AsyncGenerator[T, None]:
    """``source`` until ``cancel`` is set or the event loop's time is ``end``, whatever it is waiting for."""
    loop = asyncio.get_running_loop()
    cancelling = asyncio.ensure_future(cancel.wait())
    step: asyncio.Future[T] | None = None
    try:
        while True:
            step = asyncio.ensure_future(_next(source))
            await asyncio.wait({step, cancelling}, timeout=end - loop.time(), return_when=asyncio.FIRST_COMPLETED)
            if not step.done():
                if cancelling.done():
                    raise Cancelled
                raise DeadlineExceeded("The edit took longer than this server allows.")
            try:
                item = step.result()
            except StopAsyncIteration:
                return
            yield item
    finally:
        cancelling.cancel()
        if step is not None and not step.done():
            step.cancel()
            await asyncio.wait({step})


async def _next(source: AsyncIterator[T]) -> T:
    return await anext(source)


def _memory_file(data: bytes) -> int:
    """``data`` as an anonymous file in memory, at its start; the caller owns the descriptor."""
    fd = os.memfd_create("retouch-picture", os.MFD_CLOEXEC)
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _event(frame: Frame) -> Event:
    if frame.kind is Kind.PLANNED:
        return Planned.of(frame.meta)
    meta = frame.meta
    width, height = meta["size"]
    kind = PreviewReady if frame.kind is Kind.PREVIEW else PictureReady
    return kind(memoryview(frame.payload), meta["index"], (width, height), meta["background"])
