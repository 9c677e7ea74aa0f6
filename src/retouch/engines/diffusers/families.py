"""How to talk to a pipeline: what its signature tells, and what a small table adds.

The table is `families.toml`. A class that isn't in it is driven by its signature alone, one picture at a time; a
class that takes no picture, or paints no pictures, is refused.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from retouch.engines.base import Size
from retouch.engines.diffusers.checkpoint import Checkpoint
from retouch.engines.diffusers.signature import Signature, UnknownPipeline, signature

IMAGES = ("image", "images", "input_images")
MASKS = ("mask_image", "mask")
REFERENCES = ("image_reference",)
IMAGE_GUIDANCE = ("image_guidance_scale", "img_guidance_scale")
MEGAPIXEL = 1024 * 1024
_UNKNOWN_MULTIPLE = 32
"""Divisible by all that VAEs and patches of known classes ask for, fixed sizes aside."""
_OTHERWISE = re.compile(r"Upscale|SuperResolution|Refiner|Video|Animate|Prior|Gemma|^Onnx")
"""In names of classes that make pictures larger, films, texts or half a picture, or are not built of torch."""


@dataclass(frozen=True)
class Family:
    """How a pipeline class is called.

    ``pipeline``: the class. ``masked``: its sibling that is called instead where there is a mask, built of the
    same components; None where there is none, then a mask goes to ``pipeline`` itself if ``mask_argument`` names
    one. ``images``: whether ``image_argument`` takes one picture, a list of references of one edit, or a list that
    is a batch of edits. ``max_images``: how many pictures it can make use of, the first included.
    ``image_argument`` is ``pipeline``'s; ``mask_argument`` and ``reference_argument`` are those of whichever class
    is called with a mask (see `with_mask` for the rest of it). ``mask_required``: it cannot be called without a
    mask; all 1 paints all. ``mask_alone``: with a mask it takes one picture only.

    ``sized``: whether it paints the width and height it is told. ``multiple``: what width and height must be
    divisible by. ``area``: working pixels it is at its best with. ``sizes``: the only ones it paints, if any.

    ``steps``, ``guidance``, ``strength``, ``image_guidance``: what is right for it; None where it has no such
    thing. ``guidance_argument`` and ``image_guidance_argument`` name theirs. ``negative``: whether a negative
    prompt counts. ``batches``: whether several pictures can be had of one call, each as if it were alone with its
    seed. ``prompt``: plain text, a JSON object, or text with a placeholder for each picture. ``alpha``: whether it
    paints transparency. ``fixed``: arguments that are always sent (see `arguments`). ``modular``: made of blocks.
    """

    pipeline: str
    masked: str | None
    images: Literal["one", "references", "batch"]
    max_images: int
    image_argument: str
    mask_argument: str | None
    reference_argument: str | None
    sized: bool
    multiple: int
    area: int
    steps: int
    guidance: float | None
    guidance_argument: str | None
    negative: bool
    strength: float | None
    batches: bool
    prompt: Literal["plain", "json", "placeholders"]
    alpha: bool
    fixed: Mapping[str, Any]
    modular: bool
    mask_required: bool = False
    mask_alone: bool = False
    sizes: tuple[Size, ...] = ()
    image_guidance: float | None = None
    image_guidance_argument: str | None = None

    def arguments(self, size: Size) -> dict[str, Any]:
        """``fixed`` for a picture of ``size``: the texts "{width}", "{height}", "{area}" and "{side}" (of a square
        of that area) become numbers."""
        width, height = size
        numbers = {
            "{width}": width,
            "{height}": height,
            "{area}": width * height,
            "{side}": round(math.sqrt(width * height)),
        }
        return {
            name: numbers.get(value, value) if isinstance(value, str) else value
            for name, value in self.fixed.items()
        }

    def fit(self, size: Size, area: int | None = None) -> Size:
        """The working size for a picture of ``size``: of its aspect as nearly as can be, of about ``area`` pixels
        (the family's own unless given), each side at least ``multiple`` and divisible by it; or that of ``sizes``
        whose aspect is nearest."""
        aspect = size[0] / size[1]
        if self.sizes:
            return min(self.sizes, key=lambda known: abs(math.log(known[0] / known[1] / aspect)))
        wanted = self.area if area is None else area
        width, height = math.sqrt(wanted * aspect), math.sqrt(wanted / aspect)
        return self._rounded(width), self._rounded(height)

    def _rounded(self, side: float) -> int:
        return max(1, round(side / self.multiple)) * self.multiple


class Few(BaseModel):
    """What else is right for a checkpoint that says it is distilled: its guidance is baked in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: int


class Row(BaseModel):
    """A line of the table: fields of `Family` where the signature doesn't tell them, None where it does.

    ``pipeline``: the class that is built instead of this one, which paints from text alone; it has a row of its
    own. ``painting`` and ``instructed``: the classes for a denoiser that reads a picture and a mask, or a picture,
    beside the noise. ``buckets``: which of the sizes at the table's end are the only ones. ``distilled``: see
    `Few`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pipeline: str | None = None
    masked: str | None = None
    painting: str | None = None
    instructed: str | None = None
    images: Literal["one", "references", "batch"] = "one"
    max_images: int | None = None
    multiple: int = _UNKNOWN_MULTIPLE
    area: int = MEGAPIXEL
    sized: bool | None = None
    steps: int | None = None
    strength: float | None = None
    negative: bool | None = None
    batches: bool | None = None
    prompt: Literal["plain", "json", "placeholders"] = "plain"
    alpha: bool = False
    fixed: dict[str, Any] = Field(default_factory=dict)
    mask_required: bool = False
    mask_alone: bool = False
    buckets: str | None = None
    distilled: Few | None = None


@dataclass(frozen=True)
class Table:
    """The rows by class name, and sizes (width, height) by the name of their set."""

    rows: Mapping[str, Row] = field(default_factory=dict)
    buckets: Mapping[str, tuple[Size, ...]] = field(default_factory=dict)


@cache
def table() -> Table:
    """The data of `families.toml`."""
    data = tomllib.loads((resources.files(__package__) / "families.toml").read_text(encoding="utf-8"))
    buckets = {
        name: tuple((width, height) for width, height in sizes) for name, sizes in data.pop("buckets").items()
    }
    return Table(MappingProxyType({name: Row(**row) for name, row in data.items()}), MappingProxyType(buckets))


def family(checkpoint: Checkpoint) -> Family:
    """How the checkpoint is called without a mask.

    Raises `UnknownPipeline` for a class that this engine cannot drive, and `DiffusersMissing`.
    """
    return _described(_class(checkpoint), checkpoint)


def with_mask(checkpoint: Checkpoint) -> Family:
    """How the checkpoint is called with a mask: the family of ``masked``, or what `family` gives where there is no
    such class. Raises as `family`."""
    plain = family(checkpoint)
    return plain if plain.masked is None else _described(plain.masked, checkpoint)


def _class(checkpoint: Checkpoint) -> str:
    """The class to build for a checkpoint: what its denoiser reads stands above what it was saved as."""
    name = checkpoint.pipeline
    row = table().rows.get(name)
    if row is None:
        return name
    if (row.painting or row.instructed) and checkpoint.inputs is not None and checkpoint.outputs is not None:
        beside = checkpoint.inputs - checkpoint.outputs
        if beside:
            # A picture fills as many channels as are written; a mask comes on top of them.
            chosen = row.painting if beside > checkpoint.outputs else row.instructed
            if chosen is None or beside < checkpoint.outputs:
                raise UnknownPipeline(
                    f"the denoiser of this {name} reads {checkpoint.inputs} channels and writes"
                    f" {checkpoint.outputs}; no editing pipeline is known for that"
                )
            return chosen
    return row.pipeline or name


def _described(name: str, checkpoint: Checkpoint) -> Family:
    call = signature(name)
    row = table().rows.get(name)
    if row is None:
        row = _by_rule(name, call)
    image = call.first(*IMAGES)
    if image is None:
        raise UnknownPipeline(f"{name} takes no picture")
    masking = signature(row.masked) if row.masked is not None else call
    reference = masking.first(*REFERENCES)
    baked = row.distilled is not None and checkpoint.distilled is True
    guidance, argument = (None, None) if baked else _guidance(call, "guidance_scale", "true_cfg_scale")
    image_guidance, image_argument = _guidance(call, *IMAGE_GUIDANCE)
    steps = row.distilled.steps if row.distilled is not None and baked else row.steps
    return Family(
        pipeline=name,
        masked=row.masked,
        images=row.images,
        max_images=row.max_images or (2 if call.first(*REFERENCES) else 1),
        image_argument=image,
        mask_argument=masking.first(*MASKS),
        reference_argument=reference,
        sized="width" in call and "height" in call if row.sized is None else row.sized,
        multiple=row.multiple,
        area=row.area,
        steps=_steps(name, call) if steps is None else steps,
        guidance=guidance,
        guidance_argument=argument,
        negative="negative_prompt" in call if row.negative is None else row.negative,
        strength=call.defaults.get("strength") if row.strength is None else row.strength,
        batches="num_images_per_prompt" in call if row.batches is None else row.batches,
        prompt=row.prompt,
        alpha=row.alpha,
        fixed=MappingProxyType(row.fixed),
        modular=call.modular,
        mask_required=row.mask_required,
        mask_alone=row.mask_alone,
        sizes=table().buckets[row.buckets] if row.buckets is not None else (),
        image_guidance=image_guidance,
        image_guidance_argument=image_argument,
    )


def _guidance(call: Signature, *candidates: str) -> tuple[float | None, str | None]:
    """The first of the candidates that is a number unless told otherwise; others are without effect."""
    for name in candidates:
        value = call.defaults.get(name)
        if isinstance(value, int | float):
            return float(value), name
    return None, None


def _steps(name: str, call: Signature) -> int:
    steps = call.defaults.get("num_inference_steps")
    if not isinstance(steps, int):
        raise UnknownPipeline(f"{name} does not say in how many steps it paints")
    return steps


def _by_rule(name: str, call: Signature) -> Row:
    """What is assumed of a class that no row describes. Raises `UnknownPipeline` where that would not do."""
    if call.first("num_frames", "num_frames_per_chunk", "audio"):
        raise UnknownPipeline(f"{name} does not paint single pictures")
    if call.first("controlnet_conditioning_scale", "adapter_conditioning_scale", "control_image"):
        raise UnknownPipeline(f"{name} follows a drawing and does not edit a picture")
    if "prompt" not in call or _OTHERWISE.search(name):
        raise UnknownPipeline(f"{name} does something else with a picture than to follow an instruction")
    if missing := call.required - {"prompt", *IMAGES, *MASKS}:
        raise UnknownPipeline(f"{name} asks for {', '.join(sorted(missing))}, which an edit does not have")
    # Few of the classes that we know give in a batch what they give one by one.
    return Row(mask_required="Inpaint" in name and call.first(*MASKS) is not None, batches=False)
