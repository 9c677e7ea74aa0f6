"""What is worn on the head besides hats."""

from __future__ import annotations

import numpy as np

from retouch.engines.darkroom.operations.sketch import Sketch
from retouch.engines.darkroom.operations.vector import shade

PI = np.pi


def crown(sketch: Sketch, colour: str) -> None:
    h, y = 0.92 * sketch.head.half, sketch.head.line - 0.22
    gold = sketch.linear(
        (-h, y),
        (h, y),
        (0, shade(colour, 0.42)),
        (0.14, shade(colour, 0.85)),
        (0.30, shade(colour, 1.62)),
        (0.44, colour),
        (0.58, shade(colour, 0.72)),
        (0.76, shade(colour, 1.25)),
        (0.88, shade(colour, 0.7)),
        (1, shade(colour, 0.36)),
    )
    inside = sketch.ring(1.06 * h, y - 0.35, 0.10, PI, 2 * PI)
    sketch.fill(
        np.concatenate([inside, sketch.ring(h, y, 0.17, 0, PI)]).astype(np.float32),
        shade(colour, 0.22),
        'opacity="0.0"',
    )
    points = 7
    teeth = []
    for k in range(2 * points - 1):
        turn = PI - PI * k / (2 * points - 2)
        peak = k % 2 == 0
        high = (0.66 + (0.14 if k == points - 1 else 0.0)) if peak else 0.34
        radius = (1.13 if peak else 1.06) * h
        teeth.append((radius * np.cos(turn), y - high + 0.15 * np.sin(turn), 0.5 - 0.9 * radius * np.sin(turn)))
    ring = sketch.ring(h, y, 0.19, 0, PI)
    outline = np.concatenate([np.array(teeth, np.float32), ring]).astype(np.float32)
    sketch.fill(
        outline, gold, f'stroke="{shade(colour, 0.42)}" stroke-width="{0.012 * sketch.unit:.2f}"', casts=True
    )
    sketch.open(sketch.clip(outline))
    sketch.line(
        sketch.ring(1.03 * h, y - 0.33, 0.17, 0, PI), "#fff", 0.05, f'opacity="0.25" {sketch.blurred(0.03)}'
    )
    sketch.fill(
        sketch.band((1.01 * h, h), (y - 0.2, y + 0.0), (0.185, 0.19)),
        shade(colour, 0.5),
        f'opacity="0.55" {sketch.blurred(0.008)}',
    )
    sketch.close()
    for at, width in ((y - 0.2, 0.022), (y - 0.01, 0.03)):
        sketch.line(sketch.ring(1.005 * h, at, 0.19, 0.01, PI - 0.01), shade(colour, 1.35), width, 'opacity="0.9"')
        sketch.line(
            sketch.ring(1.005 * h, at + 0.02, 0.19, 0.01, PI - 0.01), shade(colour, 0.4), 0.012, 'opacity="0.8"'
        )
    for k, tone in enumerate(("#1c4fae", "#b01c36", "#178048", "#b01c36", "#1c4fae")):
        turn = PI * (0.86 - 0.18 * k)
        spot = (
            h * float(np.cos(turn)),
            y - 0.10 + 0.19 * float(np.sin(turn)),
            0.5 - 0.9 * h * float(np.sin(turn)),
        )
        sketch.dot(spot, 0.068, shade(colour, 0.45))
        sketch.dot(spot, 0.056, tone)
        sketch.dot((spot[0] - 0.015, spot[1] - 0.018, spot[2]), 0.02, "#fff", 'opacity="0.75"')
    for x, at, z in teeth[::2]:
        sketch.dot((x, at - 0.03, z), 0.058, shade(colour, 0.6))
        sketch.dot((x - 0.008, at - 0.038, z), 0.045, shade(colour, 1.25))
        sketch.dot((x - 0.02, at - 0.052, z), 0.016, "#fff", 'opacity="0.9"')


