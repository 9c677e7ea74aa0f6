"""Pieces of SVG, and SVG made into pixels."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import resvg_py

from retouch.imaging.raster import F32

Box = tuple[int, int, int, int]
"""A part of a picture in its pixels: left, top, right, bottom."""


def path(points: F32, close: bool = True) -> str:
    """Straight lines through float32 (n, 2)."""
    return "M" + " L".join(f"{x:.2f} {y:.2f}" for x, y in points) + ("Z" if close else "")


def smooth(points: F32) -> str:
    """A closed Catmull-Rom curve through float32 (n, 2)."""
    before, after = np.roll(points, 1, 0), np.roll(points, -1, 0)
    out = points + (after - before) / 6
    arrive = after - (np.roll(points, -2, 0) - points) / 6
    curves = "".join(
        f"C{ax:.2f} {ay:.2f} {bx:.2f} {by:.2f} {x:.2f} {y:.2f}"
        for (ax, ay), (bx, by), (x, y) in zip(out, arrive, after, strict=True)
    )
    return f"M{points[0][0]:.2f} {points[0][1]:.2f}{curves}Z"


def _stops(stops: Iterable[tuple[float, str, float]]) -> str:
    return "".join(
        f'<stop offset="{at}" stop-color="{colour}" stop-opacity="{opacity:.3f}"/>'
        for at, colour, opacity in stops
    )


def gradient(name: str, ends: F32, stops: Iterable[tuple[float, str, float]]) -> str:
    """A linear gradient between two points; stops are (place, colour, opacity)."""
    (x1, y1), (x2, y2) = ends
    return (
        f'<linearGradient id="{name}" gradientUnits="userSpaceOnUse" x1="{x1:.2f}" y1="{y1:.2f}" '
        f'x2="{x2:.2f}" y2="{y2:.2f}">{_stops(stops)}</linearGradient>'
    )


def radial(name: str, centre: F32, radius: float, stops: Iterable[tuple[float, str, float]]) -> str:
    return (
        f'<radialGradient id="{name}" gradientUnits="userSpaceOnUse" cx="{centre[0]:.2f}" cy="{centre[1]:.2f}" '
        f'r="{radius:.2f}">{_stops(stops)}</radialGradient>'
    )


def blur(name: str, sigma: float) -> str:
    return (
        f'<filter id="{name}" x="-50%" y="-50%" width="200%" height="200%">'
        f'<feGaussianBlur stdDeviation="{sigma:.2f}"/></filter>'
    )


def shade(colour: str, factor: float) -> str:
    """``colour`` lighter (factor above 1, towards white) or darker."""
    levels = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    if factor > 1:
        levels = [round(level + (255 - level) * (factor - 1)) for level in levels]
    else:
        levels = [round(level * factor) for level in levels]
    return "#" + "".join(f"{min(255, max(0, level)):02x}" for level in levels)


def wrap(box: Box, body: str, definitions: str = "") -> str:
    """A whole SVG of that part of the picture, in the picture's pixels."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left} {top} {width} {height}" '
        f'width="{width}" height="{height}"><defs>{definitions}</defs>{body}</svg>'
    )


def render(svg: str, width: int | None = None) -> F32:
    """The SVG as float32 (height, width, 4), premultiplied, 0..255; of its own size, or ``width`` pixels wide."""
    data = resvg_py.svg_to_bytes(svg_string=svg, width=width, skip_system_fonts=True)
    decoded = cv2.imdecode(np.frombuffer(bytes(data), np.uint8), cv2.IMREAD_UNCHANGED)
    assert decoded is not None
    image = cv2.cvtColor(decoded, cv2.COLOR_BGRA2RGBA).astype(np.float32)
    image[..., :3] *= image[..., 3:] * np.float32(1 / 255)
    return image
