"""Edits from their requests to their ends: who is let in, what runs, and when it all stops."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from retouch.contract.parameters import EditRequest
from retouch.errors import NotReady
from retouch.service.admission import Admission, Place
from retouch.service.course import Course, Places
from retouch.service.edit import Edit, Event, Planned
from retouch.service.gate import Gate
from retouch.service.pool import Pool
from retouch.service.settings import ServiceSettings
from retouch.service.task import Task
from retouch.service.threads import in_thread
from retouch.service.turn import Turn
from retouch.service.weight import Uploaded, Weight, weigh

if TYPE_CHECKING:
    from retouch.engines.base import AsyncEngine


class File(Uploaded, Protocol):
    """An uploaded file."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class Device:
    """A device's process, by the name that its engines' options give it, and the names of these engines."""

    name: str
    pool: Pool
    engines: tuple[str, ...]


class Editor:
    """Runs edits. ``pool``: the CPU workers. ``devices``: for the engines that paint in a process of a device's
    own. ``loops``: by engine name, those that paint in this event loop."""

    def __init__(
        self,
        settings: ServiceSettings,
        pool: Pool,
        devices: Sequence[Device] = (),
        loops: Mapping[str, AsyncEngine] | None = None,
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._devices = tuple(devices)
        self._loops = loops or {}
        pools: dict[str, Pool] = {}
        gates: dict[str, Gate] = {}
        for device in self._devices:
            pools.update(dict.fromkeys(device.engines, device.pool))
            gates.update(dict.fromkeys(device.engines, Gate(device.pool.size + settings.prepared)))
        self._places = Places(pool, pools, gates, self._loops)
        self._edits: set[Edit] = set()
        self._admission = Admission(
            running=settings.workers,
            waiting=settings.waiting,
            max_bytes=settings.max_bytes_in_flight,
            max_pixels=settings.max_pixels_in_flight,
            patience=settings.wait,
            # A device's turns begin when it is let through its gate; those in the event loop never wait for one.
            widths={
                **{name: device.size + settings.prepared for name, device in pools.items()},
                **dict.fromkeys(self._loops, settings.workers + settings.waiting),
            },
            groups=[device.engines for device in self._devices],
        )
        self.draining = False

    @property
    def pools(self) -> Mapping[str, Pool]:
        """Where tasks run: ``cpu``, and each device as ``device:`` and its name."""
        return {"cpu": self._pool, **{f"device:{device.name}": device.pool for device in self._devices}}

    @property
    def waiting(self) -> Mapping[str, int]:
        """How many tasks wait for each of `pools`, or to be prepared for it."""
        gates = [0, *(self._places.gates[device.engines[0]].waiting for device in self._devices)]
        pools = self.pools.items()
        return {name: pool.waiting + before for (name, pool), before in zip(pools, gates, strict=True)}

    @property
    def unready(self) -> str | None:
        """Why an edit sent now would not run, in a word; None if it would."""
        if self.draining:
            return "draining"
        if any(pool.failing for pool in self.pools.values()):
            return "failing"
        if not all(pool.ready for pool in self.pools.values()):
            return "no_worker"
        if not all(pool.warm for pool in self.pools.values()):
            return "starting"
        return "stalled" if any(pool.stalled for pool in self.pools.values()) else None

    @property
    def ready(self) -> bool:
        return self.unready is None

    @property
    def in_flight(self) -> int:
        return self._admission.inside

    def capabilities(self, model: str) -> list[dict[str, Any]]:
        """What the engines behind ``model`` declared, in the order they are asked; those of a device where they
        paint, once its process has started."""
        known = dict(self._pool.engines)
        for device in self._devices:
            known.update({name: {**able, "device": device.name} for name, able in device.pool.engines.items()})
        return [{"engine": name, **known[name]} for name in self._settings.chain_of(model) if name in known]

    async def start(self) -> None:
        await asyncio.gather(self._pool.start(), *(device.pool.start() for device in self._devices))

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
        await asyncio.gather(self._pool.stop(), *(device.pool.stop() for device in self._devices))
        await asyncio.gather(*(loop.close() for loop in self._loops.values()))

    async def weigh(self, files: Sequence[Uploaded]) -> Weight:
        """What an edit of these files would weigh, for `submit`."""
        return await in_thread(weigh, files, max_pixels=self._settings.max_request_pixels)

    def submit(
        self,
        request: EditRequest,
        files: Sequence[File],
        *,
        caller: str = "",
        request_id: str = "",
        weight: Weight | None = None,
    ) -> Edit:
        """Start an edit. ``files``: pictures, mask, markup; they are closed when it no longer needs them.
        ``caller``: who asks, see `retouch.service.caller`. ``request_id``: for the logs. ``weight``: see `weigh`.

        Raises `RateLimited` when there is no room and `NotReady` when the server is draining; the files are
        then still the caller's. As long as the edit waits it may fail with either, see `Admission`.
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
        place = self._admission.enter(caller, weight, task.chain[0])
        held = ExitStack()
        held.callback(place.release)
        for file in files:
            held.callback(file.close)
        cancel = asyncio.Event()
        turn = Turn(self._settings.deadline, place.begin, place.postpone)
        course = Course(self._places, task, [file.fileno() for file in files], cancel, turn)
        edit = Edit(
            self._run(course, turn, place, held),
            cancel,
            max_followers=self._settings.followers,
            request_id=request_id,
            journal=task.journal,
        )
        place.yields(
            lambda error: edit.cancel(error if self.ready else NotReady()), spare=lambda: not edit.followed
        )
        self._edits.add(edit)
        edit.on_done(self._edits.discard)
        edit.on_done(lambda _: held.close())  # also of one that is stopped before its first step
        return edit

    def _seeds(self, request: EditRequest) -> tuple[int, ...]:
        first = request.extras.get("seed", self._settings.seed)
        if first is None:
            first = secrets.randbelow(2**32)
        return tuple((first + number) % 2**32 for number in range(request.n))

    async def _run(self, course: Course, turn: Turn, place: Place, held: ExitStack) -> AsyncIterator[Event]:
        with held:
            async with aclosing(course.events()) as events:
                async for event in events:
                    if isinstance(event, Planned):
                        place.taken_by(event.engine)
                    yield event
            if turn.began is not None:
                place.took(asyncio.get_running_loop().time() - turn.began)
