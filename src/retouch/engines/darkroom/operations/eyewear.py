"""The drawing of a pair of sunglasses on one face, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retouch.engines.darkroom.operations.vector import Box, gradient, path, shade, wrap
from retouch.engines.darkroom.vision.faces import Face
from retouch.imaging.raster import F32

EARS = (127, 356)
"""Landmarks where a temple meets the hairline: the picture's left, then its right."""

WRAP = 0.16
"""How far the frame bends back towards the ears, in face units a squared unit from the middle."""


@dataclass(frozen=True)
class Shape:
    """One lens in face units (1 = between the outer eye corners): ``centre`` from the middle of the face,
    ``radii``, ``power`` of the superellipse (2 round, 4 nearly square), ``flare`` lifts the outer top corner,
    ``taper`` narrows the bottom. ``rim``: the same for the frame's outer edge; ``bar``: stroke of bridge and
    temples; ``brow``: a second bar above the bridge; ``figure``: "wing" draws the outer top
    corner out, "heart" makes the lens one."""

    centre: tuple[float, float]
    radii: tuple[float, float]
    power: float
    flare: float
    taper: float
    rim: tuple[float, float]
    bar: float
    brow: bool = False
    figure: str = ""


SHAPES = {
    "wayfarer": Shape((0.350, 0.035), (0.262, 0.196), 3.2, -0.12, -0.11, (0.312, 0.246), 0.060),
    "round": Shape((0.340, 0.045), (0.228, 0.228), 2.0, 0.0, 0.0, (0.252, 0.252), 0.026),
    "aviator": Shape((0.350, 0.085), (0.290, 0.248), 2.4, 0.0, -0.16, (0.306, 0.264), 0.022, brow=True),
    "cat-eye": Shape((0.350, 0.045), (0.255, 0.180), 2.5, -0.16, -0.04, (0.305, 0.232), 0.050, figure="wing"),
    "heart": Shape((0.350, 0.070), (0.280, 0.250), 2.0, 0.0, 0.0, (0.318, 0.288), 0.040, figure="heart"),
    "sport": Shape((0.340, 0.040), (0.300, 0.165), 2.8, -0.16, -0.24, (0.318, 0.183), 0.045),
    "square": Shape((0.350, 0.045), (0.265, 0.215), 4.6, -0.03, -0.03, (0.310, 0.258), 0.055),
    "rectangle": Shape((0.345, 0.050), (0.262, 0.168), 4.0, -0.04, -0.05, (0.290, 0.196), 0.028),
    "oval": Shape((0.345, 0.050), (0.258, 0.172), 2.1, -0.03, 0.0, (0.280, 0.194), 0.022),
}


@dataclass(frozen=True)
class Paint:
    """Colours as ``#rrggbb``: the frame's, the lens's at top and bottom; ``density`` 0..1 of the lens,
    ``clear``: it is of plain glass."""

    frame: str
    top: str
    bottom: str
    density: float = 1.0
    clear: bool = False


def _outline(shape: Shape, side: int, radii: tuple[float, float]) -> F32:
    """A closed curve around the lens on ``side`` (-1 left, 1 right), on the bent front: float32 (n, 3)."""
    turn = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    cos, sin = np.cos(turn), np.sin(turn)
    across = np.sign(cos) * np.abs(cos) ** (2 / shape.power)
    down = np.sign(sin) * np.abs(sin) ** (2 / shape.power)
    if shape.figure == "heart":
        across = 1.04 * np.sin(turn) ** 3
        down = -(13 * cos - 5 * np.cos(2 * turn) - 2 * np.cos(3 * turn) - np.cos(4 * turn) + 2.5) / 14.5
    elif shape.figure == "wing":
        corner = np.maximum(0, side * cos - 0.2) * np.maximum(0, -sin - 0.05)
        across, down = across + side * 0.42 * corner, down - 0.75 * corner
    x = side * shape.centre[0] + radii[0] * across * (1 + shape.taper * down)
    y = shape.centre[1] + radii[1] * down + shape.flare * side * across * radii[0]
    return np.stack([x, y, WRAP * x * x], 1).astype(np.float32)


