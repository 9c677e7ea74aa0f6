"""The three stages of an edit, as a worker runs them: prepare, edit, finish.

Everything here touches pixels, so none of it is imported by the server process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, BinaryIO, cast

import numpy as np
import pybase64
from numpy.typing import NDArray

from retouch.contract.parameters import EditRequest
from retouch.contract.sizes import auto_size
from retouch.contract.tokens import count_tokens
from retouch.engines.base import CancelToken, Canvas, EditJob, Engine, Picture, Plan, Preview, check
from retouch.errors import UnsupportedInstruction, UserError
from retouch.imaging.canvas import lay_out
from retouch.imaging.composite import composite, flatten
from retouch.imaging.encode import Format, encode
from retouch.imaging.limits import PixelLimits
from retouch.imaging.raster import F32, Raster
from retouch.service.journal import Journal
from retouch.service.task import Task, WorkerConfig
from retouch.service.uploads import read


@dataclass(frozen=True, eq=False)
class Prepared:
    """An edit ready to be painted: judged, decoded, planned and laid out."""

    job: EditJob
    plan: Plan
    canvas: Canvas
    engine: str
    prompt_tokens: int

    def meta(self) -> dict[str, Any]:
        """What the server needs to know of it; JSON-serialisable."""
        return {
            "engine": self.engine,
            "size": list(self.canvas.size),
            "revised_prompt": self.plan.revised_prompt,
            "prompt_tokens": self.prompt_tokens,
            "source_sizes": [list(source.size) for source in self.job.sources],
            "plan": asdict(self.plan),
        }


@dataclass(frozen=True)
class Finished:
    """An encoded picture and what its answer says of it."""

    data: bytes
    size: tuple[int, int]
    background: str

    def meta(self, index: int) -> dict[str, Any]:
        return {"index": index, "size": list(self.size), "background": self.background}


def transparent_allowed(request: EditRequest) -> bool:
    """Whether the answer may have transparent pixels: the format, the model and the client all agree."""
    if request.background == "opaque" and request.profile.background is not None:
        return False
    refused = request.profile.background.unsupported if request.profile.background is not None else ()
    return request.output_format != "jpeg" and "transparent" not in refused


def prepare(
    task: Task,
    files: Sequence[BinaryIO],
    config: WorkerConfig,
    engines: Mapping[str, Engine],
    *,
    threads: int = 1,
    journal: Journal | None = None,
) -> Prepared:
    """Decode, judge, plan and lay out. ``files``: the pictures, then the mask, then the markup. ``threads``:
    how many cores nobody else uses now. ``journal`` is told how long it took.

    Raises the contract's error for whatever is wrong with the files, and when the whole chain refuses the last
    refusal, but rather one that names what the client can leave out than one of the instruction as such.
    """
    request = task.request
    journal = journal or Journal()
    with journal.measure("decode"):
        decoded, mask, markup = read(request, files, PixelLimits(**config.pixels), threads)
    with journal.measure("plan"):
        return _laid_out(task, decoded, mask, markup, config, engines)


def _laid_out(
    task: Task,
    decoded: list[Raster],
    mask: F32 | None,
    markup: Raster | None,
    config: WorkerConfig,
    engines: Mapping[str, Engine],
) -> Prepared:
    """The job that the pictures make, the engine that takes it, and its canvas."""
    request = task.request
    if mask is not None and request.mask is None:
        decoded[0] = Raster(decoded[0].rgb)  # its alpha was the mask; the colours beneath are the picture
    flat = [raster if transparent_allowed(request) else flatten(raster) for raster in decoded]
    laid_on_white = flat != decoded
    decoded = flat
    automatic = auto_size(request.profile, decoded[0].size)
    job = _job(task, decoded, mask, markup, automatic)
    name, plan = _plan(job, task.chain, engines, request.image_field.removesuffix("[]"))
    if plan.composes and mask is not None:
        raise UserError(
            "This instruction moves the picture's pixels, so a mask cannot be kept to. Leave out the mask or"
            " ask for something that stays in place.",
            param="mask",
            code="unsupported_instruction",
        )
    size = _canvas_size(request, plan, automatic, config)
    laid = lay_out(decoded[0], mask, size)
    canvas = Canvas(base=laid.base, weight=laid.weight, box=laid.box)
    if laid_on_white:
        plan = replace(plan, revised_prompt=f"{plan.revised_prompt} The picture's transparency was laid on white.")
    if mask is not None and not canvas.weight.any():
        plan = replace(plan, revised_prompt="The mask protects the whole picture, so nothing was changed.")
    return Prepared(job, plan, canvas, name, count_tokens(request.prompt))


def paint(prepared: Prepared, engine: Engine, cancel: CancelToken) -> Iterator[Preview | Picture]:
    """The engine's pictures, checked for being what it promised. Raises `Cancelled` between them."""
    job, canvas = prepared.job, prepared.canvas
    if job.mask is not None and not canvas.weight.any():
        for index in range(len(job.seeds)):
            yield Picture(canvas.base, index)
        return
    for painted in engine.edit(job, prepared.plan, canvas, cancel):
        if painted.raster.size != canvas.size:
            raise RuntimeError(f"the engine painted {painted.raster.size} on a canvas of {canvas.size}")
        yield painted
        check(cancel)


def finish(
    request: EditRequest, base: Raster, weight: F32, painted: Raster, *, base64: bool, threads: int = 1
) -> Finished:
    """Restore the protected pixels, encode, and pack for the answer. ``threads``: how many cores nobody else uses
    now."""
    picture = composite(base, painted, weight)
    if picture.alpha is not None and not transparent_allowed(request):
        picture = flatten(picture)
    data = encode(picture, cast(Format, request.output_format), request.output_compression, threads)
    background = "opaque" if picture.alpha is None else "transparent"
    return Finished(pybase64.b64encode(data) if base64 else data, picture.size, background)


