"""Skies that are made, not photographed: their colours from zenith to horizon, and clouds in perspective."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from retouch.engines.darkroom.colour import from_oklab, parse_hex, to_linear, to_oklab, to_srgb
from retouch.imaging.raster import F32, U8

DOME = 768
"""The longer side, in pixels, at which a sky is painted; nothing in it but stars, see `stars`, is finer."""

FIELD = 1024
"""The side, in cells, of the field of noise that the clouds are cut from; it repeats."""


@dataclass(frozen=True)
class Air:
    """A kind of sky. ``colours``: from zenith to horizon, at even steps. ``cover``: what share of it is cloud,
    ``dense``: how thick, 0..1. ``lit``, ``shade``: the clouds' colours toward and away from the light;
    ``edge``: what thin cloud lets through. ``sun``: how strong its glow is, ``sunlight`` its colour. ``fine``:
    how small the clouds are, 1 as designed. ``stars``: how many, 1 as designed."""

    colours: tuple[str, ...]
    cover: float
    dense: float
    lit: str
    shade: str
    sun: float = 0.0
    sunlight: str = "#fff4dc"
    fine: float = 1.0
    stars: float = 0.0


def ramp(colours: tuple[str, ...], at: F32) -> F32:
    """The colours at places ``at`` in 0..1 along even steps, mixed in OKLab: linear, (..., 3)."""
    lab = to_oklab(np.stack([parse_hex(code) for code in colours]))
    stops = np.linspace(0, 1, len(colours), dtype=np.float32)
    mixed = np.stack([np.interp(at, stops, lab[:, channel]) for channel in range(3)], -1)
    return np.asarray(np.maximum(from_oklab(mixed.astype(np.float32)), 0), dtype=np.float32)


def noise(
    rng: np.random.Generator, *, octaves: int = 8, first: int = 4, gain: float = 0.6, side: int = FIELD
) -> F32:
    """Fractal noise that repeats at its edges: float32 (side, side), mean 0, deviation 1."""
    total = np.zeros((first, first), np.float32)
    for octave in range(octaves):
        if octave:
            total = _doubled(total, 2 * len(total))
        total += rng.standard_normal(total.shape, dtype=np.float32) * np.float32(gain**octave)
    if len(total) != side:
        total = _doubled(total, side)
    return np.asarray((total - total.mean()) / total.std(), dtype=np.float32)


def _doubled(grid: F32, side: int) -> F32:
    """A ``grid`` that repeats at its edges, enlarged to ``side`` cells a side."""
    scale = side / len(grid)
    large = cv2.resize(np.pad(grid, 2, mode="wrap"), None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    start = round(2 * scale)
    return np.ascontiguousarray(large[start : start + side, start : start + side], dtype=np.float32)


def paint_sky(
    size: tuple[int, int],
    horizon: float,
    air: Air,
    rng: np.random.Generator,
    sun: float,
    *,
    rows: int | None = None,
) -> F32:
    """A sky of ``size`` (width, height), its horizon at row ``horizon``, ``sun`` the column of its light as a
    share of the width: linear light, float32 (height, width, 3). Below the horizon its last colour goes on.
    ``rows``: how many of its rows, from the top, are painted; None for all.

    The clouds lie on a flat ceiling and so crowd together toward the horizon. Where the field is thicker toward
    the light than here, the cloud is in its own shadow.
    """
    width, height = size[0], size[1] if rows is None else min(rows, size[1])
    unit = max(size)
    y = np.clip((np.arange(height, dtype=np.float32) + np.float32(0.5)) / np.float32(max(1.0, horizon)), 0, 1)
    x = (np.arange(width, dtype=np.float32) + np.float32(0.5) - np.float32(sun * width)) / np.float32(unit)
    clear = ramp(air.colours, y)
    drop = (1 - y) * np.float32(horizon / unit)
    glow = np.zeros((height, width), np.float32)
    if air.sun:
        far = np.hypot(x[None, :], (drop[:, None] - np.float32(0.05)) * np.float32(1.3))
        glow = np.float32(air.sun) * (0.75 * np.exp(-np.square(far / 0.12)) + 0.5 * np.exp(-far / 0.25))
    shining = parse_hex(air.sunlight)
    sky = [glow * tone + colour[:, None] for tone, colour in zip(shining, clear.T, strict=True)]
    if air.cover:
        thick, bright = _ceiling((width, height), unit, horizon, air, rng, sun)
        # Low clouds take on the colour of the air before them; those near the sun shine.
        near = 1 - np.square(y)[:, None] * np.float32(0.55)
        shine = np.float32(0.4) * glow + np.float32(0.72) * glow * (1 - thick) * thick * 4
        shade, lit = parse_hex(air.shade), parse_hex(air.lit)
        for channel, plain in enumerate(sky):
            tone = bright * (lit[channel] - shade[channel])
            tone += shade[channel]
            tone -= plain
            tone *= near
            tone += shine * shining[channel]
            tone *= thick
            plain += tone
    return np.asarray(cv2.merge(sky), dtype=np.float32)


def _ceiling(
    size: tuple[int, int], unit: int, horizon: float, air: Air, rng: np.random.Generator, sun: float
) -> tuple[F32, F32]:
    """How thick the cloud is and how much light it has, 0..1 each, on ``size`` (width, height) of a sky that
    measures ``unit`` on its longer side."""
    width, height = size
    field = noise(rng)
    large = _doubled(noise(rng, octaves=2, first=3, side=FIELD // 8), FIELD)
    swirl = noise(rng, octaves=3, first=3)
    # Looking up by an angle above the horizon, the ceiling is so far away; below it the sky is its own mirror.
    drop = np.abs(np.float32(horizon) - np.arange(height, dtype=np.float32)) * np.float32(1 / unit)
    far = (1 / (drop + np.float32(0.20)))[:, None]
    x = (np.arange(width, dtype=np.float32) / np.float32(unit) - np.float32(0.5))[None, :]
    scale = np.float32(air.fine * FIELD / 3.4)
    u, v = x * far * scale, np.repeat(far * scale * np.float32(0.85), width, 1)
    start = rng.uniform(0, FIELD, 2).astype(np.float32)
    u, v = u + start[0], v + start[1]

    def at(values: F32, dx: float = 0.0, dy: float = 0.0) -> F32:
        sampled = cv2.remap(
            values, u + np.float32(dx), v + np.float32(dy), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
        )
        return np.asarray(sampled, dtype=np.float32)

    bend = at(swirl) * np.float32(14)
    u, v = u + bend, v + at(swirl, FIELD / 3, FIELD / 4) * np.float32(14)
    mixed = field * np.float32(0.78) + large * np.float32(0.42)
    mixed = (mixed - mixed.mean()) / mixed.std()
    level = float(np.quantile(mixed[::8, ::8], 1 - air.cover))
    here = at(mixed)
    above = here - np.float32(level)
    thick = 1 - np.exp(-np.maximum(above, 0) * np.float32(1.0 + 3.4 * air.dense))
    toward = float(np.sign(sun - 0.5)) if abs(sun - 0.5) > 0.1 else 0.4
    softened = cv2.GaussianBlur(mixed, (0, 0), 5, borderType=cv2.BORDER_REFLECT)
    beyond = at(softened, 14 * toward, -18.0)
    depth = np.maximum(beyond - np.float32(level), 0) + np.float32(0.7) * np.maximum(above, 0)
    light = np.exp(-depth * np.float32(0.35 + 0.55 * air.dense))
    light = np.clip(light + np.float32(0.22) * (here - beyond), 0, 1)
    return thick.astype(np.float32, copy=False), light.astype(np.float32, copy=False)


def stars(sky: U8, horizon: float, density: float, rng: np.random.Generator) -> None:
    """Stars drawn into ``sky``, in place: a few bright ones, tinted, with a halo, and many faint; fewer in the
    haze above row ``horizon``. ``density``: 1 for about a star in 1500 pixels of a picture of a megapixel."""
    height, width = sky.shape[:2]
    size = max(0.8, max(height, width) / 1280)
    count = int(density * width * max(1.0, horizon) / (1500 * size * size))
    rows = np.minimum(rng.random(count) ** 1.2 * horizon, height - 1).astype(np.float32)
    columns = (rng.random(count) * (width - 1)).astype(np.float32)
    power = (np.minimum(rng.pareto(1.6, count), 22) * 0.07 + 0.035).astype(np.float32)
    power *= np.clip(1.15 - rows / np.float32(max(1.0, horizon)), 0, 1) ** 1.5
    warmth = rng.normal(0, 0.5, count).astype(np.float32)
    tint = np.stack([1 + 0.20 * warmth, np.ones_like(warmth), 1 - 0.20 * warmth], -1).astype(np.float32)
    width_of = (size * (0.42 + 0.30 * np.sqrt(power))).astype(np.float32)
    light = to_linear(sky)
    reach = int(np.ceil(3 * size))
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            y, x = np.rint(rows).astype(int) + dy, np.rint(columns).astype(int) + dx
            inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
            away = np.hypot(y - rows, x - columns)
            core = np.exp(-np.square(away / width_of) / 2)
            halo = 0.05 * np.maximum(0, power - 0.5) * np.exp(-away / (1.4 * np.float32(size)))
            amount = (1.5 * power * core + halo)[inside, None] * tint[inside]
            np.add.at(light, (y[inside], x[inside]), amount.astype(np.float32))
    lit: U8 = to_srgb(np.minimum(light, 1))
    sky[...] = lit