def cat_ears(sketch: Sketch, colour: str) -> None:
    h, y = sketch.head.half, sketch.head.line - 0.42
    for side in (-1, 1):
        outer = [
            (side * 0.98 * h, y + 0.10),
            (side * 1.06 * h, y - 0.35),
            (side * 0.98 * h, y - 0.78),
            (side * 0.62 * h, y - 0.56),
            (side * 0.26 * h, y - 0.18),
            (side * 0.55 * h, y - 0.02),
        ]
        inner = [
            (side * 0.90 * h, y - 0.02),
            (side * 0.95 * h, y - 0.32),
            (side * 0.91 * h, y - 0.60),
            (side * 0.66 * h, y - 0.42),
            (side * 0.44 * h, y - 0.14),
            (side * 0.62 * h, y - 0.04),
        ]
        fill = sketch.linear(
            (side * 0.3 * h, y),
            (side * 1.05 * h, y - 0.5),
            (0, shade(colour, 0.65)),
            (0.5, shade(colour, 1.15)),
            (1, shade(colour, 0.8)),
        )
        sketch.fill(outer, fill, sketch.blurred(0.006), curved=True, casts=True)
        sketch.fill(
            inner,
            sketch.linear((0.6 * side * h, y), (0.9 * side * h, y - 0.6), (0, "#b06c78"), (1, "#e2a9ae")),
            sketch.blurred(0.02),
            curved=True,
        )
        rng = np.random.default_rng(3)
        hairs = []
        for _ in range(40):
            t = float(rng.uniform(0, 1))
            root = np.array([side * (0.30 + 0.66 * t) * h, y - 0.02 + 0.08 * t])
            lean = np.array([side * rng.uniform(-0.02, 0.08), -rng.uniform(0.1, 0.24)])
            hairs.append(
                (
                    np.stack([root, root + lean]).astype(np.float32),
                    shade(colour, float(rng.uniform(0.8, 1.4))),
                    0.012,
                )
            )
        sketch.strokes(hairs, 'opacity="0.8"')
    turn = np.linspace(1.04 * PI, 1.96 * PI, 40)
    band = np.stack([1.0 * h * np.cos(turn), y + 0.42 + 0.52 * np.sin(turn)], 1).astype(np.float32)
    sketch.line(band, shade(colour, 0.5), 0.06)


def bunny_ears(sketch: Sketch, colour: str) -> None:
    h, y = sketch.head.half, sketch.head.line - 0.48
    for side in (-1, 1):
        lean = 0.20 * side
        outer = [
            (side * 0.30 * h, y + 0.06),
            (side * 0.22 * h + lean, y - 0.7),
            (side * 0.42 * h + 1.5 * lean, y - 1.45),
            (side * 0.66 * h + 1.4 * lean, y - 1.2),
            (side * 0.74 * h + lean, y - 0.6),
            (side * 0.64 * h, y + 0.06),
        ]
        inner = [
            (side * 0.42 * h, y - 0.12),
            (side * 0.36 * h + lean, y - 0.7),
            (side * 0.46 * h + 1.4 * lean, y - 1.24),
            (side * 0.60 * h + 1.3 * lean, y - 1.05),
            (side * 0.62 * h + lean, y - 0.6),
            (side * 0.56 * h, y - 0.12),
        ]
        sketch.fill(
            outer,
            sketch.linear(
                (side * 0.2 * h, y),
                (side * 0.9 * h, y),
                (0, shade(colour, 0.72)),
                (0.5, colour),
                (1, shade(colour, 0.75)),
            ),
            sketch.blurred(0.008),
            curved=True,
            casts=True,
        )
        sketch.fill(
            inner,
            sketch.linear((0, y), (0, y - 1.3), (0, "#d58d99"), (1, "#f0bcc2")),
            sketch.blurred(0.03),
            curved=True,
        )
    turn = np.linspace(1.04 * PI, 1.96 * PI, 40)
    sketch.line(
        np.stack([h * np.cos(turn), y + 0.48 + 0.52 * np.sin(turn)], 1).astype(np.float32),
        shade(colour, 0.8),
        0.06,
    )


