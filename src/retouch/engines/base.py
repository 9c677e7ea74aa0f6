"""The interface between the service and whatever paints.

An engine lives for many edits. `Engine.plan` is cheap and runs before anything is promised to the client:
it understands the job or refuses it. `Engine.edit` then paints, yielding previews and one picture for each
seed. Whatever it paints, the service restores the protected pixels afterwards: no engine is trusted with them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from retouch.errors import Cancelled
from retouch.imaging.raster import F32, Raster

Size = tuple[int, int]
"""(width, height) in pixels."""

Place = Literal["worker", "device", "loop"]
"""Where an engine paints: in the CPU worker that prepared the job, in a process of the device's own, or (for
engines that only move bytes) in the server's event loop."""


@dataclass(frozen=True)
class Capabilities:
    """What an engine declares of itself; shown in `/v1/models`, in the start-up log and by `retouch models`."""

    place: Place = "worker"
    masks: bool = True
    references: int = 15
    """How many pictures beside the first it can make use of."""
    previews: bool = True
    varies: bool = True
    """Whether it can give different pictures for different seeds at all."""
    extras: frozenset[str] = frozenset()
    """The parameters beyond the contract's that it honours, e.g. `seed`."""
    licence: str = "Apache-2.0"
    abilities: tuple[str, ...] = ()
    """Example instructions it understands, for people."""


class CancelToken(Protocol):
    """Asked at step boundaries."""

    def cancelled(self) -> bool: ...


class Never:
    """A token for edits that nobody can cancel."""

    def cancelled(self) -> bool:
        return False


def check(cancel: CancelToken) -> None:
    """Raise `Cancelled` if the edit should stop here."""
    if cancel.cancelled():
        raise Cancelled


@dataclass(frozen=True, eq=False)
class EditJob:
    """One edit, decoded and judged, as an engine sees it.

    ``sources``: the pictures in the order sent, sRGB uint8; the first is the one to edit.
    ``mask``: float32 (height, width) of the first source, 1 = edit, 0 = protect, between = blend; None
    where the whole picture may change.
    ``markup``: what a person has drawn over the first source, of its size, alpha 0 where nothing is drawn; only
    for engines that have "markup" among their extras. It is guidance and no part of the picture.
    ``size``: the wished output size, None where the client left it to us; ``auto_size`` is what it then
    becomes unless the plan implies another.
    ``quality``: "low" | "medium" | "high" | "xhigh" | "max". ``fidelity``: "low" | "high".
    ``background``: "auto" | "opaque" | "transparent".
    ``transparent``: whether the answer may have transparent pixels; if not, they are laid on white.
    ``seeds``: one for each picture wanted. ``previews``: how many partial pictures are wanted (0..3).
    ``extras``: parameters beyond the contract's, already typed and checked against the capabilities.
    """

    sources: tuple[Raster, ...]
    prompt: str
    mask: F32 | None = None
    markup: Raster | None = None
    size: Size | None = None
    auto_size: Size = (1024, 1024)
    quality: str = "medium"
    fidelity: str = "low"
    background: str = "auto"
    transparent: bool = True
    seeds: tuple[int, ...] = (0,)
    previews: int = 0
    extras: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What an engine is going to do, settled before the client is promised anything.

    ``size``: the size that the instruction implies, used when the client asked for none; ``exact`` keeps it
    as it is, otherwise the model's size rule picks the legal size nearest to it.
    ``composes``: the engine lays out the canvas itself (a sheet, a rotation), so that no source pixel has a
    place of its own on it. With a mask such a plan is refused by the service.
    ``revised_prompt``: for people: what will be done, and what of the request is left out.
    ``recipe``: the engine's own, JSON-serialisable.
    """

    revised_prompt: str
    size: Size | None = None
    exact: bool = False
    composes: bool = False
    recipe: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Canvas:
    """What is painted on.

    ``base``: the first source scaled to its place on the canvas; new area (where the canvas has another
    aspect) repeats the source's edge pixels until an engine fills it.
    ``weight``: float32 (height, width) in 0..1: how much of an engine's pixel shows. Exactly 0 where the
    pixel is protected, exactly 1 in new area.
    ``box``: (x, y, width, height) of the source on the canvas.
    """

    base: Raster
    weight: F32
    box: tuple[int, int, int, int]

    @property
    def size(self) -> Size:
        return self.base.size

    @property
    def extends(self) -> bool:
        """Whether there is new area around the source."""
        return self.box != (0, 0, *self.size)


@dataclass(frozen=True, eq=False)
class Preview:
    """A partial picture of the canvas's size, from the engine's own progress. ``index`` counts pictures, not
    previews: it says which of the n pictures this is becoming."""

    raster: Raster
    index: int = 0


@dataclass(frozen=True, eq=False)
class Picture:
    """A finished picture of the canvas's size; ``index`` is its place among the n."""

    raster: Raster
    index: int = 0


@runtime_checkable
class Engine(Protocol):
    """What paints in a CPU worker or in a device's process."""

    capabilities: Capabilities

    def plan(self, job: EditJob) -> Plan:
        """Understand the job or refuse it.

        Raises `UnsupportedInstruction` (the next engine of the chain is then asked), `TargetNotFound`, or
        another `UserError` that names the parameter it cannot honour.
        """
        ...

    def edit(self, job: EditJob, plan: Plan, canvas: Canvas, cancel: CancelToken) -> Iterator[Preview | Picture]:
        """Paint. Yields at most ``job.previews`` previews and then, in order, one picture for each seed, all
        of ``canvas.size``. Calls `check` at every step boundary. Raises `Cancelled` or a `RetouchError`.
        """
        ...

    def close(self) -> None: ...


@runtime_checkable
class Warming(Protocol):
    """An engine whose first edit takes longer than those after it, unless it is told that there is time."""

    def warm(self) -> None: ...


@dataclass(frozen=True)
class LoopJob:
    """One edit for an engine in the event loop, which never decodes a pixel.

    ``picture``: the canvas base, ``mask``: its mask (transparent = edit) or None; both PNG, of ``size``.
    ``seeds``: one for each picture wanted. ``previews``: how many partial pictures are wanted (0..3).
    ``extras``: parameters beyond the contract's, already typed and checked against the capabilities.
    """

    prompt: str
    picture: bytes
    mask: bytes | None
    size: Size
    seeds: tuple[int, ...] = (0,)
    previews: int = 0
    extras: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LoopPreview:
    """A partial picture: an encoded file, PNG, JPEG or WebP; ``index`` as in `Preview`."""

    data: bytes
    index: int = 0


@dataclass(frozen=True)
class LoopPicture:
    """A finished picture: an encoded file, PNG, JPEG or WebP; ``index`` is its place among the n."""

    data: bytes
    index: int = 0


@runtime_checkable
class AsyncEngine(Protocol):
    """What has another machine paint, and therefore runs in the server's event loop."""

    capabilities: Capabilities

    def plan(self, job: EditJob) -> Plan:
        """As `Engine.plan`; called in a worker, where the pictures are decoded."""
        ...

    def edit(self, job: LoopJob, plan: Plan, cancel: CancelToken) -> AsyncIterator[LoopPreview | LoopPicture]:
        """An asynchronous generator of at most ``job.previews`` previews and then, in order, one picture for
        each seed. Raises `Cancelled` or a `RetouchError`."""
        ...

    async def close(self) -> None: ...
