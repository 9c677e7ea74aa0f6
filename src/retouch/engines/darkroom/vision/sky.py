"""Where the sky is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.darkroom.filters import guided, shrink
from retouch.engines.darkroom.vision.fringe import between_leaves
from retouch.engines.darkroom.vision.masts import before_the_sky
from retouch.imaging.raster import F32, U8

SIDE = 320
"""The search happens at this many pixels on the longer side."""

_SMALLEST, _LARGEST = 0.03, 0.985
"""What share of a picture can be sky."""

DOUBT, ALONE = 0.35, 0.45
"""Below the first, a sky above land is not believed; the second is how sure one is that fills its picture: enough
where a person speaks of it."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Sky:
    """``alpha``: float32 (height, width) in 0..1. ``confidence``: 0..1; above 0.55 it may be taken for granted,
    above 0.35 it will do where a person says that there is a sky."""

    alpha: F32
    confidence: float


def find_sky(rgb: U8) -> Sky:
    """The sky of a picture, uint8 (height, width, 3).

    A border is searched below which, column by column, the first strong edge from the top lies; the threshold
    that tells most of two different areas apart wins. GrabCut then moves the border to the colours' own, what
    hangs together with the top stays, and a guided filter brings the alpha to full size. What is too fine for all
    that, masts before the sky and gaps between leaves, is found by its colours. Where no sky is to be believed in,
    the picture may be of nothing but sky.
    Source: Shen, Wang: Sky region detection in a single image for autonomous ground robot navigation, 2013.
    """
    small = np.ascontiguousarray(shrink(rgb, SIDE), dtype=np.uint8)
    found = None
    if min(small.shape[:2]) >= 16:
        lab = cv2.cvtColor(small.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
        smooth = np.asarray(cv2.GaussianBlur(lab, (0, 0), 1.0), dtype=np.float32)
        edges = _edges(smooth)
        found = _above_ground(small, smooth, edges)
        if found is None or found[1] < DOUBT:
            alone = _alone(smooth, edges)
            found = found if alone is None else (alone, ALONE)
    if found is None:
        return Sky(np.zeros(rgb.shape[:2], np.float32), 0.0)
    alpha = guided(rgb, found[0].astype(np.float32), radius=max(3, SIDE // 60), eps=3e-4)
    alpha = np.clip((alpha - np.float32(0.08)) / np.float32(0.84), 0, 1)
    if found[1] >= DOUBT:
        alpha *= 1 - before_the_sky(rgb, alpha)
        np.maximum(alpha, between_leaves(rgb, alpha), out=alpha)
    return Sky(alpha, found[1])


def _above_ground(small: U8, smooth: F32, edges: F32) -> tuple[Mask, float] | None:
    """The sky over some land and how sure it is; None where there is none to speak of."""
    first = _search(smooth, edges)
    # Most pictures have no sky and are told so here, before the dear part.
    if first is None or _believe(smooth, edges, first, first) < 0.15:
        return None
    mask, core = _refine(small, smooth, first)
    if mask.mean() < 0.02 or mask.all() or not core.any():
        return None
    confidence = _believe(smooth, edges, mask, core)
    return (_down_to_the_land(mask, edges), confidence) if confidence >= DOUBT else (mask, confidence)


def _down_to_the_land(mask: Mask, edges: F32) -> Mask:
    """The sky carried down to the first edge below it, where there is one close by in most columns: the pale or
    glowing air above a horizon has other colours than the rest, but nothing divides it from them."""
    height, width = mask.shape
    reach = max(2, round(0.13 * height))
    lowest = np.where(mask.any(0), height - 1 - mask[::-1].argmax(0), -1)
    rows = np.arange(height)[:, None]
    # The edge must be the land's: clearly stronger than what the sky itself has.
    limit = max(5.0, 1.6 * float(np.quantile(edges[mask], 0.98)))
    below = (rows > lowest) & (rows <= lowest + reach) & (lowest >= 0)
    stops = below & (edges > limit)
    stopped = stops.any(0)
    ends = np.where(stopped, stops.argmax(0), lowest + 1)
    gained = np.where(stopped, ends - lowest - 1, 0)
    open_columns = (lowest >= 0) & (lowest < height - 1 - reach // 2)
    if open_columns.sum() < 0.2 * width or stopped[open_columns].mean() < 0.75 or np.median(gained) < 2:
        return mask
    smooth = cv2.medianBlur((lowest + gained).astype(np.float32)[None], 5)[0]
    return np.asarray(mask | ((rows > lowest) & (rows <= smooth) & (lowest >= 0) & stopped))


def _alone(lab: F32, edges: F32) -> Mask | None:
    """The sky of a picture with hardly anything else in it: blue, white and grey down to its lower edge, as smooth
    as air; None where it is anything else."""
    lightness, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
    blue = (b < -8) & (a > -20) & (a < 26) & (lightness > 12)
    cloud = (np.hypot(a, b) < 16) & (lightness > 45)
    sky = blue | cloud
    foot = sky[-max(1, len(sky) // 10) :]
    if sky.mean() < 0.86 or foot.mean() < 0.9:
        return None
    # A plain backdrop has no gradient at all, a thing has edges. Without any blue only the softest clouds count.
    restless = float((edges[sky] > 24).mean())
    varied = float(lab[sky].std(0).max())
    if blue.mean() < 0.25 and (restless > 0.005 or varied < 4 or sky.mean() < 0.97):
        return None
    if restless > 0.2 or varied < 3:
        return None
    return np.asarray(cv2.morphologyEx(sky.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0)


def _edges(lab: F32) -> F32:
    strength = np.zeros(lab.shape[:2], np.float32)
    for channel in cv2.split(lab):
        across = cv2.Sobel(channel, cv2.CV_32F, 1, 0)
        down = cv2.Sobel(channel, cv2.CV_32F, 0, 1)
        strength = np.maximum(strength, cv2.magnitude(across, down))
    return strength


def _moments(pixels: F32) -> tuple[F32, F32]:
    """Mean (3,) and covariance (3, 3) of (n, 3)."""
    mean = pixels.mean(0)
    centred = pixels - mean
    return mean, centred.T @ centred / np.float32(max(1, len(pixels)))


def _separation(one: tuple[F32, F32], other: tuple[F32, F32]) -> F32:
    """How many standard deviations lie between two areas (Mahalanobis), or between many such pairs."""
    gap = one[0] - other[0]
    spread = (one[1] + other[1]) / 2 + 2 * np.eye(3, dtype=np.float32)
    solved = np.linalg.solve(spread, gap[..., None])[..., 0]
    return np.asarray(np.sqrt(np.maximum(0, (gap * solved).sum(-1))), np.float32)


def _search(lab: F32, edges: F32) -> Mask | None:
    """The area above the best border, or None if no border leaves a believable share of the picture."""
    height, width = edges.shape
    edges = edges.copy()
    edges[:2] = 0
    columns, rows = np.arange(width), np.arange(height)[:, None]
    strongest = np.maximum.accumulate(edges, axis=0)
    centre = lab.mean((0, 1))
    sums = _sums(lab - centre)
    total = sums[-1].sum(0)
    borders = []
    for threshold in np.geomspace(3, 120, 28):
        border = np.count_nonzero(strongest <= threshold, axis=0).astype(np.float32)
        # Blurring leaves whole numbers whole.
        border = cv2.medianBlur(border[None], 5)[0].astype(np.intp)
        if _SMALLEST <= float(border.mean()) / height <= _LARGEST:
            borders.append(border)
    if not borders:
        return None
    shares = np.stack(borders).mean(1) / height
    above = np.stack([sums[border, columns].sum(0) for border in borders])
    sky = _moments_of(above)
    unrest = np.linalg.det(sky[1] + np.eye(3, dtype=np.float32) / 2) ** (1 / 6)
    scores = _separation(sky, _moments_of(total - above)) * shares**0.5 / (1 + 0.12 * unrest)
    return np.asarray(rows < borders[int(np.argmax(scores))])


def _sums(pixels: F32) -> NDArray[np.float64]:
    """(height + 1, width, 10): what lies above each pixel of its column, added up: how many, the three values and
    their six products. Any area below the upper edge so has its moments without being looked at again."""
    height, width = pixels.shape[:2]
    products = [pixels[..., i] * pixels[..., j] for i in range(3) for j in range(i, 3)]
    terms = np.dstack([np.ones((height, width), np.float32), pixels, *products])
    sums = np.zeros((height + 1, width, 10))
    np.cumsum(terms, axis=0, out=sums[1:])
    return sums


def _moments_of(sums: NDArray[np.float64]) -> tuple[F32, F32]:
    """As `_moments`, of several areas, from their sums (n, 10) as `_sums` adds them up; the means are from where
    those count."""
    shares = sums[:, 1:] / np.maximum(1.0, sums[:, :1])
    mean, products = shares[:, :3], shares[:, 3:]
    covariance = products[:, [[0, 1, 2], [1, 3, 4], [2, 4, 5]]] - mean[:, :, None] * mean[:, None, :]
    return mean.astype(np.float32), covariance.astype(np.float32)


def _refine(small: U8, lab: F32, first: Mask) -> tuple[Mask, Mask]:
    """The sky after GrabCut, and the part of it that is well inside the first border."""
    height = first.shape[0]
    reach = 2 * max(2, height // 60) + 1
    core = cv2.erode(first.astype(np.uint8), np.ones((reach, reach), np.uint8), borderValue=1) > 0
    mean, covariance = _moments(lab[core] if core.sum() > 50 else lab[first])
    inverse = np.linalg.inv(covariance + np.diag([6, 3, 3]).astype(np.float32))
    centred = lab - mean
    distance = np.sqrt(np.maximum(0, ((centred @ inverse) * centred).sum(2)))
    labels = np.where(first, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[core] = cv2.GC_FGD
    foot = int(height * 0.93)
    labels[foot:][~core[foot:]] = cv2.GC_BGD
    labels[(distance > 7) & ~core] = cv2.GC_BGD
    found = first
    if (labels == cv2.GC_FGD).sum() > 20 and (labels == cv2.GC_BGD).sum() > 20:
        cv2.setRNGSeed(1)
        bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(bgr, labels, (0, 0, 1, 1), *models, 2, cv2.GC_INIT_WITH_MASK)
        found = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8), connectivity=8)
    kept = np.zeros_like(found)
    for part in range(1, count):
        here = parts == part
        area = stats[part, cv2.CC_STAT_AREA] / here.size
        hangs = bool(here[:3].any()) and area > 0.002
        # Sky seen through leaves or girders is cut off from the top but has its colours.
        peeps = area < 0.02 and stats[part, cv2.CC_STAT_TOP] < 0.7 * height and distance[here].mean() < 2.2
        if hangs or peeps:
            kept |= here
    return kept, core & kept


def _ramp(value: float, start: float, end: float) -> float:
    """0 up to ``start``, 1 from ``end`` on (which may be the smaller of the two)."""
    return min(1.0, max(0.0, (value - start) / (end - start)))


def _believe(lab: F32, edges: F32, mask: Mask, core: Mask) -> float:
    """How sky-like an area is: 0..1, from its colour, smoothness, light against the ground, and place.

    Blue is the best witness. Grey counts only where it is as bright as an overcast sky and far from the
    ground's colours, which a studio's backdrop rarely is. Warm colours count only if they grow warmer toward
    the horizon, as at dusk.
    """
    sky, ground = _moments(lab[mask]), _moments(lab[~mask])
    lightness, a, b = (float(value) for value in sky[0])
    apart = float(_separation(sky, ground))
    rows = np.nonzero(core)[0]
    upper, lower = np.quantile(rows, [0.33, 0.67])
    warming = float(lab[core][rows >= lower, 2].mean() - lab[core][rows <= upper, 2].mean())
    blue = _ramp(b, -4, -15) * _ramp(a, -18, -10)
    grey = 0.8 * _ramp(lightness, 76, 86) * _ramp(float(np.hypot(a, b)), 14, 9) * _ramp(apart, 2, 4)
    warm = _ramp(warming, 6, 18) * _ramp(lightness, 40, 55) * _ramp(a, -8, 0)
    top, bottom = float(mask[:3].mean()), float(mask[-3:].mean())
    # A dull sky is dull all the way across, and the land below it much darker.
    dull = 0.75 * _ramp(lightness, 45, 58) * _ramp(float(np.hypot(a, b)), 10, 6) * _ramp(apart, 3, 4.5)
    dull *= _ramp(lightness - float(ground[0][0]), 12, 24) * _ramp(top, 0.9, 1) * _ramp(bottom, 0.1, 0)
    smooth = _ramp(float(edges[core].mean()), 24, 8)
    bright = _ramp(lightness - float(ground[0][0]), 0, 25)
    manner = 0.55 + 0.15 * smooth + 0.15 * bright + 0.15 * _ramp(apart, 0, 3)
    return max(blue, grey, warm, dull) * manner * top**3 * (1 - 0.4 * bottom)
