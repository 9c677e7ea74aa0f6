"""How a picture is tilted."""

from __future__ import annotations

from dataclasses import dataclass

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

LIKELY = 10.0
"""Degrees by which a camera is held askew; larger tilts take more lines to be believed."""

FANS = np.arange(-28, 29, 2, dtype=np.float32)
"""Degrees by which lines turn from one side of the picture to the other. What is parallel converges in a picture:
upright lines where the camera looks up or down, level ones unless it looks at them straight."""

STEEP, UNLIKELY = 6.0, 30.0
"""Degrees: upright lines that converge more say too little of what is upright in the middle, which a crop moves;
and fans as wide as this are seldom."""

FANNED = {"level": 1.05, "upright": 1.15}
"""By how much more lines agree on a fan than on one angle where they do converge. Level ones that do run away from
the camera, as planks and streets, and say nothing of what is level."""

LONG = {"level": 0.5, "upright": 0.8}
AGREED = 0.45
"""What makes a tilt convincing: the lines that agree have together this share of the longer side, and carry this
share of the votes of their kind."""

BELIEVED = 9.0
"""Degrees: what leans more is rather a slope, or a street, than a camera held askew."""

SCATTERED, WIDE = 0.25, 0.4
"""Lines in one place are one thing, which may lean: they have to lie apart by this share of the picture, or, where
they are level, reach over this share of it as a horizon does."""

APART = 1.2
"""Degrees by which level and upright lines may contradict each other."""


@dataclass(frozen=True)
class _Lines:
    """Those that are nearly ``kind``, "level" or "upright". ``angles``: degrees clockwise; ``lengths``: shares of
    the longer side; ``places``: of their middles, from -0.5 to 0.5, down the picture for level ones and across it
    for upright ones; ``starts``, ``ends``: where they reach in the other direction, in the same shares."""

    kind: str
    angles: F32
    lengths: F32
    places: F32
    starts: F32
    ends: F32

    def tilt(self) -> tuple[float, float] | None:
        """The angle in the middle of the picture that most of the lines share, and the votes for it; None where
        that is not convincing."""
        if not self.angles.size:
            return None
        straight, fan = self._best(np.zeros(1, np.float32)), self._best(FANS)
        converging = fan[0] > FANNED[self.kind] * straight[0]
        if converging and (self.kind == "level" or abs(fan[1]) > STEEP):
            return None
        _, turn, best = fan if converging else straight
        turned = self.angles - np.float32(turn) * self.places
        agree = np.abs(turned - best) < 2 * SPREAD
        votes = np.square(self.lengths)
        weight = float(votes[agree].sum())
        share = weight / float(votes.sum()) * float(np.exp(-((best / LIKELY) ** 2) / 4))
        if self.lengths[agree].sum() < LONG[self.kind] or share < AGREED:
            return None
        reach = float(self.ends[agree].max() - self.starts[agree].min()) if self.kind == "level" else 0.0
        if np.ptp(self.places[agree]) < SCATTERED and reach < WIDE:
            return None
        tilt = float(np.average(turned[agree], weights=votes[agree]))
        return (tilt, weight) if abs(tilt) < BELIEVED else None

    def _best(self, fans: F32) -> tuple[float, float, float]:
        """How many votes the best of all angles has, on which of ``fans`` it is, and that angle."""
        candidates = np.arange(-MOST, MOST + STEP / 2, STEP, dtype=np.float32)
        # Long lines are horizons and walls, short ones texture: the votes go with the square of the length.
        votes = np.square(self.lengths)
        best = (0.0, 0.0, 0.0)
        for fan in fans:
            off = (self.angles - fan * self.places)[None, :] - candidates[:, None]
            scores = np.exp(-np.square(off / np.float32(SPREAD)) / 2) @ votes
            at = int(scores.argmax())
            score = float(scores[at]) * float(np.exp(-((fan / UNLIKELY) ** 2) / 2))
            best = max(best, (score, float(fan), float(candidates[at])))
        return best


def _lines(rgb: U8) -> tuple[_Lines, _Lines]:
    """The level and the upright lines of a picture.

    Source of the segments: Grompone von Gioi et al.: LSD, a Line Segment Detector, IPOL 2012.
    """
    rows = [np.zeros((0, 4), np.float32)]
    for side in SIDES:
        view = shrink(rgb, side)
        grey = cv2.GaussianBlur(cv2.cvtColor(view, cv2.COLOR_RGB2GRAY), (0, 0), 1.0)
        found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(grey)[0]
        if found is not None:
            rows.append(np.asarray(found, np.float32).reshape(-1, 4) / np.float32(max(view.shape[:2])))
    segments = np.concatenate(rows)
    height, width = (side / max(rgb.shape[:2]) for side in rgb.shape[:2])
    x, y = segments[:, 0::2], segments[:, 1::2]
    across, down = x[:, 1] - x[:, 0], y[:, 1] - y[:, 0]
    lengths = np.hypot(across, down)
    angles = np.degrees(np.arctan2(down, across)).astype(np.float32)
    off = (angles + 45) % 90 - 45
    level = np.abs((angles + 90) % 180 - 90) < 45
    good = (np.abs(off) < MOST) & (lengths > SHORTEST)
    kinds = []
    for kind, which, along, aside, room in (
        ("level", good & level, x, y, height),
        ("upright", good & ~level, y, x, width),
    ):
        places = (aside.mean(axis=1) / np.float32(room) - np.float32(0.5))[which]
        starts, ends = along.min(axis=1)[which], along.max(axis=1)[which]
        kinds.append(_Lines(kind, off[which], lengths[which], places, starts, ends))
    return kinds[0], kinds[1]


def find_tilt(rgb: U8) -> float | None:
    """By how many degrees clockwise the picture's contents lean, -9 to 9; None where its lines do not say.

    Straight segments vote with their lengths for the angle that most of them share, level and upright ones apart.
    Where both say something, they must say the same.
    """
    level, upright = (lines.tilt() for lines in _lines(rgb))
    if level is None or upright is None:
        said = level or upright
        return None if said is None else said[0]
    if abs(level[0] - upright[0]) > APART:
        return None
    return (level[0] * level[1] + upright[0] * upright[1]) / (level[1] + upright[1])
