"""Colours at the seam: an edit brought to the light of the picture that it is put into.

Generative editors give a picture back a little darker, paler or warmer than they got it. Around the mask the
picture is known as it was and as it came back; what differs there is that drift, and the edit is freed of it.

Source: Reinhard et al.: Color Transfer between Images, IEEE Computer Graphics and Applications 21 (2001): mean and
deviation of each channel of a colour space made for the eye, here CIELAB.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.imaging.composite import flatten
from retouch.imaging.raster import F32, U8, Raster

SIDE = 256
"""Longer side, in pixels, at which colours are compared: sharpness and grain are no drift."""

RING = 0.12
"""Width of the ring around the mask, as a share of the part's longer side."""

ENOUGH = 150
"""Pixels of that size that the ring must have."""

ALIKE = 0.6
"""How closely the light in the ring must follow what it was (correlation): otherwise it shows something else."""

UNLIKE = 2.5
"""What differs from the common drift by more deviations than this was painted anew and says nothing of it."""

EQUAL = 0.6
"""Drift of no channel beyond this, in units of CIELAB, cannot be seen."""

DRIFT: F32 = np.array([14.0, 9.0, 9.0], np.float32)
"""Drift up to this, in units of CIELAB, is undone; of what is twice that nothing is: it was asked for."""

DIMMED, DIMMEST = 0.4, 4.0
"""Of a dark picture's lightness painters lose no more than this share, and those units in any case."""

CONTRAST = 1.2
"""By how much the deviation of lightness is stretched or squeezed at most."""

BRIGHTER = 1.3
"""By how much a cast may be stronger in what is brighter than the ring."""

Flags = NDArray[np.bool_]


class Surroundings:
    """What lies around a mask, as it was before the edit.

    ``before``: the picture. ``weight``: float32 (height, width) of its size, 0 = outside the mask, somewhere more.
    """

    def __init__(self, before: Raster, weight: F32) -> None:
        height, width = weight.shape
        scale = min(1.0, SIDE / max(height, width))
        self._size = (max(1, round(width * scale)), max(1, round(height * scale)))
        touched = weight > 0
        rows, columns = (np.flatnonzero(touched.any(axis=axis)) for axis in (1, 0))
        self._part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        self._ring = _ring(touched, self._size)
        self._was = _lab(flatten(before).rgb, self._size)[self._ring]

    def match(self, edited: Raster) -> Raster:
        """``edited``, of the same size, in the colours that there were, as far as the ring around the mask tells
        of a drift from them.

        Only the rows and columns that the mask touches are changed. Returns ``edited`` itself where the ring is
        too small, shows something else than before or is equal already, and where it was changed by more than
        painters drift.
        """
        drift = self._drift(flatten(edited).rgb) if len(self._was) >= ENOUGH else None
        if drift is None:
            return edited
        more, less = _table(*drift)
        rgb = edited.rgb.copy()
        part = np.ascontiguousarray(rgb[self._part])
        light = cv2.cvtColor(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        rgb[self._part] = cv2.subtract(cv2.add(part, cv2.LUT(light, more)), cv2.LUT(light, less))
        return Raster(rgb, edited.alpha)

    def _drift(self, edited: U8) -> tuple[F32, F32, float] | None:
        """The mean in CIELAB (3,) around which colours are stretched, what is then added (3,) and the stretch of
        lightness; None where there is nothing to undo."""
        after, was = _lab(edited, self._size)[self._ring], self._was
        if not _follows(after[:, 0], was[:, 0]):
            return None
        kept = _usual(was - after)
        after, was = after[kept], was[kept]
        if len(after) < ENOUGH // 2:
            return None
        mean, target = after.mean(0), was.mean(0)
        deviation = max(float(after[:, 0].std()), 1.0)
        stretch = float(np.clip(max(float(was[:, 0].std()), 1.0) / deviation, 1 / CONTRAST, CONTRAST))
        shift = target - mean
        if float(np.abs(shift).max()) < EQUAL and abs(stretch - 1) * deviation < EQUAL:
            return None
        limits = DRIFT.copy()
        if shift[0] > 0:
            limits[0] = np.clip(DIMMED * target[0], DIMMEST, DRIFT[0])
        # No threshold at which an edit would jump from one colour to another.
        share = min(1.0, max(0.0, 2.0 - float((np.abs(shift) / limits).max())))
        if share == 0:
            return None
        return np.asarray(mean, np.float32), np.asarray(shift * share, np.float32), 1 + share * (stretch - 1)


def _ring(touched: Flags, size: tuple[int, int]) -> Flags:
    """Which pixels at ``size`` lie around the mask and are wholly outside of it."""
    outside = cv2.resize(touched.astype(np.float32), size, interpolation=cv2.INTER_AREA) <= 0
    away = cv2.distanceTransform(outside.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    # Right beside the mask what was painted shines through the smoothing.
    return (away > 1.5) & (away <= 1.5 + RING * max(size))


def _lab(rgb: U8, size: tuple[int, int]) -> F32:
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32) * np.float32(1 / 255)
    return np.asarray(cv2.cvtColor(cv2.GaussianBlur(small, (0, 0), 1.5), cv2.COLOR_RGB2LAB), np.float32)


def _follows(after: F32, was: F32) -> bool:
    """Whether two lightnesses rise and fall together, or neither does much of either."""
    spread, other = float(after.std()), float(was.std())
    if max(spread, other) < 2:
        return True
    if min(spread, other) < 0.5:
        return False
    return float(((after - after.mean()) * (was - was.mean())).mean()) / (spread * other) > ALIKE


def _usual(difference: F32) -> Flags:
    """Which rows of ``difference`` (n, 3) are near to the median in every channel."""
    off = np.abs(difference - np.median(difference, axis=0))
    # A whole unit is allowed in any case: rounding to 8 bits alone makes half of one.
    near = off <= np.maximum(1.0, UNLIKE * 1.4826 * np.median(off, axis=0))
    return np.asarray(near.all(axis=1), np.bool_)


def _table(mean: F32, shift: F32, stretch: float) -> tuple[U8, U8]:
    """What is added to a pixel of each lightness, and what is then taken off: (256, 1, 3) each.

    What greys need is given to every colour of their lightness, so that a colour that was asked for keeps its hue
    and its strength, and the whole takes a look into a table a pixel.
    """
    grey = np.repeat(np.linspace(0, 1, 256, dtype=np.float32).reshape(-1, 1, 1), 3, axis=2)
    lightness = cv2.cvtColor(grey, cv2.COLOR_RGB2LAB)[..., :1]
    # A cast comes of the light, so it dwindles with it: black stays black.
    lit = np.clip(lightness * np.float32(1 / max(float(mean[0]), 1.0)), 0, BRIGHTER)
    moved = np.clip(mean[0] + shift[0] + (lightness - mean[0]) * np.float32(stretch), 0, 100)
    rgb = cv2.cvtColor(np.concatenate([moved, shift[1:] * lit], axis=2, dtype=np.float32), cv2.COLOR_LAB2RGB)
    change = np.rint((rgb - grey) * 255)
    more, less = (np.clip(sign * change, 0, 255).astype(np.uint8) for sign in (1, -1))
    return more, less
