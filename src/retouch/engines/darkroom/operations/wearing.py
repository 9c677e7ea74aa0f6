"""Laying what is worn into the photograph: its light, its shadow, its softness and its grain."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from retouch.engines.darkroom.operations.head import Head
from retouch.engines.darkroom.operations.likeness import grain, noise, softness
from retouch.engines.darkroom.operations.vector import Box, render
from retouch.imaging.raster import F32, U8

SKIN = np.array([1.30, 0.94, 0.76], np.float32)
"""The colours of skin under neutral light, over their mean: of all complexions the hue hardly differs."""

SHADOWED = 768
"""The longer side, in pixels, at which shadows are made: they are soft."""


@dataclass(frozen=True)
class Garment:
    """What is worn, drawn: ``document`` is it and ``shadow`` its silhouette, SVG texts for ``box``.

    ``drops``: for each layer of its shadow how far it falls along the head, its blur (both in the head's units)
    and its strength. ``spread``: how far beyond the face the shadow falls, in the same units. ``weave``: the
    texture's strength, 0 for smooth things. ``modelled``: the head's own light falls across it from the side
    that it comes from.
    """

    box: Box
    document: str
    shadow: str
    drops: tuple[tuple[float, float, float], ...]
    spread: float = 0.0
    weave: float = 0.0
    modelled: bool = True


def fit_box(points: F32, air: float, width: int, height: int) -> Box:
    """The part of a picture of that size that holds float32 (n, 2) ``points`` and ``air`` pixels around them."""
    left, top = np.floor(points.min(0) - air).astype(int).tolist()
    right, bottom = np.ceil(points.max(0) + air).astype(int).tolist()
    return max(0, left), max(0, top), min(width, right), min(height, bottom)


def put_on(rgb: U8, head: Head, garment: Garment, rng: np.random.Generator, alpha: U8 | None = None) -> None:
    """Put the garment on the head, in place; where the picture is transparent (``alpha``) it is solid."""
    left, top, right, bottom = garment.box
    if right - left < 4 or bottom - top < 4:
        return
    view = rgb[top:bottom, left:right]
    unit = head.frame.scale
    corner = np.array([left, top], np.float32)
    skin = np.zeros(view.shape[:2], np.uint8)
    cv2.fillPoly(skin, [np.rint(head.skin - corner).astype(np.int32)], 255)

    base = _shaded(view, garment, head, skin)
    drawn = render(garment.document)
    drawn[..., :3] *= _light(rgb, head, garment, view.shape[:2], corner)
    if garment.weave:
        drawn[..., :3] *= _weave(view.shape[:2], garment.weave, unit, rng)[..., None]
    sigma = softness(view, max(0.5, 0.03 * unit))
    drawn = cv2.GaussianBlur(drawn, (0, 0), sigma).astype(np.float32, copy=False)
    cover = drawn[..., 3:] * np.float32(1 / 255)
    fine = noise(view.shape[:2], grain(view), rng)
    base = base * (1 - cover) + drawn[..., :3] + fine[..., None] * cover
    view[:] = np.clip(base + np.float32(0.5), 0, 255).astype(np.uint8)
    if alpha is not None:
        solid = alpha[top:bottom, left:right]
        np.maximum(solid, np.rint(drawn[..., 3]).astype(np.uint8), out=solid)


def _shaded(view: U8, garment: Garment, head: Head, skin: U8) -> F32:
    """The picture under the garment's shadow, which falls down the head, along it alone."""
    height, width = view.shape[:2]
    share = min(1.0, SHADOWED / max(height, width))
    cast = render(garment.shadow, max(1, round(share * width)))[..., 3] * np.float32(1 / 255)
    skin = cv2.resize(skin, (cast.shape[1], cast.shape[0]), interpolation=cv2.INTER_AREA).astype(np.uint8)
    unit = head.frame.scale * share
    drop = head.frame.y[:2] * np.float32(unit)
    dark = np.zeros_like(cast)
    for distance, spread, strength in garment.drops:
        shift = np.array([[1, 0, drop[0] * distance], [0, 1, drop[1] * distance]], np.float32)
        moved = cv2.warpAffine(cast, shift, (cast.shape[1], cast.shape[0]))
        dark += np.float32(strength) * cv2.GaussianBlur(moved, (0, 0), max(0.6, spread * unit))
    where = skin
    if garment.spread:
        reach = 2 * max(1, round(garment.spread * unit)) + 1
        where = cv2.dilate(skin, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))).astype(np.uint8)
    edge = max(0.6, (0.015 + 0.5 * garment.spread) * unit)
    dark *= cv2.GaussianBlur(where.astype(np.float32) / 255, (0, 0), edge)
    dark = cv2.resize(dark, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32, copy=False)
    shaded: F32 = view * (1 - dark[..., None] * np.array([0.88, 1, 1], np.float32))
    return shaded


