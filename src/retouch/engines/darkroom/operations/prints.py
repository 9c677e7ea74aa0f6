"""Prints: a photograph as a poster, as pop art, through a halftone screen."""

from __future__ import annotations

from math import cos, radians, sin

import cv2
import numpy as np

from retouch.engines.darkroom.colour import (
    Grade,
    fit_gamut,
    from_oklab,
    luminance,
    parse_hex,
    to_linear,
    to_oklab,
    to_srgb,
)
from retouch.engines.darkroom.operations import brush, easel, inks, strokes
from retouch.engines.darkroom.operations.light import fix
from retouch.engines.darkroom.operations.looks import graded
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.saliency import is_clear
from retouch.imaging.raster import F32, U8, Raster

_BENCH = 900

_PAPER = "#fbf8f0"

_POP = (
    (("#1b1464", "#ff1e78", "#ffd21e", "#fff3cf"), "#19c3c8", "#0a7fa8"),
    (("#2b0a3d", "#e8222e", "#ff9a1f", "#fff0c2"), "#2aa9ff", "#0b63c9"),
    (("#0b2a4a", "#00a3a8", "#ffe14a", "#fff8dc"), "#ff4f8b", "#c61766"),
)
"""Inks from dark to light for the motif, then the ground and the dots on it."""

_SCREENS = (("cyan", 15.0), ("magenta", 75.0), ("yellow", 0.0), ("black", 45.0))
"""Each ink's screen is turned by so many degrees, so that dots make rosettes and no stripes."""


def poster(scene: Scene, *, amount: float = 1.0) -> Raster:
    """A screen print: eight flat inks chosen from the picture's own colours, with clean borders.

    Variation takes an ink more or less.
    """
    if amount <= 0:
        return scene.picture
    rng = scene.rng(51)
    small = easel.take(scene, _BENCH)
    unit = max(small.shape[:2]) / _BENCH
    rich = graded(small, Grade(exposure=0.10, contrast=0.12, saturation=1.25, vibrance=0.35), 1.0)
    lab = to_oklab(to_linear(fix(_calmed(rich, unit) * np.float32(255))))
    count = 8 + round(1.5 * scene.variation)
    colours = inks.choose(lab, count, rng)
    labels = inks.label(lab, colours)
    linear = fit_gamut(from_oklab(colours))
    shown = to_srgb(inks.lay_flat(labels, linear, scene.picture.size, max(0.8, 1.5 * unit)))
    return easel.lay_over(scene, shown, amount)


