"""A test double for engines: it gives back what it is given, and misbehaves on request.

`EchoEngine` returns the canvas base: for the first seed as it is, for the k-th with the blue of its last
pixel moved by k (modulo 256), so that n pictures differ. Markup is drawn on it, and the plan's
``revised_prompt`` names the complexity, so that a test sees that they arrived. Its prompt may hold directives, in
square brackets:

==================  ==================================================================================
``[sleep 2.5]``     sleep so many seconds before each picture, in steps of 20 ms that heed cancellation
``[hang]``          loop and never look at the cancel token
``[abort]``         end the process at once, as a crash in native code would
``[memory]``        allocate until `MemoryError`
``[raise]``         raise `RuntimeError`
``[refuse]``        raise `UnsupportedInstruction` from `plan`
``[paint 255,0,0]`` fill the whole picture with a colour, protected pixels too
``[alpha]``         make the left half transparent
``[size 640x480]``  plan for that size
==================  ==================================================================================

Everything else in a prompt is ignored. `LoopEcho` is the same for engines that run in the event loop; it knows
the directives that need no pixels: sleep, hang, raise, refuse and size.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

from retouch.engines.base import (
    CancelToken,
    Canvas,
    Capabilities,
    EditJob,
    LoopJob,
    LoopPicture,
    LoopPreview,
    Picture,
    Place,
    Plan,
    Preview,
    check,
)
from retouch.errors import UnsupportedInstruction
from retouch.imaging.composite import composite
from retouch.imaging.overlay import lay_over
from retouch.imaging.raster import U8, Raster

_DIRECTIVE = re.compile(
    r"\[(?:(?P<bare>hang|abort|memory|raise|refuse|alpha)"
    r"|sleep (?P<sleep>\d{1,4}(?:\.\d{1,4})?)"
    r"|paint (?P<paint>\d{1,3},\d{1,3},\d{1,3})"
    r"|size (?P<size>\d{1,5}x\d{1,5}))\]"
)
_STEP = 0.02
_CHUNK = 64 * 2**20


@dataclass
class _Orders:
    """What the directives of a prompt ask for; ``bare`` are those that need no value."""

    bare: set[str] = field(default_factory=set)
    sleep: float = 0.0
    paint: tuple[int, ...] | None = None
    size: tuple[int, int] | None = None


def _orders(prompt: str) -> _Orders:
    orders = _Orders()
    for match in _DIRECTIVE.finditer(prompt):
        value = match.group(match.lastgroup or 0)
        match match.lastgroup:
            case "sleep":
                orders.sleep = float(value)
            case "paint":
                orders.paint = tuple(min(255, int(part)) for part in value.split(","))
            case "size":
                width, height = value.split("x")
                orders.size = (int(width), int(height))
            case _:
                orders.bare.add(value)
    return orders


def _plan(job: EditJob) -> Plan:
    orders = _orders(job.prompt)
    if "refuse" in orders.bare:
        raise UnsupportedInstruction("The echo was told to refuse this instruction.")
    says = "Return the picture as it is"
    if complexity := job.extras.get("complexity"):
        says += f", with {complexity} complexity"
    return Plan(revised_prompt=f"{says}.", size=orders.size, exact=orders.size is not None)


class EchoEngine:
    """``place``: where it says that it runs. ``slow``: seconds that each picture takes, as `[sleep]` does.
    ``varies``, ``extras``: as declared in its capabilities. ``device``: the name of the device, for engines that
    share one. ``loads``: seconds that it takes to warm up, as a model does that has to be loaded."""

    def __init__(
        self,
        *,
        place: Place = "worker",
        slow: float = 0.0,
        varies: bool = True,
        extras: frozenset[str] | tuple[str, ...] = ("seed", "markup", "complexity"),
        device: str = "auto",
        loads: float = 0.0,
    ) -> None:
        if slow < 0 or loads < 0:
            raise ValueError(f"slow and loads must be 0 or more seconds, not {slow} and {loads}")
        self.slow = slow
        self.device = device
        self._loads = loads
        self.capabilities = Capabilities(
            place=place, varies=varies, extras=frozenset(extras), abilities=("Return the picture as it is",)
        )

    def plan(self, job: EditJob) -> Plan:
        return _plan(job)

    def warm(self) -> None:
        time.sleep(self._loads)

    def edit(self, job: EditJob, plan: Plan, canvas: Canvas, cancel: CancelToken) -> Iterator[Preview | Picture]:
        orders = _orders(job.prompt)
        base = _draw(canvas, job.markup)
        for preview in range(job.previews):
            check(cancel)
            yield Preview(_sharpen(base, preview, job.previews))
        for index in range(len(job.seeds)):
            check(cancel)
            self._misbehave(orders, cancel)
            yield Picture(_mark(_obey(base, orders), index), index)

    def close(self) -> None:
        pass

    def _misbehave(self, orders: _Orders, cancel: CancelToken) -> None:
        end = time.monotonic() + orders.sleep + self.slow
        while (left := end - time.monotonic()) > 0:
            check(cancel)
            time.sleep(min(_STEP, left))
        while "hang" in orders.bare:
            time.sleep(_STEP)
        if "abort" in orders.bare:
            os.abort()
        if "memory" in orders.bare:
            hoard = []
            while True:
                # Written, since pages that nobody touches cost nothing.
                hoard.append(np.ones(_CHUNK, np.uint8))
        if "raise" in orders.bare:
            raise RuntimeError("the echo was told to fail")


class LoopEcho:
    """The echo in the event loop: every picture is the PNG it was given. ``slow`` as in `EchoEngine`."""

    def __init__(self, *, slow: float = 0.0) -> None:
        self.slow = slow
        self.capabilities = Capabilities(
            place="loop", varies=False, extras=frozenset({"seed"}), abilities=("Return the picture as it is",)
        )

    def plan(self, job: EditJob) -> Plan:
        return _plan(job)

    async def edit(
        self, job: LoopJob, plan: Plan, cancel: CancelToken
    ) -> AsyncIterator[LoopPreview | LoopPicture]:
        orders = _orders(job.prompt)
        for _ in range(job.previews):
            check(cancel)
            yield LoopPreview(job.picture)
        for index in range(len(job.seeds)):
            check(cancel)
            end = time.monotonic() + orders.sleep + self.slow
            hangs = "hang" in orders.bare
            while hangs or time.monotonic() < end:
                if not hangs:
                    check(cancel)
                await asyncio.sleep(_STEP)
            if "raise" in orders.bare:
                raise RuntimeError("the echo was told to fail")
            yield LoopPicture(job.picture, index)

    async def close(self) -> None:
        pass


def _draw(canvas: Canvas, markup: Raster | None) -> Raster:
    """The canvas base under the markup."""
    if markup is None:
        return canvas.base
    drawn = lay_over(markup, canvas.box, canvas.size)
    assert drawn.alpha is not None
    shown = (drawn.alpha / np.float32(255)).astype(np.float32)
    return composite(canvas.base, Raster(drawn.rgb), shown)


def _obey(base: Raster, orders: _Orders) -> Raster:
    if orders.paint is None and "alpha" not in orders.bare:
        return base
    rgb, alpha = base.rgb, base.alpha
    if orders.paint is not None:
        rgb = np.full_like(rgb, orders.paint)
    if "alpha" in orders.bare:
        alpha = np.full(rgb.shape[:2], 255, np.uint8)
        alpha[:, : base.width // 2] = 0
    return Raster(rgb, alpha)


def _mark(raster: Raster, index: int) -> Raster:
    if index == 0:
        return raster
    rgb: U8 = raster.rgb.copy()
    rgb[-1, -1, 2] = (int(rgb[-1, -1, 2]) + index) % 256
    return Raster(rgb, raster.alpha)


def _sharpen(base: Raster, step: int, steps: int) -> Raster:
    """The base out of focus, less so with each of ``steps``; the first pixel counts them, so that even a plain
    picture's previews differ."""
    sigma = max(base.size) / 64 / 2**step
    rgb: U8 = np.ascontiguousarray(cv2.GaussianBlur(base.rgb, (0, 0), max(0.5, sigma)))
    rgb[0, 0, 2] = (int(rgb[0, 0, 2]) + steps - step) % 256
    return Raster(rgb, base.alpha)
