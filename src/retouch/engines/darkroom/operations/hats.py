"""Hats with a brim."""

from __future__ import annotations

import numpy as np

from retouch.engines.darkroom.operations.sketch import BEHIND, Sketch
from retouch.engines.darkroom.operations.vector import shade
from retouch.imaging.raster import F32

PI = np.pi


def _brim(sketch: Sketch, colour: str, radius: float, y: float, sag: float, curl: float = 0.0) -> None:
    """A flat ring around the head whose sides bend up by ``curl``: its upper side, and its edge's thickness."""
    rim = sketch.ring(radius, y, sag, count=72)
    side = np.abs(rim[:, 0] / radius)
    rim[:, 1] -= np.float32(curl) * side**3
    edge = rim + np.array([0, 0.035, 0], np.float32)
    sketch.fill(edge, shade(colour, 0.42), casts=True)
    fill = sketch.linear(
        (-radius, y),
        (radius, y),
        (0, shade(colour, 0.62)),
        (0.3, shade(colour, 1.1)),
        (0.6, shade(colour, 0.92)),
        (1, shade(colour, 0.5)),
    )
    sketch.fill(rim, fill)


def _contact(sketch: Sketch, half: float, y: float, sag: float) -> None:
    """The dark line where the crown stands on the brim."""
    sketch.line(
        sketch.ring(half * 1.02, y + 0.02, sag, 0, PI), "#000", 0.09, f'opacity="0.5" {sketch.blurred(0.05)}'
    )


def _ribbon(
    sketch: Sketch, colour: str, half: float, y: float, height: float, sag: float, taper: float = 1.0
) -> None:
    band = sketch.band((half * taper, half), (y - height, y), (sag, sag))
    sketch.fill(band, sketch.round(colour, half))


def _standing(sketch: Sketch, sides: F32, half: float, y: float, sag: float) -> F32:
    """A crown's outline: ``sides`` (n, 2) from the lower left over the top to the lower right, closed by the front
    of its foot."""
    depth = np.full((len(sides), 1), BEHIND, np.float32)
    return np.concatenate([np.hstack([sides, depth]), sketch.ring(half, y, sag, 0, PI)]).astype(np.float32)


def top(sketch: Sketch, colour: str) -> None:
    h, y = sketch.head.half, sketch.head.line - 0.12
    _brim(sketch, colour, 1.5 * h, y, 0.24, curl=0.12)
    _contact(sketch, h, y, 0.17)
    up = y - 1.5
    lid = sketch.ring(1.06 * h, up, 0.11)
    foot = sketch.ring(h, y, 0.17, 0, PI)
    back = sketch.ring(1.06 * h, up, 0.11, PI, 2 * PI)
    waist = [(0.96 * h, y - 0.6, 0.5), (-0.96 * h, y - 0.6, 0.5)]
    side = np.array([*foot, waist[1], *back, waist[0]], np.float32)
    sketch.fill(side, sketch.round(colour, 1.06 * h, depth=1.15))
    sketch.fill(lid, shade(colour, 1.06))
    sketch.line(lid, shade(colour, 1.25), 0.012, 'opacity="0.7"')
    _ribbon(sketch, "#6d1020" if colour != "#8c1c28" else "#1b1b1f", 0.99 * h, y, 0.26, 0.17, 0.985)


def bowler(sketch: Sketch, colour: str) -> None:
    h, y = sketch.head.half, sketch.head.line - 0.12
    _brim(sketch, colour, 1.36 * h, y, 0.22, curl=0.2)
    _contact(sketch, h, y, 0.16)
    turn = np.linspace(PI, 2 * PI, 40)
    dome = np.stack(
        [1.02 * h * np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** 0.8, y - 0.12 + 0.95 * np.sin(turn)], 1
    )
    dome = np.concatenate([[[-h, y]], dome, [[h, y]]])
    sketch.fill(_standing(sketch, np.asarray(dome, np.float32), h, y, 0.16), sketch.round(colour, 1.02 * h))
    _gleam(sketch, (-0.35 * h, y - 0.7), 0.3 * h, 0.10)
    _ribbon(sketch, shade(colour, 0.6), 1.005 * h, y, 0.2, 0.16)


def _gleam(sketch: Sketch, centre: tuple[float, float], radius: float, strength: float) -> None:
    sketch.dot(centre, radius, "#fff", f'opacity="{strength}" {sketch.blurred(0.14)}')


def _pinched(h: float, y: float, height: float, dent: float) -> F32:
    """The outline of a crown with a crease along its top."""
    outline = [
        (-h, y),
        (-0.98 * h, y - 0.35 * height),
        (-0.88 * h, y - 0.74 * height),
        (-0.70 * h, y - 0.96 * height),
        (-0.45 * h, y - height),
        (-0.16 * h, y - height + dent),
        (0.16 * h, y - height + dent),
        (0.45 * h, y - height),
        (0.70 * h, y - 0.96 * height),
        (0.88 * h, y - 0.74 * height),
        (0.98 * h, y - 0.35 * height),
        (h, y),
    ]
    return np.array(outline, np.float32)


def _creases(sketch: Sketch, h: float, y: float, height: float) -> None:
    soft = sketch.blurred(0.05)
    for side in (-1, 1):
        pinch = [
            (side * 0.30 * h, y - 0.93 * height),
            (side * 0.5 * h, y - 0.62 * height),
            (side * 0.44 * h, y - 0.42 * height),
        ]
        sketch.line(pinch, "#000", 0.16, f'opacity="0.28" {soft}')
        light = [(x + 0.12 * h, at) for x, at in pinch]
        sketch.line(light, "#fff", 0.08, f'opacity="0.13" {soft}')


