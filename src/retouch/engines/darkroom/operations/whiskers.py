"""Hair in the face, drawn hair by hair."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from retouch.engines.darkroom.operations.sketch import Sketch
from retouch.engines.darkroom.operations.vector import shade
from retouch.imaging.raster import F32

UNDER_NOSE, UPPER_LIP, LOWER_LIP, CHIN = 164, 0, 17, 152

JAW = (132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361)
"""Landmarks along the jaw from the picture's left ear to the right one."""

MOUTH = (61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91)
"""Landmarks around the lips from the left corner over the upper lip."""

SPINES: dict[str, tuple[tuple[float, float, float], ...]] = {
    "handlebar": (
        (0.01, -0.02, 0.085),
        (0.14, -0.01, 0.10),
        (0.28, 0.045, 0.085),
        (0.40, 0.05, 0.055),
        (0.50, -0.01, 0.035),
        (0.555, -0.10, 0.018),
    ),
    "walrus": ((0.01, 0.01, 0.12), (0.14, 0.03, 0.13), (0.26, 0.07, 0.12), (0.36, 0.14, 0.09), (0.42, 0.22, 0.04)),
    "chevron": (
        (0.01, -0.01, 0.085),
        (0.13, 0.0, 0.09),
        (0.25, 0.03, 0.08),
        (0.34, 0.08, 0.05),
        (0.38, 0.12, 0.02),
    ),
    "pencil": ((0.03, 0.02, 0.022), (0.14, 0.025, 0.028), (0.26, 0.055, 0.026), (0.36, 0.10, 0.014)),
    "horseshoe": (
        (0.01, -0.01, 0.08),
        (0.15, 0.0, 0.085),
        (0.29, 0.05, 0.085),
        (0.36, 0.16, 0.075),
        (0.375, 0.32, 0.07),
        (0.37, 0.48, 0.05),
    ),
}
"""For each style the middle of its right half from the nose outwards: across, down, and half its thickness, all in
the head's units from the middle of the upper lip."""


def _at(sketch: Sketch, landmark: int) -> F32:
    face = sketch.head.face
    assert face is not None
    frame = face.frame
    offset = (face.mesh[landmark] - frame.origin) / np.float32(frame.scale)
    return np.array([offset @ frame.x, offset @ frame.y, offset @ frame.z], np.float32)


def _along(spine: F32, share: F32) -> tuple[F32, F32]:
    """Points and directions at ``share`` 0..1 of the way along float32 (n, 3)."""
    places = np.linspace(0, 1, len(spine))
    near = np.stack([np.interp(share, places, spine[:, k]) for k in range(3)], 1)
    ahead = np.stack([np.interp(np.minimum(share + 0.04, 1), places, spine[:, k]) for k in range(3)], 1)
    behind = np.stack([np.interp(np.maximum(share - 0.04, 0), places, spine[:, k]) for k in range(3)], 1)
    step = ahead[:, :2] - behind[:, :2]
    return near.astype(np.float32), (step / np.maximum(np.linalg.norm(step, axis=1, keepdims=True), 1e-6)).astype(
        np.float32
    )


def moustache(style: str) -> Callable[[Sketch, str], None]:
    """What draws a moustache of that style."""

    def draw(sketch: Sketch, colour: str) -> None:
        lip = (_at(sketch, UNDER_NOSE) + _at(sketch, UPPER_LIP)) / 2
        cx, cy, cz = float(lip[0]), float(lip[1]) - 0.01, float(lip[2])
        spine = np.array(SPINES[style], np.float32)
        rng = np.random.default_rng(7)
        for side in (-1, 1):
            share = np.linspace(0, 1, 40).astype(np.float32)
            middle, ahead = _along(spine, share)
            across = np.stack([-ahead[:, 1], ahead[:, 0]], 1)
            half = middle[:, 2:3]
            edge = np.concatenate([middle[:, :2] - across * half, (middle[:, :2] + across * half)[::-1]])
            sketch.fill(_lay(edge, side, cx, cy, cz), shade(colour, 0.6), sketch.blurred(0.012), casts=True)
            hairs = []
            count = round(260 * (0.4 + float(spine[:, 2].max()) * 6))
            for t, off, length, tone in zip(
                rng.uniform(-0.02, 0.97, count),
                rng.uniform(-1, 1, count),
                rng.uniform(0.6, 1.3, count),
                rng.uniform(0.5, 1.45, count),
                strict=True,
            ):
                at = np.clip(np.array([t, t + 0.10 * length, t + 0.2 * length], np.float32), 0, 1)
                mid, way = _along(spine, at)
                normal = np.stack([-way[:, 1], way[:, 0]], 1)
                flare = np.array([[0.75], [0.95], [1.12]], np.float32)
                strand = mid[:, :2] + normal * mid[:, 2:3] * np.float32(off) * flare
                light = tone * (1.0 - 0.22 * off)
                hairs.append((_lay(strand, side, cx, cy, cz), shade(colour, float(light)), 0.011))
            sketch.strokes(hairs, 'opacity="0.85"')

    return draw


