"""What is worn in the face, at the ears and at the neck."""

from __future__ import annotations

import numpy as np

from retouch.engines.darkroom.operations.head import chin_of
from retouch.engines.darkroom.operations.sketch import Sketch
from retouch.engines.darkroom.operations.vector import shade
from retouch.imaging.raster import F32

PI = np.pi

NOSE_TIP, NOSE_WINGS = 4, (129, 358)
EYES = ((33, 133), (362, 263))
"""Landmarks; the first of a pair is on the picture's left."""


def _mesh(sketch: Sketch, landmark: int) -> F32:
    """Where a landmark is, in the head's units: float32 (3,)."""
    face = sketch.head.face
    assert face is not None
    frame = face.frame
    offset = (face.mesh[landmark] - frame.origin) / np.float32(frame.scale)
    return np.array([offset @ frame.x, offset @ frame.y, offset @ frame.z], np.float32)


def headphones(sketch: Sketch, colour: str) -> None:
    h = 1.03 * sketch.head.half
    turn = np.linspace(1.0 * PI, 2.0 * PI, 50)
    top = sketch.head.line - 0.72
    band = np.stack(
        [h * np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** 0.75, 0.10 + (0.10 - top) * np.sin(turn)], 1
    ).astype(np.float32)
    sketch.line(band, shade(colour, 0.45), 0.15)
    sketch.line(band - np.array([0, 0.015], np.float32), colour, 0.10)
    sketch.line(
        band[14:30] - np.array([0, 0.04], np.float32), "#fff", 0.025, f'opacity="0.35" {sketch.blurred(0.02)}'
    )
    for side in (-1, 1):
        cup = [
            (side * 0.88 * h, -0.14),
            (side * 1.02 * h, -0.28),
            (side * 1.16 * h, -0.16),
            (side * 1.20 * h, 0.14),
            (side * 1.14 * h, 0.42),
            (side * 1.0 * h, 0.52),
            (side * 0.88 * h, 0.40),
            (side * 0.86 * h, 0.12),
        ]
        fill = sketch.linear(
            (side * 0.86 * h, 0),
            (side * 1.2 * h, 0),
            (0, shade(colour, 0.4)),
            (0.3, shade(colour, 0.75)),
            (0.65, shade(colour, 1.2)),
            (1, shade(colour, 0.5)),
        )
        sketch.fill(cup, fill, curved=True, casts=True)
        pad = [
            (side * 0.84 * h, -0.12),
            (side * 0.92 * h, -0.2),
            (side * 0.95 * h, 0.12),
            (side * 0.92 * h, 0.46),
            (side * 0.84 * h, 0.38),
            (side * 0.82 * h, 0.12),
        ]
        sketch.fill(pad, "#17171a", curved=True)


def clown_nose(sketch: Sketch, colour: str) -> None:
    tip = _mesh(sketch, NOSE_TIP)
    wings = abs(float(_mesh(sketch, NOSE_WINGS[0])[0] - _mesh(sketch, NOSE_WINGS[1])[0]))
    radius = float(np.clip(0.62 * wings, 0.19, 0.30))
    x, y, z = float(tip[0]), float(tip[1]) - 0.02, float(tip[2])
    fill = _ball(sketch, (x, y, z), radius, colour)
    sketch.dot((x, y, z), radius, fill)
    ring = np.linspace(0, 2 * PI, 24, endpoint=False)
    sketch.shade_below(
        np.stack([x + radius * np.cos(ring), y + radius * np.sin(ring), np.full(24, z)], 1).astype(np.float32)
    )
    sketch.dot(
        (x - 0.36 * radius, y - 0.42 * radius, z), 0.22 * radius, "#fff", f'opacity="0.75" {sketch.blurred(0.02)}'
    )


def _ball(sketch: Sketch, centre: tuple[float, float, float], radius: float, colour: str) -> str:
    lit = (centre[0] - 0.3 * radius, centre[1] - 0.35 * radius, centre[2])
    return sketch.radial(
        lit,
        1.45 * radius,
        (0, shade(colour, 1.25)),
        (0.4, colour),
        (0.8, shade(colour, 0.55)),
        (1, shade(colour, 0.4)),
    )


