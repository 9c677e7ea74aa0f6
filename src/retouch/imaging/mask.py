"""Masks: where a picture may change."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from retouch.errors import InvalidImageFile, InvalidMask
from retouch.imaging.decode import decode_container
from retouch.imaging.limits import PixelLimits
from retouch.imaging.raster import F32, U8, Raster
from retouch.imaging.sniff import open_container

_PREFIX = "Invalid mask image format - "

_WEIGHTS: F32 = (np.arange(255, -1, -1, dtype=np.float32) / np.float32(255)).astype(np.float32)
"""Alpha to weight: 1 - alpha / 255, the ends exact."""


def read_mask(file: BinaryIO, *, limits: PixelLimits, source_size: tuple[int, int]) -> F32:
    """The mask in ``file`` as float32 (height, width): 1 where its alpha is 0 (edit), 0 where it is opaque.

    ``source_size``: (width, height) of the first picture, upright. Raises `InvalidMask` if the file is not a
    whole PNG, carries no transparency, is animated, or has another size once it is upright. Nothing is decoded
    before the size agrees with a picture that has passed the limits.
    """
    try:
        container = open_container(file)
    except InvalidImageFile as error:
        raise InvalidMask(_PREFIX + "mask image is not a valid PNG file") from error
    header = container.header
    if header.format != "png":
        raise InvalidMask(_PREFIX + "mask image must be a PNG file")
    if not header.alpha:
        raise InvalidMask(_PREFIX + "mask image missing alpha channel")
    if header.upright != source_size or header.pixels > limits.max_picture_pixels:
        raise InvalidMask(_PREFIX + "mask size does not match image size")
    if header.frames > limits.max_frames:
        raise InvalidMask(_PREFIX + "mask image has more than one frame")
    try:
        raster = decode_container(file, container, position=1)
    except InvalidImageFile as error:
        raise InvalidMask(_PREFIX + "mask image is not a valid PNG file") from error
    if raster.alpha is None:
        return np.zeros((raster.height, raster.width), np.float32)
    return weight_of(raster.alpha)


def mask_from_alpha(raster: Raster) -> F32 | None:
    """A picture's own transparency as its mask, float32 (height, width); None if it is opaque everywhere."""
    return None if raster.alpha is None else weight_of(raster.alpha)


def weight_of(alpha: U8) -> F32:
    """1 - alpha / 255, float32 of the same shape; exactly 0 and 1 at the ends."""
    return _WEIGHTS[alpha]
