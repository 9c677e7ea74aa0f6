"""An edit from its request to its last picture, across whatever processes its engine needs."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from retouch.contract.parameters import EditRequest
from retouch.errors import Cancelled, DeadlineExceeded, NotReady
from retouch.service.admission import Admission
from retouch.service.edit import Edit, Event, PictureReady, Planned, PreviewReady
from retouch.service.pool import Pool
from retouch.service.settings import ServiceSettings
from retouch.service.task import Task
from retouch.service.wire import Frame, Kind

if TYPE_CHECKING:
    from retouch.engines.base import AsyncEngine


T = TypeVar("T")


class File(Protocol):
    """An uploaded file."""

    def fileno(self) -> int: ...

    def close(self) -> None: ...


class Editor:
    """Runs edits. ``pool``: the CPU workers. ``devices`` and ``loops``: by engine name, for the engines that
    paint in a process of a device's own or in this event loop."""

    def __init__(
        self,
        settings: ServiceSettings,
        pool: Pool,
        devices: Mapping[str, Pool] | None = None,
        loops: Mapping[str, AsyncEngine] | None = None,
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._devices = devices or {}
        self._loops = loops or {}
        self._edits: set[Edit] = set()
        self._admission = Admission(running=settings.workers, waiting=settings.waiting)
        self.draining = False

    @property
    def ready(self) -> bool:
        pools = (self._pool, *self._devices.values())
        return not self.draining and all(pool.ready for pool in pools)

    @property
    def in_flight(self) -> int:
        return self._admission.inside

    def capabilities(self, model: str) -> list[dict[str, Any]]:
        """What the engines behind ``model`` declared, in the order they are asked."""
        known = self._pool.engines
        return [{"engine": name, **known[name]} for name in self._settings.chain_of(model) if name in known]

    async def start(self) -> None:
        await asyncio.gather(self._pool.start(), *(device.start() for device in self._devices.values()))

    async def drain(self, patience: float) -> None:
        """Take nothing new, wait ``patience`` seconds for what runs, then have the rest refused retryably. What
        nobody waits for any more is not waited for."""
        self.draining = True
        for edit in self._edits:
            if not edit.followed:
                edit.cancel()
        if self._edits:
            running = [asyncio.ensure_future(edit.finished()) for edit in self._edits]
            await asyncio.wait(running, timeout=patience)
        for edit in self._edits:
            edit.cancel(NotReady("The server is shutting down. Please try again shortly."))

    async def stop(self) -> None:
        """End the workers, whatever they do."""
        self.draining = True
        await asyncio.gather(self._pool.stop(), *(device.stop() for device in self._devices.values()))
        await asyncio.gather(*(loop.close() for loop in self._loops.values()))

    def submit(
        self, request: EditRequest, files: Sequence[File], *, caller: str = "", request_id: str = ""
    ) -> Edit:
        """Start an edit. ``files``: pictures, mask, markup; they are closed when it no longer needs them.
        ``caller``: who asks, see `retouch.service.caller`. ``request_id``: for the logs.

        Raises `RateLimited` when the queue is full and `NotReady` when the server is draining; the files are
        then still the caller's.
        """
        if self.draining:
            raise NotReady
        task = Task(
            stage="edit",
            request=request,
            chain=self._settings.chain_of(request.model),
            seeds=self._seeds(request),
            base64=request.response_format == "b64_json",
            caller=caller,
            request_id=request_id,
        )
        stack = ExitStack()
        stack.enter_context(self._admission.enter())
        for file in files:
            stack.callback(file.close)
        cancel = asyncio.Event()
        edit = Edit(self._run(task, [file.fileno() for file in files], cancel, stack), cancel)
        self._edits.add(edit)
        edit.on_done(self._edits.discard)
        return edit

    def _seeds(self, request: EditRequest) -> tuple[int, ...]:
        first = request.extras.get("seed", self._settings.seed)
        if first is None:
            first = secrets.randbelow(2**32)
        return tuple((first + number) % 2**32 for number in range(request.n))

    async def _run(
        self, task: Task, fds: Sequence[int], cancel: asyncio.Event, held: ExitStack
    ) -> AsyncIterator[Event]:
        started = time.monotonic()
        with held:
            prepared: Frame | None = None
            canvas: dict[str, bytes] = {}
            async with aclosing(self._pool.frames(task, fds, cancel)) as frames:
                async for frame in frames:
                    if frame.kind is Kind.PREPARED:
                        prepared = frame
                        held.callback(frame.close)
                    elif prepared is not None:
                        canvas[frame.meta["part"]] = bytes(frame.payload)
                    else:
                        yield _event(frame)
            if prepared is not None:
                async for event in self._elsewhere(task, prepared, canvas, cancel):
                    yield event
            self._admission.took(time.monotonic() - started)

    async def _elsewhere(
        self, task: Task, prepared: Frame, canvas: Mapping[str, bytes], cancel: asyncio.Event
    ) -> AsyncIterator[Event]:
        """Paint where the engine says, and finish each picture in a CPU worker."""
        planned = Planned.of(prepared.meta)
        yield planned
        task = replace(task, stage="paint", chain=(planned.engine,), plan=prepared.meta["plan"])
        if planned.engine in self._devices:
            painting = self._on_device(task, prepared.fds[0], cancel)
        else:
            painting = self._in_loop(task, planned, canvas, cancel)
        async with aclosing(painting) as painted:
            async for kind, index, fd in painted:
                finish = replace(task, stage="finish", index=index, encoded=planned.engine not in self._devices)
                try:
                    async with aclosing(self._pool.frames(finish, [prepared.fds[0], fd], cancel)) as frames:
                        async for frame in frames:
                            yield _event(Frame(kind, frame.run, frame.meta, frame.payload))
                finally:
                    os.close(fd)

    async def _on_device(
        self, task: Task, prepared: int, cancel: asyncio.Event
    ) -> AsyncGenerator[tuple[Kind, int, int], None]:
        (name,) = task.chain
        async with aclosing(self._devices[name].frames(task, [prepared], cancel)) as frames:
            async for frame in frames:
                (fd,) = frame.fds
                yield frame.kind, frame.meta["index"], fd

    async def _in_loop(
        self, task: Task, planned: Planned, canvas: Mapping[str, bytes], cancel: asyncio.Event
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
        engine = self._loops[planned.engine]
        painting = engine.edit(job, Plan(**(task.plan or {})), _EventToken(cancel))
        async with aclosing(_bounded(painting, cancel, self._settings.deadline)) as pictures:
            async for picture in pictures:
                kind = Kind.PREVIEW if isinstance(picture, LoopPreview) else Kind.PICTURE
                yield kind, picture.index, _memory_file(picture.data)


class _EventToken:
    """An `asyncio.Event` as an engine's cancel token."""

    def __init__(self, event: asyncio.Event) -> None:
        self._event = event

    def cancelled(self) -> bool:
        return self._event.is_set()


async def _bounded(source: AsyncIterator[T], cancel: asyncio.Event, deadline: float) -> AsyncGenerator[T, None]:
    """``source`` until ``cancel`` is set or ``deadline`` seconds have passed, whatever it is waiting for."""
    loop = asyncio.get_running_loop()
    end = loop.time() + deadline
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