def eye_patch(sketch: Sketch, colour: str) -> None:
    outer, inner = (_mesh(sketch, at) for at in EYES[1])
    x, y = float(outer[0] + inner[0]) / 2 + 0.02, float(outer[1] + inner[1]) / 2 + 0.02
    z = float(min(outer[2], inner[2])) - 0.05
    strap = shade(colour, 0.8)
    half, line = sketch.head.half, sketch.head.line
    sketch.line(
        [(x + 0.2, y - 0.14, z), (0.5 * (x + half), y - 0.24, z + 0.12), (0.93 * half, y - 0.28, 0.45)],
        strap,
        0.04,
    )
    sketch.line(
        [
            (x - 0.2, y - 0.14, z),
            (-0.1, y - 0.34, -0.12),
            (-0.6, 0.52 * line, 0.1),
            (-0.95 * half, 0.78 * line, 0.45),
        ],
        strap,
        0.04,
    )
    patch = [
        (x - 0.27, y - 0.13, z),
        (x, y - 0.20, z),
        (x + 0.27, y - 0.13, z),
        (x + 0.25, y + 0.12, z),
        (x + 0.05, y + 0.27, z),
        (x - 0.14, y + 0.23, z),
        (x - 0.26, y + 0.08, z),
    ]
    fill = sketch.linear(
        (x - 0.2, y - 0.2), (x + 0.25, y + 0.28), (0, shade(colour, 1.25)), (0.4, colour), (1, shade(colour, 0.5))
    )
    sketch.fill(patch, fill, curved=True, casts=True)
    stitched = [(x + 0.86 * (px - x), y + 0.86 * (py - y), pz) for px, py, pz in (*patch, patch[0])]
    sketch.line(stitched, shade(colour, 1.35), 0.01, f'opacity="0.5" stroke-dasharray="{0.03 * sketch.unit:.1f}"')


def monocle(sketch: Sketch, colour: str) -> None:
    outer, inner = (_mesh(sketch, at) for at in EYES[1])
    x, y, z = (
        float(outer[0] + inner[0]) / 2,
        float(outer[1] + inner[1]) / 2 + 0.02,
        float(min(outer[2], inner[2])) - 0.06,
    )
    turn = np.linspace(0, 2 * PI, 60)
    ring = np.stack([x + 0.25 * np.cos(turn), y + 0.25 * np.sin(turn), np.full(60, z)], 1).astype(np.float32)
    sketch.fill(
        ring,
        sketch.linear(
            (x - 0.2, y - 0.25),
            (x + 0.2, y + 0.25),
            (0, "#eaf4ff", 0.30),
            (0.4, "#eaf4ff", 0.05),
            (1, "#eaf4ff", 0.12),
        ),
    )
    sketch.line(ring, shade(colour, 0.55), 0.05)
    sketch.line(ring, shade(colour, 1.3), 0.026)
    sketch.shade_below(
        np.concatenate([ring, ring[::-1] * (0.9, 0.9, 1) + (0.1 * x, 0.1 * y, 0)]).astype(np.float32)
    )
    drop = np.linspace(0, 1, 20)
    chain = np.stack(
        [x + 0.25 + 0.16 * drop - 0.10 * np.sin(PI * drop), y + 0.05 + 1.05 * drop, z + 0.5 * drop], 1
    )
    sketch.line(
        chain.astype(np.float32),
        shade(colour, 0.9),
        0.022,
        f'stroke-dasharray="{0.02 * sketch.unit:.1f} {0.028 * sketch.unit:.1f}"',
    )


def bow_tie(sketch: Sketch, colour: str) -> None:
    face = sketch.head.face
    assert face is not None
    y = chin_of(face) + 0.52
    for side in (-1, 1):
        wing = [
            (side * 0.06, y - 0.07),
            (side * 0.30, y - 0.24),
            (side * 0.62, y - 0.26),
            (side * 0.66, y),
            (side * 0.62, y + 0.26),
            (side * 0.30, y + 0.22),
            (side * 0.06, y + 0.07),
        ]
        fill = sketch.linear(
            (0.0, y),
            (side * 0.66, y),
            (0, shade(colour, 0.4)),
            (0.35, shade(colour, 0.95)),
            (0.7, shade(colour, 1.15)),
            (1, shade(colour, 0.75)),
        )
        sketch.fill(wing, fill, curved=True, casts=True)
        soft = sketch.blurred(0.025)
        sketch.line(
            [(side * 0.08, y - 0.02), (side * 0.32, y - 0.06), (side * 0.5, y - 0.13)],
            "#000",
            0.05,
            f'opacity="0.35" {soft}',
        )
        sketch.line(
            [(side * 0.08, y + 0.03), (side * 0.3, y + 0.07), (side * 0.46, y + 0.12)],
            "#000",
            0.045,
            f'opacity="0.3" {soft}',
        )
    knot = [(-0.10, y - 0.11), (0.10, y - 0.11), (0.12, y + 0.11), (-0.12, y + 0.11)]
    sketch.fill(
        knot,
        sketch.linear(
            (-0.12, y), (0.12, y), (0, shade(colour, 0.55)), (0.4, shade(colour, 1.15)), (1, shade(colour, 0.6))
        ),
        curved=True,
    )
