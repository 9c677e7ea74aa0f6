"""Caps, and what soft hats have in common."""

from __future__ import annotations

import numpy as np

from retouch.engines.darkroom.operations.sketch import BEHIND, Sketch
from retouch.engines.darkroom.operations.vector import shade
from retouch.imaging.raster import F32

PI = np.pi

BRIM_BACK = 0.5
"""Where a visor is sewn on, as far behind the eyes as the middle of the head."""


def dome(half: float, y: float, height: float, power: float = 1.0) -> F32:
    """Half an oval over the head, from its left foot to its right one."""
    turn = np.linspace(PI, 2 * PI, 40)
    cos, sin = np.cos(turn), np.sin(turn)
    return np.stack([half * np.sign(cos) * np.abs(cos) ** power, y + height * sin], 1).astype(np.float32)


def closed(sketch: Sketch, sides: F32, half: float, y: float, sag: float) -> F32:
    depth = np.full((len(sides), 1), BEHIND, np.float32)
    return np.concatenate([np.hstack([sides, depth]), sketch.ring(half, y, sag, 0, PI)]).astype(np.float32)


def cap(sketch: Sketch, colour: str) -> None:
    h, y = 1.04 * sketch.head.half, sketch.head.line - 0.10
    outline = closed(sketch, dome(h, y, 0.80, 0.88), h, y, 0.06)
    sketch.fill(outline, sketch.round(colour, h, depth=0.8), casts=True)
    sketch.open(sketch.clip(outline))
    for x in (-0.66, 0.0, 0.66):
        seam = [(x * h, y + 0.1), (x * 0.94 * h, y - 0.33), (x * 0.6 * h, y - 0.65), (0.0, y - 0.8)]
        sketch.line(seam, shade(colour, 0.55), 0.016, 'opacity="0.8"')
        for aside in (-0.03, 0.03):
            stitched = [(a + aside, b) for a, b in seam]
            dashes = f'opacity="0.45" stroke-dasharray="{0.03 * sketch.unit:.1f}"'
            sketch.line(stitched, shade(colour, 1.5), 0.008, dashes)
    sheen = f'opacity="0.20" {sketch.blurred(0.10)}'
    sketch.line([(-0.5 * h, y - 0.5), (-0.15 * h, y - 0.64), (0.25 * h, y - 0.6)], "#fff", 0.2, sheen)
    for x in (-0.36, 0.36):
        sketch.dot((x * h, y - 0.5), 0.022, shade(colour, 0.4))
    sketch.close()
    sketch.dot((0.0, y - 0.80), 0.055, shade(colour, 0.9))
    _visor(sketch, colour, h, y)


def _visor(sketch: Sketch, colour: str, h: float, y: float) -> None:
    """A bill that arches over the forehead and comes towards whoever looks."""
    turn = np.linspace(0, PI, 40)
    cos, sin = np.cos(turn), np.sin(turn)
    back = np.stack([0.93 * h * cos, y + 0.06 - 0.25 * sin, BRIM_BACK - 0.95 * h * sin], 1).astype(np.float32)
    reach = BRIM_BACK - 1.55 * h * sin**0.8
    across = 1.1 * h * np.sign(cos) * np.abs(cos) ** 0.75
    front = np.stack([across, y + 0.17 + 0.09 * sin**0.6, reach], 1).astype(np.float32)
    under = front + np.array([0, 0.04, 0], np.float32)
    sketch.fill(np.concatenate([back, under[::-1]]), shade(colour, 0.42), casts=True)
    bill = np.concatenate([back, front[::-1]])
    tones = (
        (0, shade(colour, 0.62)),
        (0.25, shade(colour, 1.25)),
        (0.45, shade(colour, 1.45)),
        (0.7, shade(colour, 1.05)),
        (1, shade(colour, 0.55)),
    )
    sketch.fill(bill, sketch.linear((-h, y), (h, y), *tones))
    sketch.open(sketch.clip(bill))
    sketch.line(back, "#000", 0.16, f'opacity="0.6" {sketch.blurred(0.05)}')
    for share in (0.4, 0.6, 0.8, 0.95):
        seam = np.asarray(back + np.float32(share) * (front - back), np.float32)
        sketch.line(seam, shade(colour, 0.72), 0.009, 'opacity="0.6"')
    sketch.close()
    sketch.line(front[3:-3], shade(colour, 1.5), 0.014, 'opacity="0.5"')


