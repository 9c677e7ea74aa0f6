"""Masks: where a picture may change."""

from __future__ import annotations

from typing import BinaryIO

import cv2
import numpy as np

from retouch.errors import InvalidMask
from retouch.imaging.limits import PixelLimits
from retouch.imaging.overlay import read_overlay
from retouch.imaging.raster import F32, U8, Raster

_WEIGHTS: F32 = (np.arange(255, -1, -1, dtype=np.float32) / np.float32(255)).astype(np.float32)
"""Alpha to weight: 1 - alpha / 255, the ends exact."""


def read_mask(file: BinaryIO, *, limits: PixelLimits, source_size: tuple[int, int]) -> F32:
    """The mask in ``file`` as float32 (height, width): 1 where its alpha is 0 (edit), 0 where it is opaque.

    ``source_size``: (width, height) of the first picture, upright. Raises `InvalidMask` as `read_overlay` says.
    """
    raster = read_overlay(file, "mask", InvalidMask, limits=limits, size=source_size)
    if raster.alpha is None:
        return np.zeros((raster.height, raster.width), np.float32)
    return weight_of(raster.alpha)


def mask_from_alpha(raster: Raster) -> F32 | None:
    """A picture's own transparency as its mask, float32 (height, width); None if it is opaque everywhere."""
    return None if raster.alpha is None else weight_of(raster.alpha)


def weight_of(alpha: U8) -> F32:
    """1 - alpha / 255, float32 of the same shape; exactly 0 and 1 at the ends."""
    return cv2.LUT(alpha, _WEIGHTS)  # type: ignore[return-value]