def pop_art(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Pop art after the silk screens of the sixties: the motif in four bold inks, its ground in one more with a
    screen of dots. Variation changes the inks.
    """
    if amount <= 0:
        return scene.picture
    motif, ground, dotted = _POP[round(scene.variation * 1.2) % len(_POP)]
    small = easel.take(scene, _BENCH)
    unit = max(small.shape[:2]) / _BENCH
    image = _calmed(small, unit)
    tone = strokes.tone(fix(image * np.float32(255)), clip=2.5)
    tone = np.asarray(cv2.GaussianBlur(tone, (0, 0), max(0.8, 1.2 * unit)), np.float32)
    labels = np.digitize(tone, (0.27, 0.50, 0.74))
    colours = np.stack([parse_hex(code) for code in (*motif, ground)])
    behind = _behind(scene, (small.shape[1], small.shape[0]))
    if behind is not None:
        labels = np.where(behind & (labels > 0), 4, labels)
    size = scene.picture.size
    flat = inks.lay_flat(labels, colours, size, max(0.8, 1.3 * unit))
    if behind is not None:
        _dot(flat, np.asarray(labels == 4, np.float32), tone, parse_hex(dotted), max(5.0, max(size) / 92))
    return easel.lay_over(scene, to_srgb(flat), amount)


def _behind(scene: Scene, size: tuple[int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]] | None:
    """What lies behind the subject, if one stands out."""
    if not is_clear(scene.saliency):
        return None
    subject = cv2.resize(scene.matte, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(subject, (0, 0), 1.5) < 0.5)


def _dot(flat: F32, where: F32, tone: F32, colour: F32, pitch: float) -> None:
    """Dots over the ground in ``flat`` (linear, in place), larger where it is darker."""
    size = (flat.shape[1], flat.shape[0])
    calm = np.asarray(cv2.GaussianBlur(tone, (0, 0), 6), np.float32)
    dark = cv2.resize(calm, size, interpolation=cv2.INTER_LINEAR)
    cover = np.clip(np.float32(0.55) - dark * np.float32(0.55), 0.04, 0.45)
    inked = 1 - _screen(np.asarray(cover, np.float32), 45, pitch)
    inside = cv2.resize(where, size, interpolation=cv2.INTER_LINEAR)
    inked *= np.clip((inside - np.float32(0.5)) * np.float32(2 * max(1.0, max(size) / max(where.shape))), 0, 1)
    flat += (colour - flat) * inked[..., None]


def halftone(scene: Scene, *, amount: float = 1.0, ink: str = "colour") -> Raster:
    """Offset print under a magnifier: cyan, magenta, yellow and black dots on screens of their own angles;
    with ``ink`` "black" black dots alone.

    A dot hides just the share of paper that the light asks for (Murray-Davies), so that from afar the picture is
    what it was. Variation makes the screen coarser or finer.
    """
    if amount <= 0:
        return scene.picture
    size = scene.picture.size
    pitch = max(4.0, max(size) / 128 * (1 + 0.3 * scene.variation))
    soft = cv2.GaussianBlur(scene.picture.rgb, (0, 0), 0.22 * pitch)
    light = to_linear(np.asarray(soft, np.uint8))
    paper = parse_hex(_PAPER)
    if ink == "black":
        black = parse_hex("#16161c")
        bare = _screen(np.clip(1 - luminance(light), 0, 1), 45, pitch)
        shown = bare[..., None] * (paper - black) + black
        return easel.lay_over(scene, to_srgb(np.asarray(shown, np.float32)), amount)
    # Grey is carried by black as far as it is dark: three inks over one another would only look like mud.
    key = np.clip((np.float32(0.80) - light.max(-1)) / np.float32(0.80), 0, 1) * np.float32(0.85)
    room = np.maximum(1 - key, np.float32(1e-3))
    for channel, (_, angle) in enumerate(_SCREENS[:3]):
        cover = np.clip(1 - light[..., channel] / room, 0, 1)
        bare = _screen(cover, angle, pitch)
        # A real ink lets a little through, so that darks stay rich and no dot is a hole.
        light[..., channel] = (bare * np.float32(0.97) + np.float32(0.03)) * paper[channel]
    printed = _screen(key, _SCREENS[3][1], pitch)
    printed *= np.float32(0.985)
    printed += np.float32(0.015)
    for channel in range(3):
        light[..., channel] *= printed
    return easel.lay_over(scene, to_srgb(light), amount)


def _screen(cover: F32, angle: float, pitch: float) -> F32:
    """Dots ``pitch`` pixels apart on a grid at ``angle`` degrees that hide the share ``cover`` of the paper, 1
    where paper shows, 0 on ink. They grow from points over a chequerboard to a sheet with holes.

    The dot is a level set of cos u + cos v. Which level hides which share has no closed form, so it is counted
    once.
    """
    height, width = cover.shape
    slope, wave = radians(angle), 2 * np.pi / pitch
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    along = x * np.float32(cos(slope) * wave) + y * np.float32(sin(slope) * wave)
    across = y * np.float32(cos(slope) * wave) - x * np.float32(sin(slope) * wave)
    height_of = np.cos(along) + np.cos(across)
    steps = np.asarray(np.rint(np.clip(cover, 0, 1) * 255), np.uint8)
    height_of -= np.take(_LEVELS, steps)
    # From height to distance by the mean steepness, which leaves an edge of about a pixel.
    height_of *= np.float32(-pitch / 7.5)
    height_of += np.float32(0.5)
    return np.asarray(np.clip(height_of, 0, 1, out=height_of), np.float32)


def _levels() -> F32:
    """For each share in 0..255 the level of cos u + cos v above which just that share of the plane lies."""
    turn = np.cos((np.arange(360) + 0.5) * (np.pi / 180))
    heights = np.sort((turn[:, None] + turn[None, :]).ravel())[::-1]
    at = np.minimum(np.arange(256) * (len(heights) / 255), len(heights) - 1).astype(int)
    levels: F32 = heights[at].astype(np.float32)
    levels[0], levels[255] = 2.6, -2.6  # No speck on white paper, no hole in solid ink.
    return levels


_LEVELS: F32 = _levels()


def _calmed(rgb: U8, unit: float) -> F32:
    """``rgb`` without its small detail; 0..1."""
    image = rgb.astype(np.float32) * np.float32(1 / 255)
    once = brush.kuwahara(image, brush.find_flow(image, 2.0), max(1.5, 4.0 * unit))
    return brush.kuwahara(once, brush.find_flow(once, max(1.0, 3.0 * unit)), max(1.5, 4.0 * unit))
