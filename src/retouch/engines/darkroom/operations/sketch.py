"""A drawing on a head, in the head's own units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from retouch.engines.darkroom.operations import vector
from retouch.engines.darkroom.operations.head import Head
from retouch.engines.darkroom.operations.vector import Box
from retouch.engines.darkroom.operations.wearing import Garment, fit_box
from retouch.imaging.raster import F32

Points = Sequence[tuple[float, float]] | Sequence[tuple[float, float, float]] | F32

BEHIND = 0.5
"""How far behind the eyes the middle of a head is: the plane in which its outline is drawn."""

FIRM = ((0.10, 0.07, 0.30), (0.03, 0.025, 0.25))
"""The shadow of a thing that lies on the head."""


class Sketch:
    """Shapes are added from back to front. Points are (x, y) in the plane of the head's outline or (x, y, z), y
    downwards from the eyes, in the head's units; ``tilt`` turns all of them about a point, in radians."""

    def __init__(self, head: Head, *, tilt: float = 0.0, about: tuple[float, float] = (0.0, 0.0)) -> None:
        self.head = head
        self.unit = head.frame.scale
        self._turn = (np.cos(tilt), np.sin(tilt))
        self._about = about
        self._body: list[str] = []
        self._defs: list[str] = []
        self._shadow: list[str] = []
        self._seen: list[F32] = []

    def place(self, points: Points) -> F32:
        """In pixels: float32 (n, 2)."""
        array = np.asarray(points, np.float32)
        if array.shape[1] == 2:
            array = np.column_stack([array, np.full(len(array), BEHIND, np.float32)])
        (cos, sin), (ax, ay) = self._turn, self._about
        x, y = array[:, 0] - ax, array[:, 1] - ay
        turned = np.stack([ax + cos * x - sin * y, ay + sin * x + cos * y, array[:, 2]], 1)
        return self.head.frame.project(turned.astype(np.float32))

    def ring(
        self,
        radius: float,
        y: float,
        sag: float,
        start: float = 0.0,
        end: float = 2 * np.pi,
        *,
        x: float = 0.0,
        count: int = 40,
    ) -> F32:
        """Part of a ring around the head, seen a little from above: from ``start`` to ``end``, 0 at the right,
        a quarter turn in front, float32 (n, 3)."""
        turn = np.linspace(start, end, count, endpoint=end - start < 2 * np.pi - 1e-6)
        cos, sin = np.cos(turn), np.sin(turn)
        return np.stack([x + radius * cos, y + sag * sin, BEHIND - 0.9 * radius * sin], 1).astype(np.float32)

    def band(self, radius: tuple[float, float], y: tuple[float, float], sag: tuple[float, float]) -> F32:
        """The front of a band: its upper edge, then its lower one back; pairs are (upper, lower)."""
        upper = self.ring(radius[0], y[0], sag[0], 0, np.pi)
        return np.concatenate([upper, self.ring(radius[1], y[1], sag[1], 0, np.pi)[::-1]])

    def linear(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        *stops: tuple[float, str] | tuple[float, str, float],
    ) -> str:
        """A gradient to fill with; stops are (place, colour[, opacity])."""
        name = f"g{len(self._defs)}"
        full = [(stop[0], stop[1], stop[2] if len(stop) == 3 else 1.0) for stop in stops]
        self._defs.append(vector.gradient(name, self.place([start, end]), full))
        return f"url(#{name})"

    def radial(
        self, centre: tuple[float, float] | tuple[float, float, float], radius: float, *stops: tuple[float, str]
    ) -> str:
        name = f"g{len(self._defs)}"
        full = [(at, colour, 1.0) for at, colour in stops]
        self._defs.append(
            vector.radial(name, self.place(np.array([centre], np.float32))[0], radius * self.unit, full)
        )
        return f"url(#{name})"

    def round(self, colour: str, half: float, *, depth: float = 1.0) -> str:
        """The fill of something round that stands on the head in ``colour``: dark at its edges, light to the
        left of its middle. ``depth`` below 1 flattens it."""

        def tone(factor: float) -> str:
            return vector.shade(colour, 1 + (factor - 1) * depth)

        return self.linear(
            (-half, self.head.line),
            (half, self.head.line),
            (0, tone(0.45)),
            (0.16, tone(0.78)),
            (0.36, tone(1.14)),
            (0.52, tone(1.0)),
            (0.8, tone(0.68)),
            (1, tone(0.40)),
        )

    def blurred(self, sigma: float) -> str:
        name = f"b{len(self._defs)}"
        self._defs.append(vector.blur(name, max(0.3, sigma * self.unit)))
        return f'filter="url(#{name})"'

    def clip(self, points: Points, *, curved: bool = False) -> str:
        name = f"c{len(self._defs)}"
        self._defs.append(f'<clipPath id="{name}"><path d="{self._d(points, curved)}"/></clipPath>')
        return f'clip-path="url(#{name})"'

    def _d(self, points: Points, curved: bool) -> str:
        placed = self.place(points)
        self._seen.append(placed)
        return vector.smooth(placed) if curved else vector.path(placed)

    def fill(
        self, points: Points, fill: str, extra: str = "", *, curved: bool = False, casts: bool = False
    ) -> None:
        """A closed shape, by straight lines or curved; it ``casts`` a shadow or not."""
        d = self._d(points, curved)
        self._body.append(f'<path d="{d}" fill="{fill}" {extra}/>')
        if casts:
            self._shadow.append(f'<path d="{d}"/>')

    def line(self, points: Points, colour: str, width: float, extra: str = "") -> None:
        placed = self.place(points)
        self._seen.append(placed)
        d = vector.path(placed, close=False)
        self._body.append(
            f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{width * self.unit:.2f}" '
            f'stroke-linecap="round" stroke-linejoin="round" {extra}/>'
        )

    def strokes(self, lines: Iterable[tuple[Points, str, float]], extra: str = "") -> None:
        """Many fine lines as (points, colour, width), under common attributes."""
        self.open(extra)
        for points, colour, width in lines:
            self.line(points, colour, width)
        self.close()

    def dot(
        self, centre: tuple[float, float] | tuple[float, float, float], radius: float, fill: str, extra: str = ""
    ) -> None:
        x, y = self.place(np.array([centre], np.float32))[0]
        r = radius * self.unit
        self._seen.append(np.array([[x - r, y - r], [x + r, y + r]], np.float32))
        self._body.append(f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{r:.2f}" fill="{fill}" {extra}/>')

    def open(self, extra: str) -> None:
        self._body.append(f"<g {extra}>")

    def close(self) -> None:
        self._body.append("</g>")

    def shade_below(self, points: Points) -> None:
        """A shape that is not seen itself but casts a shadow."""
        self._shadow.append(f'<path d="{vector.path(self.place(points))}"/>')

    def box(self, width: int, height: int) -> Box:
        return fit_box(np.concatenate(self._seen), 4 + 0.3 * self.unit, width, height)

    def garment(
        self,
        size: tuple[int, int],
        *,
        drops: tuple[tuple[float, float, float], ...] = FIRM,
        spread: float = 0.15,
        weave: float = 0.0,
        modelled: bool = True,
    ) -> Garment:
        """What has been drawn, for a picture of that size (width, height)."""
        box = self.box(*size)
        return Garment(
            box,
            vector.wrap(box, "".join(self._body), "".join(self._defs)),
            vector.wrap(box, "".join(self._shadow)),
            drops,
            spread=spread,
            weave=weave,
            modelled=modelled,
        )
