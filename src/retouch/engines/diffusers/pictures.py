"""Pictures as pipelines take and give them: Pillow's, with an alpha channel only where the model knows one."""

from __future__ import annotations

import numpy as np
from PIL import Image

from retouch.engines.diffusers.cropping import working_size
from retouch.imaging.composite import flatten
from retouch.imaging.raster import F32, Raster
from retouch.imaging.resample import resize

SMALLEST = 32
"""Pixels of a reference's shorter side: less than that no encoder takes."""

SOLID, HOLLOW = 128, 0.01
"""A picture is cut out if more than this share of it lies below that alpha."""


def to_image(raster: Raster, *, alpha: bool = False) -> Image.Image:
    """``raster`` for a pipeline: mode RGBA if it knows ``alpha``, else RGB, and what is transparent laid on white:
    what hides beneath is no part of the picture."""
    if not alpha:
        return Image.fromarray(flatten(raster).rgb)
    levels = np.full((raster.height, raster.width), 255, np.uint8) if raster.alpha is None else raster.alpha
    return Image.fromarray(np.dstack([raster.rgb, levels]))


def to_mask(mask: F32) -> Image.Image:
    """``mask``, float32 (height, width) in 0..1, as mode L: 255 = paint. Whatever is above 0 stays above 0."""
    return Image.fromarray(np.ceil(mask * np.float32(255)).astype(np.uint8))


def from_image(image: Image.Image) -> Raster:
    """What a pipeline gave back; alpha None where all of it is opaque."""
    if "A" not in image.getbands():
        return Raster(np.array(image.convert("RGB")))
    pixels = np.array(image.convert("RGBA"))
    alpha = np.ascontiguousarray(pixels[..., 3])
    return Raster(np.ascontiguousarray(pixels[..., :3]), None if int(alpha.min()) == 255 else alpha)


def from_array(pixels: F32) -> Raster:
    """What a pipeline gave back: float (height, width, 3 or 4) in 0..1, rounded to the nearest of 256 levels; what
    is no number is 0. Raises `ValueError` for another shape."""
    if pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        raise ValueError(f"a picture is (height, width, 3 or 4), not {pixels.shape}")
    levels = (np.clip(np.nan_to_num(pixels), 0, 1) * 255).round().astype(np.uint8)
    alpha = np.ascontiguousarray(levels[..., 3]) if levels.shape[2] == 4 else None
    opaque = alpha is None or int(alpha.min()) == 255
    return Raster(np.ascontiguousarray(levels[..., :3]), None if opaque else alpha)


def reference(raster: Raster, area: int, multiple: int) -> Raster:
    """A picture that is only looked at: shrunk to at most ``area`` pixels and never enlarged, but for its sides to
    be whole multiples of ``multiple``."""
    width, height = working_size(raster.size, area=area, least=1, multiple=multiple)
    floor = -(-SMALLEST // multiple) * multiple
    return resize(raster, (max(width, floor), max(height, floor)))


def is_cut_out(raster: Raster) -> bool:
    """Whether the picture has lost its background already."""
    return raster.alpha is not None and float((raster.alpha < SOLID).mean()) >= HOLLOW
