"""Turning a picture: by quarters and by degrees, mirrored, and set level."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians, sin

import cv2
import numpy as np

from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.horizon import find_tilt
from retouch.errors import TargetNotFound
from retouch.imaging.raster import F32, U8, Raster

Size = tuple[int, int]
Room = tuple[float, float]

LEVEL = 0.2
"""Degrees; a tilt below that is seen by nobody."""


def rotate(scene: Scene, *, amount: float = 1.0, degrees: int | str = 90) -> Raster:
    """The picture turned clockwise by whole ``degrees``, negative ones the other way.

    Quarter turns only move pixels. Any other angle leaves the largest upright rectangle that has no empty
    corner. ``amount`` is not used.
    """
    quarters, rest = _split(degrees)
    turned = _quarters(scene.picture, quarters)
    return turned if rest == 0 else _tilted(turned, rest, _inscribed(turned.size, rest))


def rotate_size(size: Size, sources: Sequence[Size], *, degrees: int | str = 90) -> Size:
    quarters, rest = _split(degrees)
    width, height = size if quarters % 2 == 0 else size[::-1]
    if rest == 0:
        return width, height
    room = _inscribed((width, height), rest)
    return max(1, int(room[0])), max(1, int(room[1]))


def flip(scene: Scene, *, amount: float = 1.0, axis: str = "horizontal") -> Raster:
    """The picture mirrored: left for right, or top for bottom where ``axis`` is "vertical"."""
    step = np.s_[::-1] if axis == "vertical" else np.s_[:, ::-1]
    picture = scene.picture
    alpha = None if picture.alpha is None else np.ascontiguousarray(picture.alpha[step])
    return Raster(np.ascontiguousarray(picture.rgb[step]), alpha)


def flip_size(size: Size, sources: Sequence[Size], *, axis: str = "horizontal") -> Size:
    return size


def straighten(scene: Scene, *, amount: float = 1.0) -> Raster:
    """The picture turned by so little that its horizon, or its upright lines, are level; as large as before.

    What the turn would leave empty at the corners is cropped, the shape is kept. ``amount`` is the share of
    the tilt that is taken out. Raises `TargetNotFound` where no line says what is level.
    """
    tilt = _tilt(scene)
    angle = -tilt * min(1.0, amount)
    picture = scene.picture
    if abs(angle) < LEVEL:
        return picture
    width, height = picture.size
    # The largest rectangle of the same shape: its corners touch the turned picture's edges.
    wide, high = abs(cos(radians(angle))), abs(sin(radians(angle)))
    share = min(width / (width * wide + height * high), height / (width * high + height * wide))
    return _tilted(picture, angle, (width * share, height * share), picture.size)


def straighten_size(size: Size, sources: Sequence[Size]) -> Size:
    return size


def straighten_needs(scene: Scene, mask: F32 | None) -> None:
    _tilt(scene)


def _tilt(scene: Scene) -> float:
    tilt = find_tilt(scene.original.rgb)
    if tilt is None:
        raise TargetNotFound(
            "No clear horizon or upright line shows how this picture is tilted. "
            "Say by how much: 'rotate by 2 degrees'."
        )
    return tilt


def _split(degrees: int | str) -> tuple[int, int]:
    """Quarter turns clockwise (0 to 3) and the degrees that are left, -44 to 45."""
    angle = int(degrees) % 360
    quarters = (angle + 44) // 90
    return quarters % 4, angle - 90 * quarters


def _quarters(picture: Raster, quarters: int) -> Raster:
    if quarters == 0:
        return picture
    alpha = None if picture.alpha is None else np.ascontiguousarray(np.rot90(picture.alpha, -quarters))
    return Raster(np.ascontiguousarray(np.rot90(picture.rgb, -quarters)), alpha)


def _inscribed(size: Size, degrees: float) -> Room:
    """The (width, height) of the largest upright rectangle in one of ``size`` that is turned by ``degrees``."""
    width, height = size
    wide, high = abs(cos(radians(degrees))), abs(sin(radians(degrees)))
    longer, shorter = max(size), min(size)
    if shorter <= 2 * wide * high * longer or abs(wide - high) < 1e-6:
        # Two of its corners lie on one long edge, the other two inside.
        half = shorter / 2
        return (half / high, half / wide) if width >= height else (half / wide, half / high)
    spread = wide * wide - high * high
    return (width * wide - height * high) / spread, (height * wide - width * high) / spread


def _tilted(picture: Raster, degrees: float, room: Room, size: Size | None = None) -> Raster:
    """The middle ``room`` of ``picture`` turned clockwise by ``degrees``, at ``size`` (as large as it is)."""
    scale = 1.0 if size is None else min(room[0] / size[0], room[1] / size[1])
    size = size or (max(1, int(room[0])), max(1, int(room[1])))
    across, down = cos(radians(degrees)) * scale, sin(radians(degrees)) * scale
    centre = np.array([(picture.width - 1) / 2, (picture.height - 1) / 2])
    turn = np.array([[across, down], [-down, across]])
    shift = centre - turn @ np.array([(size[0] - 1) / 2, (size[1] - 1) / 2])
    matrix = np.column_stack([turn, shift])

    def warp(pixels: F32 | U8) -> F32 | U8:
        return cv2.warpAffine(  # type: ignore[return-value]
            pixels,
            matrix,
            size,
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )

    if picture.alpha is None:
        return Raster(np.ascontiguousarray(warp(picture.rgb), dtype=np.uint8))
    # Premultiplied, so that colours hidden under transparent pixels do not bleed out.
    cover = picture.alpha.astype(np.float32)
    light = np.clip(warp(picture.rgb * (cover[..., None] / np.float32(255))), 0, 255)
    alpha = np.clip(warp(cover), 0, 255)
    rgb = np.minimum(light * (np.float32(255) / np.maximum(alpha, 1))[..., None], 255)
    return Raster(np.rint(rgb).astype(np.uint8), np.rint(alpha).astype(np.uint8))