def beanie(sketch: Sketch, colour: str) -> None:
    h, y = 1.07 * sketch.head.half, sketch.head.line - 0.02
    top = dome(1.02 * h, y - 0.15, 1.12, 0.8)
    outline = closed(sketch, np.concatenate([[[-h, y]], top, [[h, y]]]).astype(np.float32), h, y, 0.14)
    sketch.fill(outline, sketch.round(colour, 1.03 * h, depth=0.9))
    sketch.open(sketch.clip(outline))
    ribs = []
    for share in np.linspace(-1, 1, 31):
        x = float(np.sin(share * PI / 2))
        rib = [
            (x * h, y + 0.12),
            (x * 1.0 * h, y - 0.4),
            (x * 0.86 * h, y - 0.8),
            (x * 0.5 * h, y - 1.1),
            (x * 0.1 * h, y - 1.28),
        ]
        ribs.append((np.array(rib, np.float32), shade(colour, 0.45), 0.022))
    sketch.strokes(ribs, f'opacity="0.5" {sketch.blurred(0.008)}')
    sketch.close()
    cuff = sketch.band((1.06 * h, 1.05 * h), (y - 0.32, y + 0.02), (0.16, 0.17))
    sketch.line(
        sketch.ring(1.05 * h, y - 0.33, 0.16, 0, PI), "#000", 0.06, f'opacity="0.4" {sketch.blurred(0.035)}'
    )
    sketch.fill(cuff, sketch.round(shade(colour, 1.05), 1.07 * h), casts=True)
    sketch.open(sketch.clip(cuff))
    folds = []
    for share in np.linspace(0.0, 1.0, 46):
        pair = np.concatenate(
            [
                sketch.ring(1.06 * h, y - 0.33, 0.16, share * PI, share * PI + 1e-3, count=1),
                sketch.ring(1.05 * h, y + 0.03, 0.17, share * PI, share * PI + 1e-3, count=1),
            ]
        )
        folds.append((pair.astype(np.float32), shade(colour, 0.42), 0.024))
    sketch.strokes(folds, f'opacity="0.55" {sketch.blurred(0.006)}')
    sketch.close()


def beret(sketch: Sketch, colour: str) -> None:
    h, y = sketch.head.half, sketch.head.line - 0.08
    disc = [
        (-1.02 * h, y - 0.02),
        (-1.16 * h, y - 0.30),
        (-0.92 * h, y - 0.58),
        (-0.40 * h, y - 0.78),
        (0.25 * h, y - 0.82),
        (0.95 * h, y - 0.66),
        (1.50 * h, y - 0.30),
        (1.62 * h, y - 0.02),
        (1.36 * h, y + 0.14),
        (1.02 * h, y + 0.08),
        (0.5 * h, y + 0.12),
        (-0.4 * h, y + 0.12),
    ]
    shape = np.array(disc, np.float32)
    sketch.fill(
        shape,
        sketch.radial(
            (-0.15 * h, y - 0.55),
            1.9 * h,
            (0, shade(colour, 1.22)),
            (0.4, colour),
            (0.75, shade(colour, 0.62)),
            (1, shade(colour, 0.4)),
        ),
        curved=True,
        casts=True,
    )
    sketch.open(sketch.clip(shape, curved=True))
    soft = sketch.blurred(0.07)
    sketch.line(
        [(-0.9 * h, y - 0.12), (0.0, y - 0.06), (0.9 * h, y - 0.1), (1.5 * h, y + 0.02)],
        "#000",
        0.18,
        f'opacity="0.4" {soft}',
    )
    sketch.line(
        [(1.05 * h, y - 0.02), (0.95 * h, y - 0.3), (0.6 * h, y - 0.55)], "#000", 0.12, f'opacity="0.22" {soft}'
    )
    sketch.line(
        [(-0.7 * h, y - 0.45), (-0.2 * h, y - 0.62), (0.4 * h, y - 0.64)], "#fff", 0.16, f'opacity="0.16" {soft}'
    )
    sketch.close()
    band = sketch.band((1.02 * h, 0.99 * h), (y - 0.12, y + 0.02), (0.12, 0.13))
    sketch.fill(band, sketch.round(shade(colour, 0.5), h), casts=True)
    sketch.line([(0.2 * h, y - 0.80), (0.24 * h, y - 0.92)], shade(colour, 0.7), 0.05)


CAPS = {"cap": cap, "beanie": beanie, "beret": beret}
"""Each draws on a sketch in a colour."""
