"""Open-weight models as an engine: any instruction, by whatever pipeline the model comes with.

The engine is built in every CPU worker, where it plans, and in the device's process, where it paints: only there
is anything loaded, or torch imported.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from retouch.engines.base import CancelToken, Canvas, Capabilities, EditJob, Picture, Plan, Preview, check
from retouch.engines.diffusers.call import Call
from retouch.engines.diffusers.checkpoint import checkpoint, locate
from retouch.engines.diffusers.cropping import Opening, Window, cut, cut_mask, open_window
from retouch.engines.diffusers.effort import honoured, settle
from retouch.engines.diffusers.families import Family, family, with_mask
from retouch.engines.diffusers.matting import Matting
from retouch.engines.diffusers.options import Options
from retouch.engines.diffusers.pictures import reference
from retouch.engines.diffusers.presets import preset
from retouch.engines.diffusers.recipe import Recipe
from retouch.engines.diffusers.shelf import Shelf
from retouch.engines.diffusers.signature import signature
from retouch.errors import InternalError
from retouch.imaging.raster import F32

if TYPE_CHECKING:
    from retouch.engines.diffusers.painter import Painter

log = logging.getLogger("retouch.diffusers")

ABILITIES = (
    "Make it look like a watercolour",
    "Put a red scarf on the dog",
    "Replace the background with a beach at sunset",
    "Dress the person in image 1 in the coat of image 2",
)

_SEEDS = 2**63

_SHELF: Shelf[Painter] = Shelf()
"""What is loaded in this process. All its engines paint on one device, one at a time."""

_numbers = itertools.count(1)


class DiffusersEngine:
    """One model. ``options``: the fields of `Options`.

    Raises `ValueError` where the options are wrong, one of ``calls`` is no argument of the pipeline, the model is
    not on this machine, or its pipeline takes no picture to edit.
    """

    def __init__(self, **options: Any) -> None:
        self._options = Options(**options)
        self._preset = preset(self._options.model)
        self._checkpoint = checkpoint(locate(self._options.model, self._options.revision))
        self._family = family(self._checkpoint)
        self._for_masks = with_mask(self._checkpoint)
        _refuse_strangers(self._options, self._family, self._for_masks)
        self._distilled = bool(self._checkpoint.distilled)
        self._matting = Matting()
        self._name = f"{self._options.model} ({next(_numbers)})"
        _SHELF.add(self._name, self._load)
        licence = self._preset.licence if self._preset is not None else None
        self.capabilities = Capabilities(
            place="device",
            references=max(0, self._family.max_images - 1),
            extras=honoured(self._family, distilled=self._distilled)
            | honoured(self._for_masks, distilled=self._distilled),
            licence=licence or "unknown",
            abilities=ABILITIES,
        )

    def warm(self) -> None:
        """Load the model. Raises `ValueError` with what to change where it cannot be."""
        with _SHELF.take(self._name):
            pass

    def plan(self, job: EditJob) -> Plan:
        """Settle how the job is painted; any instruction will do. Raises `UserError` for a parameter that the
        model's pipeline does not have."""
        family = self._for_masks if self._shown(job, job.mask) else self._family
        recipe = settle(job, family, self._options, preset=self._preset, distilled=self._distilled)
        return Plan(revised_prompt=job.prompt, recipe=recipe.to_dict())

    def edit(self, job: EditJob, plan: Plan, canvas: Canvas, cancel: CancelToken) -> Iterator[Preview | Picture]:
        """Previews are what the model takes the first picture to become. Raises what `Painter.paint` does, and
        `TargetNotFound` where the background was to go and no subject stands out."""
        recipe = Recipe.from_dict(plan.recipe)
        weight = _paintable(job, canvas, self._for_masks)
        shown = self._shown(job, weight)
        family = self._for_masks if shown else self._family
        window = open_window(
            weight,
            canvas.size,
            area=recipe.area,
            least=recipe.least,
            multiple=family.multiple,
            crop=recipe.crop,
        )
        if family.sizes:
            window = replace(window, size=family.fit(window.size))
        call = self._call(job, recipe, canvas, weight if shown else None, window)
        with self._ready() as painter, ThreadPoolExecutor(1) as aside:
            # Meanwhile, as the model is busy on its device.
            opening = aside.submit(Opening, canvas.base, weight, window)
            for painted in painter.paint(call, cancel, _SHELF.clear):
                raster = opening.result().put_back(painted.raster)
                if isinstance(painted, Preview):
                    yield Preview(raster, painted.index)
                    continue
                if recipe.matte:
                    check(cancel)
                    raster = self._matting.cut_out(raster, cancel, required=job.background == "transparent")
                yield Picture(raster, painted.index)

    def close(self) -> None:
        self._matting.close()
        _SHELF.remove(self._name)

    def _shown(self, job: EditJob, weight: F32 | None) -> bool:
        """Whether the pipeline is shown the mask. Where it would then take fewer pictures than are sent, it paints
        the masked part as if that were a whole picture."""
        able = 1 if self._for_masks.mask_alone else self._for_masks.max_images
        return weight is not None and len(job.sources) <= able

    def _call(self, job: EditJob, recipe: Recipe, canvas: Canvas, mask: F32 | None, window: Window) -> Call:
        family = self._family if mask is None else self._for_masks
        references = [
            reference(source, min(recipe.area, family.area), family.multiple) for source in job.sources[1:]
        ]
        return Call(
            prompt=job.prompt,
            images=(cut(canvas.base, window), *references),
            mask=None if mask is None else cut_mask(mask, window, family.multiple),
            size=window.size,
            seeds=_seeds(job),
            steps=recipe.steps,
            guidance=recipe.guidance,
            strength=recipe.strength,
            negative=recipe.negative,
            previews=job.previews,
            calls={**self._options.calls, **recipe.calls},
        )

    @contextmanager
    def _ready(self) -> Iterator[Painter]:
        with ExitStack() as stack:
            try:
                painter = stack.enter_context(_SHELF.take(self._name))
            except ValueError as error:
                # Not the client's to mend; the first model of a process was loaded before anybody was served.
                told = {"model": self._options.model, "error": str(error)}
                log.error("model_not_loaded", extra={"fields": told})
                raise InternalError from error
            yield painter

    def _load(self, reclaimable: int) -> Painter:
        from retouch.engines.diffusers.loader import load
        from retouch.engines.diffusers.painter import Painter

        began = monotonic()
        loaded = load(self._checkpoint, self._options, reclaimable=reclaimable)
        told = {
            "model": self._options.model,
            "held": loaded.placement.describe(),
            "seconds": round(monotonic() - began, 1),
        }
        log.info("model_loaded", extra={"fields": told})
        return Painter(
            loaded.pipeline,
            self._family,
            self._for_masks,
            tiled_above=loaded.placement.tiled_above,
            nbytes=loaded.nbytes,
        )


def _paintable(job: EditJob, canvas: Canvas, family: Family) -> F32 | None:
    """What is to be painted: what the mask opens and what is new. Without a mask it is everything (None), except
    where a model can only fill in: it then fills in what is new."""
    if job.mask is not None:
        return canvas.weight
    if not canvas.extends or not family.mask_required or family.masked is not None:
        return None
    weight = np.ones(canvas.weight.shape, np.float32)
    x, y, width, height = canvas.box
    weight[y : y + height, x : x + width] = 0
    return weight


def _refuse_strangers(options: Options, *families: Family) -> None:
    known = {name for family in families for name in signature(family.pipeline).names}
    if strangers := sorted(set(options.calls) - known):
        raise ValueError(f"calls has {', '.join(strangers)}, which {families[0].pipeline} does not take")


def _seeds(job: EditJob) -> tuple[int, ...]:
    """A seed in the request counts from the first picture on."""
    first = job.extras.get("seed")
    seeds = job.seeds if first is None else tuple(int(first) + index for index in range(len(job.seeds)))
    return tuple(seed % _SEEDS for seed in seeds)