def _lay(points: F32, side: int, cx: float, cy: float, cz: float) -> F32:
    """Points of the right half to either side of the middle, bent back along the cheek."""
    x = points[:, 0]
    return np.stack([cx + side * x, cy + points[:, 1], cz + 0.55 * x * x], 1).astype(np.float32)


def beard(style: str) -> Callable[[Sketch, str], None]:
    """What draws a full beard or a goatee; the lips stay free."""

    def draw(sketch: Sketch, colour: str) -> None:
        jaw = np.stack([_at(sketch, at) for at in JAW])
        mouth = np.stack([_at(sketch, at) for at in MOUTH])
        centre = mouth.mean(0)
        if style == "goatee":
            jaw = jaw[5:-5]
        low, chin = jaw.copy(), _at(sketch, CHIN)
        out = low[:, :2] - centre[:2]
        reach = 0.12 if style == "full" else 0.10
        low[:, :2] += out / np.linalg.norm(out, axis=1, keepdims=True) * reach
        low[:, 1] += 0.12 * np.exp(-(((low[:, 0] - chin[0]) / 0.4) ** 2))
        ring = mouth.copy()
        ring[:, :2] = centre[:2] + (mouth[:, :2] - centre[:2]) * (1.25, 1.5)
        upper = _upper_edge(jaw, ring, style, sketch)
        area = np.concatenate([low, upper[::-1]]).astype(np.float32)
        lips = (centre + (mouth - centre) * (1.06, 1.12, 1)).astype(np.float32)
        sketch.fill(area, shade(colour, 0.62), f'opacity="0.78" {sketch.blurred(0.035)}', casts=True)
        rng = np.random.default_rng(9)
        hairs = []
        for _ in range(1500 if style == "full" else 650):
            t, depth = rng.uniform(0, 1), rng.beta(1.1, 1.1)
            place = t * (len(low) - 1)
            k = int(place)
            inner = upper[k] + (upper[min(k + 1, len(upper) - 1)] - upper[k]) * (place - k)
            outer = low[k] + (low[min(k + 1, len(low) - 1)] - low[k]) * (place - k)
            root = inner + (outer - inner) * depth
            if np.all(np.abs((root[:2] - centre[:2]) / (np.ptp(lips[:, 0]) / 2, np.ptp(lips[:, 1]) / 2)) < 0.85):
                continue
            way = (outer - inner)[:2]
            way = way / max(float(np.linalg.norm(way)), 1e-6) + rng.normal(0, 0.22, 2) + (0, 0.35)
            tip = root + np.array([*(way * rng.uniform(0.05, 0.12)), 0])
            hairs.append(
                (np.stack([root, tip]).astype(np.float32), shade(colour, float(rng.uniform(0.5, 1.4))), 0.011)
            )
        sketch.strokes(hairs, 'opacity="0.8"')
        if style == "full":
            moustache("chevron")(sketch, colour)

    return draw


def _upper_edge(jaw: F32, ring: F32, style: str, sketch: Sketch) -> F32:
    """Where a beard ends on the cheeks, a point for each of the jaw's."""
    middle = ring.mean(0)
    low = float(ring[:, 1].max())
    edge = jaw.copy()
    width = max(float(np.abs(jaw[:, 0] - middle[0]).max()), 1e-3)
    share = np.abs(jaw[:, 0] - middle[0]) / width
    reach = np.clip(share, 0, 1)
    edge[:, 0] = middle[0] + (jaw[:, 0] - middle[0]) * (0.55 + 0.42 * reach**2)
    edge[:, 1] = low - 0.02 - (0.55 if style == "full" else 0.25) * reach**1.5
    edge[:, 2] = jaw[:, 2] * 0.6 + float(middle[2]) * 0.4
    return edge
