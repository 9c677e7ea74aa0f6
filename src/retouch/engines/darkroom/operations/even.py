"""Even ground at a photograph's edge, which goes straight on: a backdrop, a page, a clear sky."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.operations.bands import Band, turn
from retouch.imaging.raster import F32, U8

EVEN = 4.0
"""Levels that even ground differs from a smooth line at most, and its grain."""

SEEN = 0.012
"""How far in from the edge the ground must be even: a share of the photograph, and `LEAST` pixels."""
LEAST = 3

GRAIN = 4.0
"""The most grain that is put on what is added, in levels."""


def even_rim(rgb: U8, band: Band) -> F32 | None:
    """The photograph's last line on the band's side, smooth, where there is nothing but even ground all along it:
    float32 (length, 3) in 0..255. None where something meets that side."""
    beside = _beside(rgb, band, max(LEAST, round(SEEN * band.depth))).astype(np.float32)
    line = np.ascontiguousarray(beside.mean(1)[None])
    sigma = max(1.0, 0.02 * line.shape[1])
    smooth = cv2.GaussianBlur(line, (0, 0), sigma, sigmaY=0.1, borderType=cv2.BORDER_REPLICATE)
    steps = float(np.quantile(np.abs(line - smooth).max(2), 0.99))
    unrest = float(np.quantile(beside.std(1).max(1), 0.98))
    return np.asarray(smooth[0], dtype=np.float32) if max(steps, unrest) < EVEN else None


def evened(rgb: U8, band: Band, line: F32, rng: np.random.Generator) -> None:
    """The band painted, in place, with that ``line`` going straight on, as grainy as the photograph beside it."""
    near = np.ascontiguousarray(_beside(rgb, band, 24)).astype(np.float32)
    grain = 1.6 * float(np.median(np.abs(near - cv2.blur(near, (3, 3)))))
    noise = rng.standard_normal((len(line), band.thickness, 1), dtype=np.float32) * np.float32(min(grain, GRAIN))
    made = np.clip(line[:, None] + noise + np.float32(0.5), 0, 255).astype(np.uint8)
    area = turn(rgb, band.side)[:, : band.thickness]
    start = band.rim[band.axis].start
    area[start : start + len(line)] = made


def _beside(rgb: U8, band: Band, width: int) -> U8:
    """The photograph's lines next to the band: (length, ``width``, 3), the outermost first."""
    along = band.rim[band.axis]
    return turn(rgb, band.side)[along, band.thickness : band.thickness + width]