def to_arrays(prepared: Prepared) -> dict[str, NDArray[Any] | None]:
    """A prepared edit's arrays, for `arrays.store`; `from_arrays` is the inverse."""
    arrays: dict[str, NDArray[Any] | None] = {
        "mask": prepared.job.mask,
        "base.rgb": prepared.canvas.base.rgb,
        "base.alpha": prepared.canvas.base.alpha,
        # Without a mask it is 1 everywhere.
        "weight": None if prepared.job.mask is None else prepared.canvas.weight,
        "box": np.array(prepared.canvas.box, np.int64),
    }
    for number, source in enumerate(prepared.job.sources):
        arrays[f"source{number}.rgb"] = source.rgb
        arrays[f"source{number}.alpha"] = source.alpha
    if prepared.job.markup is not None:
        arrays["markup.rgb"] = prepared.job.markup.rgb
        arrays["markup.alpha"] = prepared.job.markup.alpha
    return arrays


def to_png(canvas: Canvas, *, weight: bool) -> bytes:
    """The canvas, or (``weight``) its mask with transparent where it may change, for engines that send files."""
    if not weight:
        return encode(canvas.base, "png")
    alpha = np.rint((1 - canvas.weight) * 255).astype(np.uint8)
    return encode(Raster(np.zeros((*alpha.shape, 3), np.uint8), alpha), "png")


def from_arrays(task: Task, stored: Mapping[str, NDArray[Any]], engine: str) -> Prepared:
    """What another process prepared, with its pixels in shared memory (read-only)."""
    sources: list[Raster] = []
    while (key := f"source{len(sources)}") + ".rgb" in stored:
        sources.append(Raster(stored[f"{key}.rgb"], stored.get(f"{key}.alpha")))
    base = Raster(stored["base.rgb"], stored.get("base.alpha"))
    x, y, width, height = (int(value) for value in stored["box"])
    markup = Raster(stored["markup.rgb"], stored["markup.alpha"]) if "markup.rgb" in stored else None
    job = _job(task, sources, stored.get("mask"), markup, base.size)
    plan = Plan(**task.plan) if task.plan else Plan("")
    weight = stored["weight"] if "weight" in stored else np.ones((base.height, base.width), np.float32)
    return Prepared(job, plan, Canvas(base, weight, (x, y, width, height)), engine, 0)


def _canvas_size(
    request: EditRequest, plan: Plan, automatic: tuple[int, int], config: WorkerConfig
) -> tuple[int, int]:
    if request.size is not None:
        return request.size
    if plan.size is None:
        return automatic
    if not plan.exact:
        return auto_size(request.profile, plan.size)
    width, height = plan.size
    if max(width, height) > config.max_output_side or width * height > config.max_output_pixels:
        raise UserError(
            f"This instruction would make a picture of {width}x{height}, which is more than this server"
            f" paints: at most {config.max_output_side} pixels a side and {config.max_output_pixels} in all.",
            param="size",
            code="invalid_value",
        )
    return plan.size


def _job(
    task: Task,
    sources: Sequence[Raster],
    mask: F32 | None,
    markup: Raster | None,
    automatic: tuple[int, int],
) -> EditJob:
    request = task.request
    return EditJob(
        sources=tuple(sources),
        prompt=request.prompt,
        mask=mask,
        markup=markup,
        size=request.size,
        auto_size=automatic,
        quality=request.quality,
        fidelity=request.input_fidelity,
        background=request.background,
        transparent=transparent_allowed(request),
        seeds=task.seeds,
        previews=request.partial_images if request.stream else 0,
        extras=_extras(request),
    )


def _extras(request: EditRequest) -> dict[str, Any]:
    """What only some engines can honour; an engine that does not declare it refuses it."""
    extras = dict(request.extras)
    if request.complexity is not None:
        extras["complexity"] = request.complexity
    return extras


def _plan(job: EditJob, chain: Sequence[str], engines: Mapping[str, Engine], images: str) -> tuple[str, Plan]:
    """The first engine of the chain that takes the job, and what it will do. ``images``: what errors call the
    pictures."""
    refusal: UserError | None = None
    for name in chain:
        try:
            _judge(name, job, engines[name], images)
            return name, engines[name].plan(job)
        except UserError as error:
            named = refusal is not None and not isinstance(refusal, UnsupportedInstruction)
            if not (named and isinstance(error, UnsupportedInstruction)):
                refusal = error
    if refusal is None:
        raise UnsupportedInstruction("No engine is set up for this model.")
    raise refusal


def _judge(name: str, job: EditJob, engine: Engine, images: str) -> None:
    """What an engine's declared capabilities already refuse."""
    able = engine.capabilities
    for extra in (*job.extras, *(["markup"] if job.markup is not None else [])):
        if extra not in able.extras:
            raise UserError(
                f"The model's engine, '{name}', does not support the '{extra}' parameter.",
                param=extra,
                code="unsupported_parameter",
            )
    if job.mask is not None and not able.masks:
        raise UserError(f"The model's engine, '{name}', does not support masks.", param="mask")
    if len(job.sources) - 1 > able.references:
        raise UserError(
            f"The model's engine, '{name}', takes at most {able.references + 1} images, but got"
            f" {len(job.sources)} instead.",
            param=images,
        )
    if len(job.seeds) > 1 and not able.varies:
        raise UserError(f"The model's engine, '{name}', gives one picture only.", param="n", code="invalid_value")
