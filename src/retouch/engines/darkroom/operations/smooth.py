"""Plain ground inside a filling: what tone it must have, however lively its sources were."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from retouch.engines.darkroom.operations.membrane import spread
from retouch.engines.darkroom.operations.patchmatch import Flags
from retouch.imaging.raster import F32, U8

RIM = 9
"""Pixels of the small painting around the hole that say how plain its surroundings are."""

PLAIN = 5.0
"""A deviation, in levels over 7 × 7 pixels, below which ground is plain."""

ALIKE = 32.0
"""A deviation, in levels from an even fading, above which the plain ground around a hole is of several kinds."""

LIVELY = 3.5
"""Levels that copied detail may differ from the tone on wholly plain ground."""


@dataclass(frozen=True, eq=False)
class Target:
    """``tone``: float32 (height, width, 3) in 0..255. ``trust``: float32 (height, width) in 0..1, how plain the
    ground is that should have it."""

    tone: F32
    trust: F32

    def at(self, width: int, height: int, part: tuple[slice, slice]) -> Target:
        """The same for the rows and columns ``part`` of a picture of that size."""
        tone = np.asarray(cv2.resize(self.tone, (width, height))[part], np.float32)
        return Target(tone, np.asarray(cv2.resize(self.trust, (width, height))[part], np.float32))


def blur_inside(values: F32, inside: Flags, sigma: float) -> F32:
    """A Gaussian blur of ``values`` (height, width, 3) that looks at ``inside`` alone."""
    share = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), sigma)
    total = cv2.GaussianBlur(values * inside[..., None].astype(np.float32), (0, 0), sigma)
    return (total / np.maximum(share[..., None], np.float32(1e-4))).astype(np.float32, copy=False)


def _plainness(small: U8, known: F32) -> F32:
    """How little happens around each known pixel: 1 for a clear sky, 0 for leaves."""
    gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    share = np.maximum(cv2.blur(known, (7, 7)), np.float32(1e-4))
    mean = cv2.blur(gray * known, (7, 7)) / share
    square = cv2.blur(gray * gray * known, (7, 7)) / share
    deviation = np.sqrt(np.maximum(square - mean * mean, 0))
    result: F32 = np.exp(-np.square(deviation / PLAIN)).astype(np.float32)
    return result


def aim(small: U8, gap: Flags, tone: F32 | None = None) -> Target:
    """What plain ground in ``gap`` should look like, by its rim; ``tone``: that, where it is known better."""
    known = (~gap).astype(np.float32)
    away = cv2.distanceTransform((~gap).astype(np.uint8), cv2.DIST_L2, 3)
    rim = known * (away <= RIM)
    plain = _plainness(small, known)
    trust = spread(plain[..., None], rim, rounds=4)[..., 0]
    trust = np.clip(trust, 0, 1)
    trust *= trust * (3 - 2 * trust)
    if tone is not None:
        # Half a tree over half a sky is neither: it is the one or the other, but for a narrow fading.
        return Target(tone, np.clip((trust - np.float32(0.5)) * np.float32(1 / 0.3), 0, 1))
    weight = rim * plain
    calm = blur_inside(small.astype(np.float32), ~gap & (plain > 0.3), 2)
    one_kind = np.float32(np.exp(-np.square(_variety(calm, weight) / ALIKE)))
    return Target(spread(calm, weight, rounds=6), trust * one_kind)


def _variety(colours: F32, weight: F32) -> float:
    """How far ``colours`` are from one that only fades across the picture: the largest channel's deviation."""
    rows, columns = np.nonzero(weight > 0.05)
    if not rows.size:
        return float("inf")
    share = np.sqrt(weight[rows, columns])[:, None]
    place = np.stack([np.ones(len(rows)), rows / len(weight), columns / len(weight)], 1) * share
    seen = colours[rows, columns] * share
    fit, *_ = np.linalg.lstsq(place, seen, rcond=None)
    return float(np.sqrt(np.square(seen - place @ fit).sum(0) / np.square(share).sum()).max())


def soothe(base: F32, target: Target) -> F32:
    """``base`` (height, width, 3) with its tone drawn to the ``target``'s where the ground is plain."""
    difference = base - target.tone
    # A soft limit: grain and ripples pass, a blob from elsewhere or its outline does not.
    result: F32 = np.tanh(difference * np.float32(1 / LIVELY))
    result *= np.float32(LIVELY)
    result -= difference
    result *= target.trust[..., None]
    result += base
    return result