def _light(rgb: U8, head: Head, garment: Garment, shape: tuple[int, int], corner: F32) -> F32:
    """What the light on the head does to the colours of what it wears: a factor, broadcast over ``shape``."""
    height, width = rgb.shape[:2]
    x0, y0, x1, y1 = fit_box(head.skin, 0, width, height)
    if x1 - x0 < 2 or y1 - y0 < 2:
        return np.ones((1, 1, 3), np.float32)
    patch = rgb[y0:y1, x0:x1]
    inside = np.zeros(patch.shape[:2], np.uint8)
    cv2.fillPoly(inside, [np.rint(head.skin - (x0, y0)).astype(np.int32)], 1)
    grey = cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY)
    rows, columns = np.nonzero(inside)
    if rows.size < 8:
        return np.ones((1, 1, 3), np.float32)
    levels = grey[rows, columns].astype(np.float32)
    bright = float(np.percentile(levels, 75))
    if head.face is None:
        # Fur is of any colour: the whole picture's highlights tell more about its light.
        bright = float(np.clip(np.percentile(cv2.cvtColor(rgb[::4, ::4], cv2.COLOR_RGB2GRAY), 85), 90, 190))
    gain = np.full(3, np.clip(bright / 185, 0.22, 1.1), np.float32)
    if not garment.modelled:
        return gain[None, None]
    if head.face is not None:
        mean = patch[rows, columns].astype(np.float32).mean(0) + 4
        cast = mean / mean.mean() / SKIN
        gain *= np.clip(cast / cast.mean(), 0.72, 1.35) ** np.float32(0.35)
    across = ((columns + x0 - head.frame.origin[0]) * head.frame.x[0]) + (
        (rows + y0 - head.frame.origin[1]) * head.frame.x[1]
    )
    sides = [float(levels[side].mean()) if side.any() else bright for side in (across < 0, across > 0)]
    slope = float(np.clip(np.log((sides[1] + 8) / (sides[0] + 8)), -0.8, 0.8)) * 0.55
    ys, xs = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    reach = head.frame.scale * max(head.half, 0.5)
    place = ((xs + corner[0] - head.frame.origin[0]) * head.frame.x[0]) + (
        (ys + corner[1] - head.frame.origin[1]) * head.frame.x[1]
    )
    ramp = np.exp(np.float32(slope) * np.tanh(place / np.float32(reach)))
    return np.asarray(ramp[..., None] * gain, np.float32)


def _weave(shape: tuple[int, int], strength: float, unit: float, rng: np.random.Generator) -> F32:
    """Cloth up close: fine irregularities and broad, faint folds, a factor around 1."""
    out = np.ones(shape, np.float32)
    for size, share in ((0.012, 0.5), (0.05, 0.3), (0.3, 0.6)):
        cell = max(1.0, size * unit)
        coarse = (max(2, round(shape[1] / cell)), max(2, round(shape[0] / cell)))
        field = rng.normal(0, 1, coarse[::-1]).astype(np.float32)
        out += np.float32(strength * share) * cv2.resize(field, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(out, 0.5, 1.5), np.float32)
