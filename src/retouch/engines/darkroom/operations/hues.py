"""Colours told apart by their hue, in OKLab: leaves, skin, a named colour.

Hues are angles in degrees: red is about 29, orange 60, yellow 110, green 142, cyan 195, blue 264, magenta 328.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from retouch.engines.darkroom.colour import (
    apply_table,
    fit_gamut,
    from_oklab,
    make_table,
    parse_hex,
    to_oklab,
)
from retouch.engines.darkroom.palette import hex_of
from retouch.imaging.raster import F32, U8

Change = Callable[[F32, F32, F32], tuple[F32, F32, F32]]
"""From lightness, chroma and hue to others."""


def within(hue: F32, low: float, high: float, soft: float = 18.0) -> F32:
    """1 for hues from ``low`` to ``high``, falling to 0 over ``soft`` degrees on both sides."""
    middle, half = (low + high) / 2, (high - low) / 2
    away = np.abs((hue - np.float32(middle) + 180) % 360 - 180)
    inside = np.clip((np.float32(half + soft) - away) / np.float32(soft), 0, 1)
    return np.asarray(inside * inside * (3 - 2 * inside), dtype=np.float32)


def turned(hue: F32, toward: float, share: float | F32) -> F32:
    """``hue`` moved by ``share`` of the shorter way to ``toward``."""
    return np.asarray(hue + share * ((np.float32(toward) - hue + 180) % 360 - 180), dtype=np.float32)


def coloured(chroma: F32, least: float = 0.035) -> F32:
    """How far a colour is one at all: 0 for greys to 1. Their hue means nothing, and must move nothing."""
    return np.asarray(1 - np.exp(-np.square(chroma / np.float32(least))), dtype=np.float32)


def skin(lightness: F32, chroma: F32, hue: F32) -> F32:
    """How far a colour could be skin: 0..1."""
    tone = np.clip((lightness - np.float32(0.25)) * 5, 0, 1) * np.clip((np.float32(0.22) - chroma) * 15, 0, 1)
    return np.asarray(within(hue, 30, 75, 16) * tone, dtype=np.float32)


def leaves(chroma: F32, hue: F32) -> F32:
    """How far a colour could be that of leaves and grass: 0..1."""
    return np.asarray(within(hue, 108, 148, 12) * coloured(chroma), dtype=np.float32)


def polar(lab: F32) -> tuple[F32, F32, F32]:
    """OKLab (..., 3) as lightness, chroma and hue."""
    a, b = lab[..., 1], lab[..., 2]
    return lab[..., 0], np.hypot(a, b), np.asarray(np.degrees(np.arctan2(b, a)) % 360, dtype=np.float32)


def table_of(change: Change) -> F32:
    """A table (see `retouch.engines.darkroom.colour`) for a change of lightness, chroma and hue."""

    def function(linear: F32) -> F32:
        lightness, chroma, hue = change(*polar(to_oklab(linear)))
        angle = np.radians(hue)
        chroma = np.maximum(chroma, 0)
        lab = np.stack([np.clip(lightness, 0, 1), chroma * np.cos(angle), chroma * np.sin(angle)], axis=-1)
        return fit_gamut(from_oklab(lab.astype(np.float32)))

    return make_table(function)


def changed(rgb: U8, change: Change, amount: float = 1.0) -> U8:
    """``rgb`` after that change; ``amount`` is its opacity, 0..1."""
    return apply_table(rgb, table_of(change), amount)


def hue_of(colour: str) -> tuple[float, float]:
    """The hue of a colour's name or code, in degrees, and its chroma. Raises KeyError if it is neither."""
    _, chroma, hue = polar(to_oklab(parse_hex(hex_of(colour))))
    return float(hue), float(chroma)
