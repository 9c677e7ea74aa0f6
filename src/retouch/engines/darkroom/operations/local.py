"""Tone that minds its surroundings: a picture taken apart into its broad light and the detail on it.

The broad light is what a guided filter leaves: it follows strong edges, so that nothing gets a halo. It is
found on a small copy and carried to full size along the picture's own edges.
Source: He, Sun, Tang: Guided Image Filtering, ECCV 2010; Fast Guided Filter, arXiv:1505.00996.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from retouch.engines.darkroom.colour import to_linear, to_srgb
from retouch.engines.darkroom.filters import box, shrink
from retouch.imaging.raster import F32, U8

SIDE = 512
"""The longer side of the copy on which the broad light is found."""

NODES = 1024
AXIS: F32 = np.linspace(0, 1, NODES, dtype=np.float32)
"""The tones (sRGB grey, 0..1) at which curves are given."""

_LIGHT: F32 = np.where(AXIS <= 0.04045, AXIS / 12.92, ((AXIS + 0.055) / 1.055) ** 2.4).astype(np.float32)
_FLOOR = np.float32(0.0025)
"""Light added before two are divided: the blackest pixels are noise, which no ratio should blow up."""

_PIXELS = 1 << 18


def strips(height: int, width: int) -> Iterator[slice]:
    """Rows in portions of about a quarter of a million pixels, so that float copies stay small."""
    step = max(1, _PIXELS // max(1, width))
    for top in range(0, height, step):
        yield slice(top, min(height, top + step))


def grey(rgb: U8) -> F32:
    """The tone of each pixel, sRGB grey: float32 (height, width) in 0..1."""
    tone: F32 = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    tone *= np.float32(1 / 255)
    return tone


def broad_light(rgb: U8, *, reach: float, edge: float) -> tuple[F32, F32]:
    """What times a tone plus what is the broad light there: two float32 (height, width).

    ``reach``: the size of what counts as detail, as a share of the longer side. ``edge``: the step in tone from
    which on an edge belongs to the broad light.
    """
    height, width = rgb.shape[:2]
    tone = grey(np.asarray(shrink(rgb, SIDE), dtype=np.uint8))
    radius = max(1, round(reach * max(tone.shape)))
    mean = box(tone, radius)
    spread = np.maximum(box(tone * tone, radius) - mean * mean, 0)
    slope = (spread / (spread + np.float32(edge * edge))).astype(np.float32)
    offset = mean * (1 - slope)
    size = (width, height)
    return (
        np.asarray(cv2.resize(box(slope, radius), size), dtype=np.float32),
        np.asarray(cv2.resize(box(offset, radius), size), dtype=np.float32),
    )


def retone(
    rgb: U8, curve: F32, *, detail: F32 | float = 1.0, reach: float = 0.05, edge: float = 0.1, grain: float = 0.0
) -> U8:
    """``rgb`` with its broad light taken through ``curve`` and its detail made ``detail`` times as strong.

    ``curve``, and ``detail`` if it is no single number, are float32 (`NODES`,), by the broad light. ``reach``
    and ``edge`` as for `broad_light`. Colours keep their hue: each pixel's light is multiplied.
    ``grain``: the step in tone below which detail counts as noise and is not made stronger.
    """
    height, width = rgb.shape[:2]
    slope, offset = broad_light(rgb, reach=reach, edge=edge)
    strength = np.full(NODES, detail, np.float32) if isinstance(detail, float | int) else detail
    out = np.empty_like(rgb)
    for rows in strips(height, width):
        tone = grey(rgb[rows])
        broad = np.clip(slope[rows] * tone + offset[rows], 0, 1)
        at = (broad * np.float32(NODES - 1) + np.float32(0.5)).astype(np.uint16)
        fine = tone - broad
        more = np.take(strength, at)
        if grain:
            sure = np.minimum(np.abs(fine) * np.float32(1 / grain), 1)
            more = 1 + (more - 1) * sure
        wanted = np.take(curve, at) + fine * more
        gain = (_light(wanted) + _FLOOR) / (_light(tone) + _FLOOR)
        out[rows] = brighten(to_linear(rgb[rows]), gain)
    return out


def _light(tone: F32) -> F32:
    steps = np.clip(tone, 0, 1) * np.float32(NODES - 1) + np.float32(0.5)
    return np.take(_LIGHT, steps.astype(np.uint16))


def brighten(linear: F32, gain: F32) -> U8:
    """``linear`` (height, width, 3), which is changed, times ``gain`` (height, width), as sRGB. What would burn
    out is held back, so that bright colours keep some of theirs."""
    peak = np.maximum(linear[..., 0], linear[..., 1])
    np.maximum(peak, linear[..., 2], out=peak)
    peak *= gain
    np.maximum(peak, 1, out=peak)
    held = gain * peak ** np.float32(-0.6)
    linear *= held[..., None]
    return to_srgb(linear)
