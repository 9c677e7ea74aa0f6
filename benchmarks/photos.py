"""Photographs of the sizes that are measured, made from the bundled samples."""

from __future__ import annotations

import io
from importlib import resources

import cv2
import numpy as np

from retouch.imaging.decode import decode
from retouch.imaging.encode import encode
from retouch.imaging.limits import PixelLimits
from retouch.imaging.raster import Raster


def sample(name: str) -> Raster:
    """A bundled photograph."""
    data = (resources.files("retouch.samples") / f"{name}.jpg").read_bytes()
    return decode(io.BytesIO(data), limits=PixelLimits(), position=1)


def enlarged(side: int, name: str, height: int | None = None) -> Raster:
    """A bundled photograph brought to a square of ``side``, or to that width and another ``height``, by scaling
    and cropping its middle: what is in it stays what it is, as networks and searches need it."""
    rgb = sample(name).rgb
    size = (side, height or side)
    scale = max(size[0] / rgb.shape[1], size[1] / rgb.shape[0])
    width, height = (min(round(length / scale), most) for length, most in zip(size, rgb.shape[1::-1], strict=True))
    left, top = (rgb.shape[1] - width) // 2, (rgb.shape[0] - height) // 2
    part = rgb[top : top + height, left : left + width]
    return Raster(np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_CUBIC), np.uint8))


def photograph(width: int, height: int, name: str = "astronaut") -> Raster:
    """A photograph of that size: the sample mirrored as often as needed, never enlarged, so that it keeps the
    noise and detail that codecs feel."""
    raster = sample(name)
    rgb = raster.rgb
    right, down = max(0, width - raster.width), max(0, height - raster.height)
    while right or down:
        across, along = min(right, rgb.shape[1]), min(down, rgb.shape[0])
        rgb = np.asarray(cv2.copyMakeBorder(rgb, 0, along, 0, across, cv2.BORDER_REFLECT), np.uint8)
        right, down = right - across, down - along
    return Raster(np.ascontiguousarray(rgb[:height, :width]))


def half_mask(width: int, height: int) -> bytes:
    """A PNG mask whose middle is transparent, with a soft rim."""
    alpha = np.full((height, width), 255, np.uint8)
    cv2.ellipse(alpha, (width // 2, height // 2), (width // 4, height // 3), 0, 0, 360, 0, -1)
    alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), 4), np.uint8)
    return encode(Raster(np.zeros((height, width, 3), np.uint8), alpha), "png", 100)
