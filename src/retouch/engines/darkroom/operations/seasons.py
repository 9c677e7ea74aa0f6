"""The seasons, told by leaves and light alone: `spring`, `summer`, `autumn`, `winter`."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.colour import Grade, Tint, apply_table
from retouch.engines.darkroom.operations import light
from retouch.engines.darkroom.operations.hues import Change, coloured, leaves, skin, table_of, turned, within
from retouch.engines.darkroom.operations.local import strips
from retouch.engines.darkroom.operations.looks import graded, rein, vary
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8, Raster

_SPRING = Grade(
    exposure=0.32, contrast=-0.04, warmth=0.06, vibrance=0.22, highlights=Tint("#ffd9e6", 0.12), black=0.02
)
_SUMMER = Grade(exposure=0.16, contrast=0.10, warmth=0.26, vibrance=0.30, highlights=Tint("#ffe2a0", 0.20))
_AUTUMN = Grade(
    exposure=-0.04, contrast=0.07, warmth=0.26, shadows=Tint("#4a2a1a", 0.14), highlights=Tint("#ffcf8a", 0.20)
)
_WINTER = Grade(
    exposure=0.26,
    contrast=0.03,
    warmth=-0.36,
    saturation=0.84,
    shadows=Tint("#2c4a78", 0.24),
    highlights=Tint("#d8ecff", 0.22),
    white=0.99,
)
_SWING = {"warmth": 0.18, "exposure": -0.16, "contrast": 0.07}


def _season(scene: Scene, change: Change, grade: Grade, amount: float) -> Raster:
    if amount <= 0:
        return scene.picture
    amount = rein(amount, 0.5)
    rgb = apply_table(scene.picture.rgb, table_of(change), min(1.0, amount))
    return Raster(graded(rgb, vary(grade, _SWING, scene.variation), amount), scene.picture.alpha)


def _foliage(lightness: F32, hue: F32, low: float, high: float, soft: float) -> F32:
    """How far a colour has a hue from ``low`` to ``high``, or lies in the shade there: leaves that only the sky
    lights are as blue as the sea, but darker."""
    shaded = np.clip((np.float32(0.68) - lightness) * 6, 0, 1) * within(hue, high, 224, soft)
    return np.asarray(np.maximum(within(hue, low, high, soft), shaded), dtype=np.float32)


def spring(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Young, light green and soft, clear light."""

    def change(lightness: F32, chroma: F32, hue: F32) -> tuple[F32, F32, F32]:
        green = leaves(chroma, hue)
        return (
            lightness + np.float32(0.05) * green * (1 - lightness),
            chroma * (1 + np.float32(0.30) * green),
            (turned(hue, 128, np.float32(0.5) * green)),
        )

    return _season(scene, change, _SPRING, amount)


def summer(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Full green, deep blue sky, warm light."""

    def change(lightness: F32, chroma: F32, hue: F32) -> tuple[F32, F32, F32]:
        green, blue = leaves(chroma, hue), within(hue, 215, 265) * coloured(chroma)
        richer = chroma * (1 + np.float32(0.25) * green + np.float32(0.28) * blue)
        return lightness - np.float32(0.03) * blue, richer, turned(hue, 138, np.float32(0.35) * green)

    return _season(scene, change, _SUMMER, amount)


def winter(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Cold light and hardly a green left."""

    def change(lightness: F32, chroma: F32, hue: F32) -> tuple[F32, F32, F32]:
        green = _foliage(lightness, hue, 92, 150, 36) * coloured(chroma) * (1 - skin(lightness, chroma, hue))
        paler = chroma * (1 - np.float32(0.78) * green)
        return (
            lightness + np.float32(0.07) * green * (1 - lightness),
            paler,
            turned(hue, 235, np.float32(0.25) * green),
        )

    return _season(scene, change, _WINTER, amount)


def autumn(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Leaves and grass from gold to red, some earlier than others; skin, sky and stone keep their colours."""
    if amount <= 0:
        return scene.picture
    amount = rein(amount, 0.5)
    rgb = scene.picture.rgb
    gold, red = (
        apply_table(rgb, table_of(_turning(low, high)), min(1.0, amount)) for low, high in ((84, 58), (62, 36))
    )
    painted = _blend(gold, red, _patches(scene, rgb.shape[:2]))
    return Raster(graded(painted, vary(_AUTUMN, _SWING, scene.variation), amount), scene.picture.alpha)


def _turning(young: float, old: float) -> Change:
    """What leaves become: those that are yellowish take the hue ``young``, the greenest ``old``."""

    def change(lightness: F32, chroma: F32, hue: F32) -> tuple[F32, F32, F32]:
        green = _foliage(lightness, hue, 106, 152, 14) * coloured(chroma, 0.028)
        age = np.clip((hue - 104) / np.float32(46), 0, 1)
        leaf = np.float32(young) + np.float32(old - young) * age
        warmed = hue + green * (leaf - hue)
        lit = lightness + np.float32(0.06) * green * (1 - lightness)
        return lit, chroma * (1 + np.float32(0.28) * green), warmed

    return change


def _patches(scene: Scene, shape: tuple[int, int]) -> F32:
    """Where the leaves have turned further: soft, irregular patches, float32 (height, width) in 0..1."""
    rng = scene.rng(31)
    height, width = shape
    total = np.zeros((96, 96), np.float32)
    for cells, share in ((5, 0.5), (11, 0.3), (24, 0.2)):
        noise = rng.standard_normal((cells, cells), dtype=np.float32)
        total += cv2.resize(noise, (96, 96), interpolation=cv2.INTER_CUBIC) * np.float32(share)
    patches = 0.5 + 0.5 * np.tanh(total * np.float32(1.6) + np.float32(0.8 * scene.variation - 0.25))
    return np.asarray(cv2.resize(patches.astype(np.float32), (width, height)), dtype=np.float32)


def _blend(one: U8, other: U8, share: F32) -> U8:
    for rows in strips(*share.shape):
        part = one[rows].astype(np.float32)
        part += (other[rows].astype(np.float32) - part) * share[rows][..., None]
        one[rows] = light.fix(part)
    return one
