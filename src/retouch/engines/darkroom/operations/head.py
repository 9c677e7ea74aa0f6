"""Heads: what a hat sits on, a person's or an animal's."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.faces import CHIN, FOREHEAD, Face, Frame
from retouch.imaging.raster import F32, U8

TEMPLES = (127, 356)
"""Landmarks where the head is widest: the picture's left, then its right."""

HAIR = 1.23
"""How much wider a head is than its temples, hair included."""

OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The landmarks around a face, in order."""


@dataclass(frozen=True, eq=False)
class Head:
    """``frame``: its axes; ``half``: half its width and ``line``: the height of the hat line (negative: above the
    eyes) in the frame's units. ``skin``: float32 (n, 2), around the face in pixels. ``face``: None for a head
    that has no human face, or shows none; ``skin`` is then around the head."""

    frame: Frame
    half: float
    line: float
    skin: F32
    face: Face | None = None


def head_of(face: Face) -> Head:
    frame = face.frame
    offset = face.mesh - frame.origin
    half = max(abs(float(offset[at] @ frame.x)) for at in TEMPLES) / frame.scale
    line = float(offset[FOREHEAD] @ frame.y) / frame.scale
    # Of a turned face the near temple alone is seen; a head is never much narrower than its eyes are apart.
    half = float(np.clip(half * HAIR, 0.9, 1.2))
    return Head(frame, half, line + 0.1, face.mesh[list(OVAL), :2], face)


def chin_of(face: Face) -> float:
    """How far below the eyes the chin is, in the frame's units."""
    return float((face.mesh[CHIN] - face.frame.origin) @ face.frame.y) / face.frame.scale


def crown_of(scene: Scene) -> Head | None:
    """The head of a subject without a face that we know: the topmost lobe of its outline. None without a
    subject."""
    small: F32 = shrink(scene.outline, 320)  # type: ignore[assignment]
    solid = (small > 0.5).astype(np.uint8)
    if scene.weight is not None:
        seen = cv2.resize(scene.weight, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA)
        if (masked := solid * (seen > 0.2).astype(np.uint8)).sum() > 60:
            # A marked area is often only where the hat is wanted: what it touches of the subject is meant.
            solid = masked if masked.sum() > 0.2 * solid.sum() else solid
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid)
    if count < 2:
        return None
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    if stats[largest, cv2.CC_STAT_AREA] < 100:
        return None
    blob = (labels == largest).astype(np.uint8)
    # The border of the picture cuts a subject off; it is no edge of it.
    depth = cv2.distanceTransform(cv2.copyMakeBorder(blob, 0, 60, 60, 60, cv2.BORDER_REPLICATE), cv2.DIST_L2, 5)
    depth = depth[: blob.shape[0], 60:-60].astype(np.float32, copy=False)
    ridge = (depth >= cv2.dilate(depth, np.ones((7, 7), np.uint8)) - 1e-3) & (depth > 0.3 * float(depth.max()))
    y, x = np.nonzero(ridge)
    radius = depth[y, x]
    # The highest lobe, a larger one before a smaller one that is hardly higher.
    best = int(np.argmin(y - 1.35 * radius))
    cx, cy, r = float(x[best]), float(y[best]), float(radius[best])
    top = _top(blob, cx, cy, r)
    scale = scene.original.width / small.shape[1]
    # Where the picture ends right above a head, a smaller hat still fits, worn lower.
    unit = float(np.clip((top + 0.32 * r) / 0.95, 0.56 * r, 1.06 * r))
    top = max(top, min(0.95 * unit, top + 0.32 * r))
    frame = Frame(
        np.array([cx * scale, (top + 0.62 * unit) * scale, 0], np.float32),
        np.array([1, 0, 0], np.float32),
        np.array([0, 1, 0], np.float32),
        np.array([0, 0, 1], np.float32),
        unit * scale,
    )
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    skin = np.stack([cx + r * np.cos(turn), cy + r * np.sin(turn)], 1) * scale
    return Head(frame, 0.9, -0.48, skin.astype(np.float32))


def _top(blob: U8, cx: float, cy: float, radius: float) -> float:
    """The height of the outline over a lobe, its ears not counted."""
    left, right = max(0, round(cx - 0.4 * radius)), min(blob.shape[1], round(cx + 0.4 * radius) + 1)
    columns = blob[: max(1, round(cy)), left:right]
    tops = np.where(columns.any(0), columns.argmax(0), columns.shape[0])
    return float(np.percentile(tops, 60))