def fedora(sketch: Sketch, colour: str) -> None:
    h, y = sketch.head.half, sketch.head.line - 0.1
    _brim(sketch, colour, 1.5 * h, y, 0.27, curl=0.08)
    _contact(sketch, h, y, 0.17)
    outline = _standing(sketch, _pinched(h, y, 1.12, 0.07), h, y, 0.17)
    sketch.fill(outline, sketch.round(colour, h))
    _creases(sketch, h, y, 1.12)
    _ribbon(sketch, shade(colour, 0.35), h, y, 0.24, 0.17, 0.985)


def cowboy(sketch: Sketch, colour: str) -> None:
    h, y = sketch.head.half, sketch.head.line - 0.2
    _brim(sketch, colour, 1.78 * h, y, 0.27, curl=0.5)
    _contact(sketch, h, y, 0.18)
    outline = _standing(sketch, _pinched(1.02 * h, y, 1.2, 0.13), 1.02 * h, y, 0.18)
    sketch.fill(outline, sketch.round(colour, 1.02 * h))
    _creases(sketch, h, y, 1.2)
    _ribbon(sketch, shade(colour, 0.4), 1.02 * h, y, 0.11, 0.18)
    buckle = sketch.ring(1.02 * h, y - 0.055, 0.18, 0.42 * PI, 0.46 * PI, count=2)[0]
    sketch.dot((float(buckle[0]), float(buckle[1]), float(buckle[2])), 0.05, "#c9b27a")


def straw(sketch: Sketch, colour: str) -> None:
    h, y = sketch.head.half, sketch.head.line - 0.2
    radius, sag = 1.75 * h, 0.27
    _brim(sketch, colour, radius, y, sag, curl=-0.10)
    for ring in np.linspace(1.12, 1.7, 9):
        sketch.line(
            sketch.ring(ring * h, y - 0.0, sag * ring / 1.75, count=60),
            shade(colour, 0.62),
            0.012,
            'opacity="0.55"',
        )
    _contact(sketch, h, y, 0.18)
    turn = np.linspace(PI, 2 * PI, 36)
    dome = np.stack([h * np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** 0.62, y - 0.1 + 0.82 * np.sin(turn)], 1)
    dome = np.concatenate([[[-h, y]], dome, [[h, y]]])
    outline = _standing(sketch, np.asarray(dome, np.float32), h, y, 0.18)
    sketch.fill(outline, sketch.round(colour, h, depth=0.85))
    sketch.open(sketch.clip(outline))
    for at in np.linspace(0.05, 0.95, 13):
        width = h * min(1.0, (1 - max(0.0, at - 0.3) ** 2) ** 0.5 * 1.04)
        sketch.line(sketch.ring(width, y - at * 0.92, 0.17, 0, PI), shade(colour, 0.6), 0.014, 'opacity="0.5"')
    for x in np.linspace(-0.92, 0.92, 17):
        sketch.line([(x * h, y + 0.15), (0.8 * x * h, y - 1)], shade(colour, 1.4), 0.01, 'opacity="0.35"')
    sketch.close()
    _ribbon(sketch, "#7c2430", 1.005 * h, y, 0.2, 0.18)


def wizard(sketch: Sketch, colour: str) -> None:
    h, y = sketch.head.half, sketch.head.line - 0.2
    _brim(sketch, colour, 1.6 * h, y, 0.25, curl=0.06)
    _contact(sketch, h, y, 0.17)
    sides = [
        (-h, y),
        (-0.80 * h, y - 0.6),
        (-0.48 * h, y - 1.25),
        (-0.20 * h, y - 1.75),
        (0.12 * h, y - 2.1),
        (0.62 * h, y - 2.26),
        (0.52 * h, y - 2.05),
        (0.34 * h, y - 1.8),
        (0.42 * h, y - 1.3),
        (0.74 * h, y - 0.6),
        (h, y),
    ]
    outline = _standing(sketch, np.array(sides, np.float32), h, y, 0.17)
    sketch.fill(outline, sketch.round(colour, h), curved=False)
    clip, soft = sketch.clip(outline), sketch.blurred(0.05)
    sketch.open(clip)
    for start, end, opacity in (
        ((-0.5, -1.1), (0.5, -1.36), 0.35),
        ((-0.2, -1.65), (0.4, -1.82), 0.4),
        ((-0.7, -0.62), (0.2, -0.78), 0.25),
    ):
        fold = [
            (start[0] * h, y + start[1]),
            ((start[0] + end[0]) / 2 * h, y + end[1] + 0.02),
            (end[0] * h, y + end[1]),
        ]
        sketch.line(fold, "#000", 0.10, f'opacity="{opacity}" {soft}')
    sketch.close()
    _ribbon(sketch, "#c79a2e" if colour != "#18161c" else "#5c3a86", 1.0 * h, y, 0.2, 0.17, 0.955)


BRIMMED = {
    "top": top,
    "bowler": bowler,
    "fedora": fedora,
    "cowboy": cowboy,
    "straw": straw,
    "wizard": wizard,
    "witch": wizard,
}
"""Each draws on a sketch in a colour."""