def devil_horns(sketch: Sketch, colour: str) -> None:
    h, y = sketch.head.half, sketch.head.line - 0.38
    for side in (-1, 1):
        horn = [
            (side * 0.40 * h, y),
            (side * 0.40 * h, y - 0.3),
            (side * 0.66 * h, y - 0.78),
            (side * 0.74 * h, y - 0.36),
            (side * 0.78 * h, y + 0.04),
            (side * 0.6 * h, y + 0.08),
        ]
        fill = sketch.linear(
            (side * 0.36 * h, y),
            (side * 0.8 * h, y - 0.1),
            (0, shade(colour, 0.5)),
            (0.4, shade(colour, 1.25)),
            (1, shade(colour, 0.45)),
        )
        sketch.fill(horn, fill, curved=True, casts=True)


def halo(sketch: Sketch, colour: str) -> None:
    h, y = 0.8 * sketch.head.half, sketch.head.line - 1.05
    ring = sketch.ring(h, y, 0.2, count=80)
    closed = np.concatenate([ring, ring[:1]])
    sketch.line(closed, colour, 0.22, f'opacity="0.45" {sketch.blurred(0.10)}')
    sketch.line(closed, shade(colour, 1.2), 0.10, f'opacity="0.9" {sketch.blurred(0.012)}')
    sketch.line(closed, "#fffdf0", 0.045, sketch.blurred(0.008))
    sketch.fill(closed, "none")


def flower_crown(sketch: Sketch, colour: str) -> None:
    h, y = 1.04 * sketch.head.half, sketch.head.line - 0.16
    rng = np.random.default_rng(21)
    tones = (colour, "#f3d7df", "#e9a23b", "#f6f0e6", shade(colour, 0.75))
    arc = sketch.ring(h, y, 0.10, 0.0, PI, count=44)
    leaves = []
    for x, at, z in arc[::2]:
        for _ in range(3):
            dx, dy = rng.uniform(-0.14, 0.14), rng.uniform(-0.15, 0.15)
            leaves.append(
                (
                    np.array([(x, at, z), (x + dx, at + dy, z)], np.float32),
                    str(rng.choice(["#3f6b35", "#2f5530", "#6a8d4c"])),
                    0.055,
                )
            )
    rise = np.array([0, 0.08, 0], np.float32)
    sketch.shade_below(np.concatenate([arc - rise, (arc + rise)[::-1]]))
    sketch.strokes(leaves)
    spots = np.linspace(0.03, 0.97, 13) * PI
    for k, turn in enumerate(spots[np.argsort(np.sin(spots))]):
        size = 0.12 + 0.06 * float(rng.uniform(0, 1)) + 0.02 * float(np.sin(turn))
        x, at, z = sketch.ring(
            h, y + float(rng.uniform(-0.05, 0.04)), 0.10, float(turn), float(turn) + 1e-3, count=1
        )[0]
        _flower(sketch, (float(x), float(at), float(z)), size, tones[k % len(tones)], float(rng.uniform(0, 1)))


def _flower(sketch: Sketch, centre: tuple[float, float, float], size: float, tone: str, turn: float) -> None:
    x, y, z = centre
    sketch.dot((x, y + 0.03, z), size * 1.05, "#000", f'opacity="0.3" {sketch.blurred(0.03)}')
    for layer, (reach, radius, factor) in enumerate(((0.62, 0.46, 0.72), (0.5, 0.42, 0.95), (0.26, 0.32, 1.12))):
        for petal in range(6):
            angle = 2 * PI * (petal + turn + 0.5 * layer) / 6
            spot = (x + size * reach * float(np.cos(angle)), y + size * reach * float(np.sin(angle)), z)
            lit = factor * (1 - 0.12 * float(np.sin(angle)))
            sketch.dot(spot, size * radius, shade(tone, lit))
    sketch.dot((x, y, z), size * 0.2, shade(tone, 0.55))
