"""Hats for a day: Christmas, a birthday, a kitchen, a graduation."""

from __future__ import annotations

import numpy as np

from retouch.engines.darkroom.operations.caps import closed, dome
from retouch.engines.darkroom.operations.sketch import Sketch
from retouch.engines.darkroom.operations.vector import shade
from retouch.imaging.raster import F32

PI = np.pi


def _fur(sketch: Sketch, around: F32, radius: float, rng: np.random.Generator) -> None:
    """White fur along float32 (n, 3): soft tufts, darker below."""
    rise = np.array([0, radius, 0], np.float32)
    base = np.concatenate([around - rise, (around + rise)[::-1]])
    sketch.fill(base, "#e7e4e2", sketch.blurred(0.03), casts=True)
    for shift, tone, size in ((0.5, "#c3bfbf", 0.62), (0.1, "#e2dfde", 0.6), (-0.35, "#fbfaf8", 0.5)):
        sketch.open(f'opacity="0.75" {sketch.blurred(0.014)}')
        for x, y, z in around[:: max(1, len(around) // 34)]:
            jitter = rng.uniform(-0.35, 0.35, (3, 2)) * radius
            for dx, dy in jitter:
                r = size * radius * float(rng.uniform(0.55, 1.0))
                sketch.dot((float(x + dx), float(y + dy + shift * radius), float(z)), r, tone)
        sketch.close()


def santa(sketch: Sketch, colour: str) -> None:
    h, y = sketch.head.half, sketch.head.line - 0.1
    sides = [
        (-1.04 * h, y),
        (-1.04 * h, y - 0.40),
        (-0.84 * h, y - 0.90),
        (-0.40 * h, y - 1.36),
        (0.20 * h, y - 1.62),
        (0.86 * h, y - 1.56),
        (1.42 * h, y - 1.16),
        (1.78 * h, y - 0.60),
        (1.90 * h, y - 0.12),
        (1.70 * h, y - 0.08),
        (1.46 * h, y - 0.44),
        (1.16 * h, y - 0.66),
        (1.04 * h, y - 0.36),
        (1.04 * h, y),
    ]
    outline = np.array(sides, np.float32)
    sketch.fill(outline, sketch.round(colour, 1.5 * h, depth=0.9), curved=True)
    sketch.open(sketch.clip(outline, curved=True))
    for a, b, c, opacity in (
        ((1.0, -0.5), (0.86, -0.92), (0.45, -1.25), 0.5),
        ((0.4, -0.4), (0.2, -0.85), (-0.2, -1.1), 0.22),
        ((-0.55, -0.3), (-0.6, -0.7), (-0.35, -1.05), 0.2),
    ):
        fold = [(a[0] * h, y + a[1]), (b[0] * h, y + b[1]), (c[0] * h, y + c[1])]
        sketch.line(fold, "#22000a", 0.13, f'opacity="{opacity}" {sketch.blurred(0.07)}')
    sketch.line(
        [(-0.5 * h, y - 0.95), (0.2 * h, y - 1.28), (0.7 * h, y - 1.2)],
        "#ff9a94",
        0.12,
        f'opacity="0.3" {sketch.blurred(0.08)}',
    )
    sketch.close()
    rng = np.random.default_rng(11)
    _fur(sketch, sketch.ring(1.08 * h, y - 0.04, 0.17, 0.02 * PI, 0.98 * PI, count=68), 0.165, rng)
    ball = (1.80 * h, y + 0.04)
    sketch.dot(
        ball,
        0.22,
        sketch.radial((ball[0] - 0.07, ball[1] - 0.08), 0.3, (0, "#ffffff"), (0.6, "#e9e6e5"), (1, "#a9a5a8")),
        sketch.blurred(0.012),
    )
    sketch.open(f'opacity="0.5" {sketch.blurred(0.012)}')
    for _ in range(60):
        turn, r = rng.uniform(0, 2 * PI), 0.21 * np.sqrt(rng.uniform(0.1, 1.1))
        dx, dy = float(r * np.cos(turn)), float(r * np.sin(turn))
        sketch.dot((ball[0] + dx, ball[1] + dy), 0.045, "#ffffff" if dx + dy < 0.02 else "#cfcbcd")
    sketch.close()


def party(sketch: Sketch, colour: str) -> None:
    h, y = 0.66 * sketch.head.half, sketch.head.line - 0.32
    tip = y - 1.65
    outline = closed(sketch, np.array([(-h, y), (0, tip), (h, y)], np.float32), h, y, 0.14)
    sketch.fill(outline, colour, casts=True)
    sketch.open(sketch.clip(outline))
    for at in np.linspace(0.12, 1.15, 6):
        width = h * (1.18 - at)
        stripe = sketch.band((width + 0.1, width + 0.25), (y - at * 1.5 - 0.10, y - at * 1.5 + 0.12), (0.12, 0.14))
        stripe[:, 1] += 0.22 * stripe[:, 0]
        sketch.fill(stripe, "#f7f1e3", 'opacity="0.92"')
    sketch.fill(
        outline,
        sketch.linear(
            (-h, y),
            (h, y),
            (0, "#000", 0.5),
            (0.2, "#000", 0.15),
            (0.36, "#fff", 0.22),
            (0.55, "#000", 0.02),
            (1, "#000", 0.5),
        ),
    )
    sketch.close()
    rng = np.random.default_rng(5)
    tuft = []
    for _ in range(70):
        turn, reach = rng.uniform(0, 2 * PI), rng.uniform(0.13, 0.24)
        tone = str(rng.choice(["#ffd84a", "#f6b52e", "#fff0a8", "#d98d1c"]))
        tuft.append(
            (np.array([(0, tip), (reach * np.cos(turn), tip + reach * np.sin(turn))], np.float32), tone, 0.022)
        )
    sketch.strokes(tuft)


def chef(sketch: Sketch, colour: str) -> None:
    h, y = 0.98 * sketch.head.half, sketch.head.line - 0.14
    puffs = [
        (-0.95, -1.12, 0.42),
        (0.95, -1.12, 0.42),
        (-0.55, -1.38, 0.46),
        (0.55, -1.38, 0.46),
        (0.0, -1.5, 0.52),
        (-0.5, -1.0, 0.5),
        (0.5, -1.0, 0.5),
        (0.0, -1.05, 0.55),
    ]
    sketch.fill(
        [(-0.98 * h, y - 0.35), (-1.2 * h, y - 1.0), (0.0, y - 1.3), (1.2 * h, y - 1.0), (0.98 * h, y - 0.35)],
        shade(colour, 0.74),
    )
    for x, at, r in puffs:
        centre = (x * h, y + at)
        fill = sketch.radial(
            (centre[0] - 0.35 * r, centre[1] - 0.4 * r),
            1.55 * r,
            (0, colour),
            (0.5, shade(colour, 0.95)),
            (0.85, shade(colour, 0.78)),
            (1, shade(colour, 0.68)),
        )
        sketch.dot(centre, r, fill, sketch.blurred(0.012))
    soft = sketch.blurred(0.04)
    for x in (-0.7, -0.35, 0.0, 0.35, 0.7):
        sketch.line(
            [(x * 0.95 * h, y - 0.6), (x * 1.05 * h, y - 0.85), (x * 1.25 * h, y - 1.15)],
            "#5b6070",
            0.06,
            f'opacity="0.35" {soft}',
        )
    band = sketch.band((1.0 * h, h), (y - 0.62, y), (0.15, 0.17))
    sketch.fill(band, sketch.round(shade(colour, 0.96), h, depth=0.55), casts=True)
    sketch.line(
        sketch.ring(1.0 * h, y - 0.62, 0.15, 0, PI), "#5b6070", 0.03, f'opacity="0.5" {sketch.blurred(0.02)}'
    )


def graduation(sketch: Sketch, colour: str) -> None:
    h, y = sketch.head.half, sketch.head.line - 0.1
    outline = closed(sketch, dome(h, y, 0.72, 0.55), h, y, 0.15)
    sketch.fill(outline, sketch.round(colour, h), casts=True)
    up = y - 0.66
    board = [(-1.62 * h, up - 0.08), (0.05 * h, up - 0.42), (1.62 * h, up - 0.10), (-0.02 * h, up + 0.30)]
    edge = [(a, b + 0.05) for a, b in board]
    sketch.fill(edge, shade(colour, 0.4))
    sketch.fill(
        board,
        sketch.linear(
            (-1.6 * h, up),
            (1.6 * h, up),
            (0, shade(colour, 1.22)),
            (0.5, shade(colour, 1.08)),
            (1, shade(colour, 0.8)),
        ),
    )
    cord = [(0.0, up - 0.06), (0.8 * h, up - 0.04), (1.18 * h, up + 0.06), (1.22 * h, up + 0.55)]
    sketch.line(cord, "#b98a22", 0.035)
    threads = [
        (
            np.array([(1.22 * h, up + 0.5), (1.22 * h + dx, up + 0.86)], np.float32),
            "#d6a63a" if k % 2 else "#a87a1c",
            0.02,
        )
        for k, dx in enumerate(np.linspace(-0.09, 0.09, 11))
    ]
    sketch.strokes(threads)
    sketch.dot((0.0, up - 0.06), 0.05, "#b98a22")


COSTUMES = {"santa": santa, "party": party, "chef": chef, "graduation": graduation}
"""Each draws on a sketch in a colour."""
