"""How a picture is tilted."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.filters import shrink
from retouch.imaging.raster import F32, U8

SIDES = (1024, 360)
"""The longer sides at which the picture is looked at: a soft horizon is an edge in a small picture only."""

MOST = 15.0
"""Degrees; lines that lean more are meant to."""

STEP = 0.1
SPREAD = 0.6
"""Degrees between two candidates, and how far lines that agree may differ."""

SHORTEST = 0.03
"""A line shorter than this share of the longer side says nothing."""

UPRIGHT = 0.6
"""Upright lines lean with the perspective, and count that much less than level ones."""

LIKELY = 7.0
"""Degrees by which a camera is held askew; larger tilts take more lines to be believed."""

LONG, AGREED = 0.5, 0.35
"""What makes a tilt convincing: the lines that agree have together this share of the longer side, and carry
this share of the votes of all that are nearly level or upright."""


def _lines(rgb: U8) -> tuple[F32, F32, F32]:
    """The angles (degrees, clockwise from level or upright), lengths (shares of the longer side) and weights of
    the lines that are nearly level or upright."""
    ends = [np.zeros((0, 4), np.float32)]
    for side in SIDES:
        view = shrink(rgb, side)
        grey = cv2.GaussianBlur(cv2.cvtColor(view, cv2.COLOR_RGB2GRAY), (0, 0), 1.0)
        found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(grey)[0]
        if found is not None:
            ends.append(np.asarray(found, np.float32).reshape(-1, 4) / np.float32(max(view.shape[:2])))
    segments = np.concatenate(ends)
    across, down = segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1]
    lengths = np.hypot(across, down)
    angles = np.degrees(np.arctan2(down, across)).astype(np.float32)
    off = (angles + 45) % 90 - 45
    level = np.abs((angles + 90) % 180 - 90) < 45
    good = (np.abs(off) < MOST) & (lengths > SHORTEST)
    weights = np.where(level, 1, UPRIGHT).astype(np.float32) * lengths
    return off[good], lengths[good], weights[good]


def find_tilt(rgb: U8) -> float | None:
    """By how many degrees clockwise the picture's contents lean, -15 to 15; None where its lines do not say.

    Straight segments vote with their lengths; the angle that most of them share wins.
    Source of the segments: Grompone von Gioi et al.: LSD, a Line Segment Detector, IPOL 2012.
    """
    angles, lengths, weights = _lines(rgb)
    if not angles.size:
        return None
    candidates = np.arange(-MOST, MOST + STEP / 2, STEP, dtype=np.float32)
    # Long lines are horizons and walls, short ones texture: the votes go with the square of the length.
    votes = weights * lengths
    near = np.exp(-np.square((angles[None, :] - candidates[:, None]) / np.float32(SPREAD)) / 2)
    likely = np.exp(-np.square(candidates / np.float32(LIKELY)) / 2)
    best = candidates[int((near @ votes * likely).argmax())]
    agree = np.abs(angles - best) < 2 * SPREAD
    share = float(votes[agree].sum() / votes.sum()) * float(np.exp(-((best / LIKELY) ** 2) / 4))
    if lengths[agree].sum() < LONG or share < AGREED:
        return None
    return float(np.average(angles[agree], weights=votes[agree]))