class Eyewear:
    """Sunglasses of ``shape`` and ``paint`` on ``face``; ``document`` and ``shadow`` are SVG texts for the
    part (left, top, right, bottom) of the picture, in its pixels."""

    def __init__(self, face: Face, shape: Shape, paint: Paint, box: Box) -> None:
        self.face = face
        self.frame = face.frame
        self.shape = shape
        self.paint = paint
        self.box = box

    def _project(self, points: Sequence[tuple[float, float, float]] | F32) -> F32:
        return self.frame.project(np.asarray(points, np.float32))

    def _temples(self) -> tuple[str, str]:
        """The bars from the hinges to the ears; the far one of a turned head is behind the face."""
        body = definitions = ""
        unit, shape = self.frame.scale, self.shape
        for side, ear in zip((-1, 1), EARS, strict=True):
            edge = side * (shape.centre[0] + shape.rim[0] * 0.97)
            hinge = self._project([(edge, shape.centre[1] - 0.55 * shape.rim[1], WRAP * edge * edge)])[0]
            # Towards the ear, ending a little above the landmark, which lies on the cheekbone.
            end = self.face.mesh[ear, :2] - np.float32(0.04 * unit) * self.frame.y[:2]
            outward = float((end - hinge) @ self.frame.x[:2]) * side
            if outward < 0.03 * unit:
                continue
            name = f"t{side + 1}"
            colour = self.paint.frame
            definitions += gradient(
                name, np.stack([hinge, end]), [(0, colour, 1), (0.7, shade(colour, 0.8), 1), (1, colour, 0.15)]
            )
            body += (
                f'<path d="{path(np.stack([hinge, end]), close=False)}" stroke="url(#{name})" fill="none" '
                f'stroke-width="{unit * max(shape.bar * 0.8, 0.024):.2f}" stroke-linecap="butt"/>'
            )
        return body, definitions

    def _lens(self, side: int) -> tuple[str, str]:
        shape, paint, unit = self.shape, self.paint, self.frame.scale
        x, y = side * shape.centre[0], shape.centre[1]
        high, low = y - shape.radii[1], y + shape.radii[1]
        inner = path(self._project(_outline(shape, side, shape.radii)))
        outline = _outline(shape, side, shape.rim)
        outer = path(self._project(outline))
        ends = self._project([(x, high, WRAP * x * x), (x, low, WRAP * x * x)])
        k = str(side + 1)
        dense = paint.density
        mirror = 0.45 if paint.clear else 1.0
        definitions = (
            gradient(
                "l" + k,
                ends,
                [
                    (0, paint.top, min(0.985, 0.985 * dense)),
                    (0.55, paint.top, min(0.98, 0.95 * dense)),
                    (1, paint.bottom, min(0.97, 0.85 * dense)),
                ],
            )
            + gradient(
                "s" + k,
                ends,
                [(0, "#a9c4de", 0.30 * mirror), (0.34, "#c9d6e2", 0.10 * mirror), (0.5, "#c9d6e2", 0)],
            )
            + gradient(
                "f" + k,
                ends,
                [(0, shade(paint.frame, 1.16), 1), (0.35, paint.frame, 1), (1, shade(paint.frame, 0.6), 1)],
            )
            + f'<clipPath id="c{k}"><path d="{inner}"/></clipPath>'
            + f'<filter id="b{k}" x="-50%" y="-50%" width="200%" height="200%">'
            + f'<feGaussianBlur stdDeviation="{unit * 0.02:.2f}"/></filter>'
        )
        bands = ""
        # The same window is mirrored in both lenses, so the streaks lean the same way.
        for start, width, opacity in ((-0.16, 0.13, 0.15), (0.03, 0.035, 0.09)):
            corners = [(start, high), (start + width, high), (start + width - 0.17, low), (start - 0.17, low)]
            band = self._project([(x + dx, dy, WRAP * x * x) for dx, dy in corners])
            bands += f'<path d="{path(band)}" fill="#fff" opacity="{opacity * mirror:.3f}" filter="url(#b{k})"/>'
        upper = outline[outline[:, 1] < y - 0.45 * shape.rim[1]]
        upper = upper[np.argsort(upper[:, 0])] + np.array([0, 0.02, 0], np.float32)
        body = (
            f'<path d="{inner}" fill="url(#l{k})"/>'
            f'<g clip-path="url(#c{k})"><path d="{inner}" fill="url(#s{k})"/>{bands}</g>'
            f'<path d="{outer} {inner}" fill="url(#f{k})" fill-rule="evenodd"/>'
            f'<path d="{path(self._project(upper), close=False)}" fill="none" stroke="#fff" '
            f'stroke-opacity="0.24" stroke-width="{unit * 0.012:.2f}" filter="url(#b{k})"/>'
        )
        return body, definitions

    def _bridge(self) -> str:
        shape = self.shape
        gap = shape.centre[0] - shape.rim[0]
        reach = max(0.035, gap + 0.02)
        y = shape.centre[1] - 0.3 * shape.rim[1]
        bows = [(reach, y, 0.05)]
        if shape.brow:
            bows.append((reach + 0.07, shape.centre[1] - 0.88 * shape.rim[1], 0.03))
        body = ""
        for half, at, rise in bows:
            x = np.linspace(-half, half, 15)
            bow = np.stack([x, at - rise * (1 - (x / half) ** 2), -0.03 * (1 - (x / half) ** 2)], 1)
            body += (
                f'<path d="{path(self._project(bow.astype(np.float32)), close=False)}" fill="none" '
                f'stroke="{self.paint.frame}" stroke-width="{self.frame.scale * max(shape.bar, 0.028):.2f}" '
                'stroke-linecap="round" stroke-linejoin="round"/>'
            )
        return body

    def document(self) -> str:
        """The glasses themselves."""
        temples, definitions = self._temples()
        body = temples + self._bridge()
        for side in (-1, 1):
            lens, more = self._lens(side)
            body += lens
            definitions += more
        return wrap(self.box, body, definitions)

    def shadow(self) -> str:
        """What of them stands before the skin, in black."""
        rims = ""
        for side in (-1, 1):
            rim = path(self._project(_outline(self.shape, side, self.shape.rim)))
            hole = path(self._project(_outline(self.shape, side, self.shape.radii))) if self.paint.clear else ""
            rims += f'<path d="{rim} {hole}" fill-rule="evenodd"/>'
        return wrap(self.box, rims)
