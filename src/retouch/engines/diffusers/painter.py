"""A pipeline at work: one call at a time, whatever becomes of it."""

from __future__ import annotations

import contextlib
import inspect
import logging
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from queue import SimpleQueue
from threading import Event
from typing import Any

import torch

from retouch.engines.base import CancelToken, Picture, Preview, check
from retouch.engines.diffusers.arguments import arguments
from retouch.engines.diffusers.call import Call
from retouch.engines.diffusers.families import Family
from retouch.engines.diffusers.latents import decode
from retouch.engines.diffusers.loader import free_memory, masked
from retouch.engines.diffusers.pictures import from_image
from retouch.engines.diffusers.stepping import Step, clone, watch
from retouch.errors import Cancelled, DeviceFull, UserError
from retouch.imaging.raster import Raster

log = logging.getLogger("retouch.diffusers")

Row = tuple[int, int]
"""The place of a picture among those wanted, and its seed."""

_FULL = re.compile(
    r"out of memory|can't allocate memory|not enough memory|DefaultCPUAllocator|bad alloc", re.IGNORECASE
)

_NARROW = re.compile(r"aspect ratio must be")
"""What vision encoders say of a picture that is a mere line."""


class Painter:
    """Runs calls on ``pipeline``, a loaded pipeline of ``family``.

    It paints in a thread of its own, always the same, since compiled code may be bound to it.
    """

    def __init__(
        self,
        pipeline: Any,
        family: Family,
        for_masks: Family | None = None,
        *,
        tiled_above: int = 1 << 62,
        nbytes: int = 0,
    ) -> None:
        """``for_masks``: the family of the class that is called where there is a mask, if that is another.
        ``tiled_above``: pixels above which the VAE works in tiles from the first. ``nbytes``: what the pipeline
        takes of its device's memory while it is not called."""
        self.nbytes = nbytes
        self._tiled_above = tiled_above
        self._base = pipeline
        self._family = family
        self._for_masks = for_masks or family
        self._built: dict[str, Any] = {type(pipeline).__name__: pipeline}
        self._device = str(getattr(pipeline, "_execution_device", "cpu"))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="painter")

    def paint(
        self, call: Call, cancel: CancelToken, relieve: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Picture]:
        """At most ``call.previews`` previews and, in order, one picture for each seed, of the pipeline's own size.

        ``relieve`` is called when memory runs out, and says whether it could give some back.

        Raises `Cancelled` within one step, `DeviceFull` when the device has too little memory even for one
        picture and a VAE in tiles, `UserError` for a picture that the model cannot read, and what else the
        pipeline raises. After any of them the next call runs as if there had been none.
        """
        told: SimpleQueue[Preview | Picture | None] = SimpleQueue()
        left = _Left(cancel)
        work = self._thread.submit(self._run, call, left, told.put, relieve)
        work.add_done_callback(lambda _: told.put(None))
        try:
            while (painted := told.get()) is not None:
                yield painted
            work.result()
        finally:
            left.now.set()
            wait([work])

    def close(self) -> None:
        """Let go of the pipeline, and give its memory back."""
        self._thread.shutdown()
        self._base = None
        self._built.clear()
        free_memory(self._device)

    def _run(
        self,
        call: Call,
        cancel: CancelToken,
        tell: Callable[[Preview | Picture], None],
        relieve: Callable[[], bool],
    ) -> None:
        show = _Previews(call, tell)
        rows = list(enumerate(call.seeds))
        pipeline, family = self._chosen(call)

        def attempt(rows: Sequence[Row]) -> list[Raster] | None:
            painted = self._attempt(call, rows, cancel, show)
            return self._attempt(call, rows, cancel, show) if painted is None and relieve() else painted

        with contextlib.ExitStack() as tiles:
            tiled = math.prod(call.size) > self._tiled_above and _tile(pipeline, tiles)
            if len(rows) > 1 and family.batches and "num_images_per_prompt" in _accepted(pipeline):
                painted = attempt(rows)
                if painted is not None:
                    for (index, _), raster in zip(rows, painted, strict=True):
                        tell(Picture(raster, index))
                    return
                log.warning("batch_too_large", extra={"fields": {"pictures": len(rows)}})
            for row in rows:
                painted = attempt([row])
                if painted is None and not tiled and _tile(pipeline, tiles):
                    tiled = True
                    log.warning("decoding_in_tiles")
                    painted = attempt([row])
                if painted is None:
                    raise DeviceFull
                tell(Picture(painted[0], row[0]))

    def _attempt(
        self, call: Call, rows: Sequence[Row], cancel: CancelToken, show: _Previews
    ) -> list[Raster] | None:
        """The pictures of ``rows``, painted at once; None if memory has run out."""
        check(cancel)
        chosen, family = self._chosen(call)
        pipeline = clone(chosen)
        first = rows[0][0] == 0
        # With a mask, some mix the picture's own latents in after the step; the last preview waits for it.
        mixes = family.mask_argument is not None and "callback_on_step_end" in _accepted(pipeline)
        held: list[Step] = []

        def stepped(step: Step) -> None:
            check(cancel)
            if first and show.due(step):
                if mixes and step.last:
                    held.append(step)
                else:
                    show.show(step, pipeline)

        def mixed(_: Any, __: int, ___: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            if held:
                show.show(replace(held.pop(), latents=tensors["latents"]), pipeline)
            return {}

        watch(pipeline, stepped)
        try:
            return _painted(pipeline, family, call, rows, {"callback_on_step_end": mixed} if mixes else {})
        except Exception as error:
            if isinstance(error, ValueError) and _NARROW.search(str(error)):
                raise UserError("The image is too narrow for this model.", param="image") from error
            if not _is_full(error):
                raise
        finally:
            # Only the end of an undisturbed call does this by itself; step caches would leak into the next one.
            _settle(pipeline)
        # Only here, where the error and with it the frames that hold tensors are gone.
        free_memory(self._device)
        return None

    def _chosen(self, call: Call) -> tuple[Any, Family]:
        """The pipeline for the call and its family. Which class that is depends on whether there is a mask."""
        family = self._family if call.mask is None else self._for_masks
        if family.pipeline not in self._built and not family.modular:
            self._built[family.pipeline] = masked(self._base, family.pipeline)
        return self._built.get(family.pipeline, self._base), family


class _Left:
    """Cancelled also when nobody takes the pictures any more."""

    def __init__(self, cancel: CancelToken) -> None:
        self._cancel = cancel
        self.now = Event()

    def cancelled(self) -> bool:
        return self.now.is_set() or self._cancel.cancelled()


class _Previews:
    """Estimates of the first picture, after steps that divide the work evenly. None is shown twice, even if the
    work has to begin anew."""

    def __init__(self, call: Call, tell: Callable[[Preview | Picture], None]) -> None:
        self._wanted = call.previews
        self._size = call.size
        self._tell = tell
        self._shown = 0

    def due(self, step: Step) -> bool:
        return step.number in moments(step.total, self._wanted)[self._shown :]

    def show(self, step: Step, pipeline: Any) -> None:
        try:
            found = step.estimate()
            if found is not None and not step.last:
                found = found[:1]  # at the end all of a batch are decoded together, as the result is
            raster = None if found is None else decode(pipeline, found, self._size)
        except Exception as error:
            if isinstance(error, Cancelled):
                raise
            log.warning("preview_failed", extra={"fields": {"error": type(error).__name__}})
            raster = None
        if raster is None:
            self._wanted = 0  # what failed once would fail again, and the picture itself may yet come
        else:
            self._shown += 1
            self._tell(Preview(raster, 0))


def _painted(
    pipeline: Any, family: Family, call: Call, rows: Sequence[Row], callbacks: Mapping[str, Any]
) -> list[Raster]:
    accepted = _accepted(pipeline)
    told = {**arguments(call, family, accepted), **callbacks}
    # Drawn on the CPU, so that a seed means the same on every device.
    generators = [torch.Generator("cpu").manual_seed(seed) for _, seed in rows]
    if "generator" in accepted:
        told["generator"] = generators if len(rows) > 1 else generators[0]
    if len(rows) > 1:
        told["num_images_per_prompt"] = len(rows)
    # Some models write text before they paint, and draw its words from the generators that all share.
    torch.manual_seed(rows[0][1])
    images = pipeline(**told, output="images") if family.modular else pipeline(**told).images
    # Of a picture in layers, the first shows them all.
    rasters = [from_image(image[0] if isinstance(image, list) else image) for image in images]
    if len(rasters) < len(rows):
        raise RuntimeError(f"the pipeline gave {len(rasters)} pictures, not {len(rows)}")
    return [raster if family.alpha else Raster(raster.rgb) for raster in rasters[: len(rows)]]


def moments(total: int, wanted: int) -> list[int]:
    """The steps of ``total``, counted from 1, after which ``wanted`` previews are shown: fewer where there are not
    as many steps, and the last step only if there is no earlier one left."""
    return sorted({math.ceil(total * part / (wanted + 1)) for part in range(1, wanted + 1)})


def _accepted(pipeline: Any) -> frozenset[str]:
    blocks = getattr(pipeline, "blocks", None)
    if blocks is not None:
        return frozenset(blocks.input_names)
    return frozenset(inspect.signature(type(pipeline).__call__).parameters)


def _is_full(error: Exception) -> bool:
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and _FULL.search(str(error)) is not None


def _tile(pipeline: Any, until: contextlib.ExitStack) -> bool:
    """Whether the VAE works in tiles from now on, ``until`` is closed, and did not before."""
    vae = getattr(pipeline, "vae", None)
    if vae is None or getattr(vae, "use_tiling", None) is not False:
        return False
    try:
        vae.enable_tiling()
    except NotImplementedError:
        return False
    until.callback(vae.disable_tiling)
    return True


def _settle(pipeline: Any) -> None:
    """Bring the models back to where they were before the call."""
    if hasattr(pipeline, "maybe_free_model_hooks"):
        pipeline.maybe_free_model_hooks()
        return
    for part in pipeline.components.values():
        if hasattr(part, "_reset_stateful_cache"):
            part._reset_stateful_cache()
