"""Pictures that are no photographs: a flat poster, and a logo on nothing."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import resvg_py
from PIL import Image

from retouch.imaging.raster import Raster

_POSTER = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 160">
<rect width="120" height="160" fill="#f4e9d2"/>
<rect y="104" width="120" height="56" fill="#1f5f6b"/>
<circle cx="60" cy="64" r="36" fill="#e4572e"/>
<path d="M0 118 L34 72 L58 104 L82 64 L120 112 V124 H0 Z" fill="#2b3a55"/>
<path d="M34 72 L26 83 L36 86 L42 83 Z M82 64 L73 78 L83 82 L91 75 Z" fill="#f4e9d2"/>
<path d="M10 134 H110 M22 144 H98 M36 153 H84" stroke="#f2c14e" stroke-width="3" stroke-linecap="round"/>
</svg>"""
_LOGO = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 120">
<path d="M80 12 C112 40 118 66 104 92 C94 108 66 108 56 92 C42 66 48 40 80 12 Z" fill="#2a9d8f"/>
<path d="M80 34 C98 54 102 70 94 86 C88 95 72 95 66 86 C58 70 62 54 80 34 Z" fill="#e9c46a"/>
<circle cx="80" cy="76" r="9" fill="#264653"/>
</svg>"""


def _draw(svg: str, side: int) -> np.ndarray:
    data = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=side))
    return np.array(Image.open(io.BytesIO(data)).convert("RGBA"))


def poster(side: int) -> Raster:
    """An opaque graphic of few flat colours, about ``side`` pixels on its longer side."""
    return Raster(np.ascontiguousarray(_draw(_POSTER, side * 3 // 4)[..., :3]))


def logo(side: int) -> Raster:
    """A mark on a transparent ground, ``side`` pixels wide."""
    drawn = _draw(_LOGO, side)
    return Raster(np.ascontiguousarray(drawn[..., :3]), np.ascontiguousarray(drawn[..., 3]))


DRAWINGS: dict[str, Callable[[int], Raster]] = {"poster": poster, "logo": logo}
