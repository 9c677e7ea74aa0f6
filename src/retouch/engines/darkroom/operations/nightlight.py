"""What is lit at night: whoever the picture is of has a lamp nearby, and the night's cool light along one side."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from retouch.engines.darkroom.colour import luminance, to_linear
from retouch.engines.darkroom.filters import guided, shrink
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.saliency import is_clear
from retouch.imaging.raster import F32, U8

_SIDE = 768
"""The longer side, in pixels, of the maps of where light falls; they are brought to a larger picture's size."""

_LAMP = np.array([1.08, 0.97, 0.84], np.float32)
"""The colour of the light on a face: a lamp's, held back so that skin still looks like skin."""

_COOL = np.array([0.50, 0.68, 1.0], np.float32)
_FACE = 0.12
"""The luminance a face is lit to, in linear light: a good stop below that of a day."""

_SPILL = 0.07
"""What share of the light on the subject falls on what is beside it."""


@dataclass(frozen=True, eq=False)
class Light:
    """The light on a subject, each map float32 and of the picture's size: ``night``, what share of the night's own
    light there is (1: as elsewhere); ``lamp``, what share of the day's light is there in its place, None where
    there is no lamp, and its ``colour``, linear (3,); ``rim``, how much cool light is added."""

    night: F32
    lamp: F32 | None
    colour: F32
    rim: F32 | None

    def shine(self, image: F32, rgb: U8, rows: slice) -> None:
        """Light ``image``, those ``rows`` of the picture turned to night: linear, in place. ``rgb``: the same
        rows by day."""
        night = self.night[rows]
        cv2.multiply(image, cv2.merge([night, night, night]), dst=image)
        lamp = None if self.lamp is None else self.lamp[rows]
        if lamp is not None and lamp.max() > 0:
            lit = to_linear(rgb)
            cv2.multiply(lit, cv2.merge([lamp * tone for tone in self.colour]), dst=lit)
            image += lit
        rim = None if self.rim is None else self.rim[rows]
        if rim is not None and rim.max() > 0:
            image += cv2.merge([rim * tone for tone in _COOL])


def light_of(scene: Scene, subject: F32, *, stops: float, key: float, rim: float) -> Light | None:
    """The light on the ``subject`` of the scene, a map as `Scene.saliency` or `Scene.glimpse`; None where none
    stands out and nobody's face is seen.

    ``stops``: by how much it is brighter than its surroundings. ``key``: 0..1, how strong the lamp is: on faces,
    falling off from them, and more weakly on a subject without any. ``rim``: how bright the night shines along
    the edge that it comes from.
    """
    size = scene.original.size
    subject = np.asarray(shrink(subject, _SIDE), np.float32)
    if not (is_clear(subject) or scene.portraits):
        return None
    # The map is unsure of edges; the picture's own are near by.
    view = np.asarray(shrink(scene.original.rgb, _SIDE), np.uint8)
    subject = guided(view, subject, radius=4, eps=1e-3, side=384)
    small = np.asarray(shrink(subject, 256), np.float32)
    pool = np.asarray(cv2.GaussianBlur(small, (0, 0), 5), np.float32)
    night = np.exp2((pool - np.float32(0.35)) * np.float32(stops)).astype(np.float32)
    lamp, colour = None, _LAMP
    if key > 0:
        lamp = _sized(_glow(scene, pool) * np.float32(key), subject.shape[::-1])
        lamp *= np.float32(_SPILL) + np.float32(1 - _SPILL) * subject
        # Less than a thousandth is not to be seen.
        lamp[lamp < 1e-3] = 0
        night = _sized(night, subject.shape[::-1]) * (1 - lamp)
        colour = _LAMP * np.float32(min(0.85, _FACE / max(1e-3, _lit(scene, subject))))
    edge = _sized(_edge(scene, subject, rim), size) if rim > 0 else None
    return Light(_sized(night, size), None if lamp is None else _sized(lamp, size), colour, edge)


def _sized(light: F32, size: tuple[int, ...]) -> F32:
    return np.asarray(cv2.resize(light, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _glow(scene: Scene, pool: F32) -> F32:
    """How much of a lamp's light each place gets, at the size of ``pool``; 0..1."""
    height, width = pool.shape
    if not scene.portraits:
        return pool * np.float32(0.42)
    scale = width / scene.original.width
    y, x = np.mgrid[:height, :width].astype(np.float32)
    dark = np.ones((height, width), np.float32)
    for face in scene.portraits:
        left, top, right, bottom = (edge * scale for edge in face.box)
        reach = np.float32(max(2.0, 1.35 * max(right - left, bottom - top)))
        across, down = x - np.float32((left + right) / 2), y - np.float32(bottom)
        dark *= 1 - np.exp(-(across * across + down * down * np.float32(0.6)) / (reach * reach))
    return np.asarray(1 - dark, np.float32)


def _lit(scene: Scene, subject: F32) -> float:
    """How bright the faces are, or else the subject, in linear light; of several the middle one counts."""
    rgb = scene.picture.rgb
    parts = []
    for face in scene.portraits:
        left, top, right, bottom = (max(0, int(edge)) for edge in face.box)
        if right > left and bottom > top:
            parts.append(float(luminance(to_linear(np.ascontiguousarray(rgb[top:bottom, left:right]))).mean()))
    if parts:
        return float(np.median(parts))
    small = luminance(to_linear(np.asarray(shrink(rgb, 128), np.uint8)))
    weight = np.asarray(cv2.resize(subject, small.shape[::-1], interpolation=cv2.INTER_AREA), np.float32)
    return float((small * weight).sum() / max(1e-6, float(weight.sum())))


def _edge(scene: Scene, subject: F32, strength: float) -> F32:
    """Cool light on the side of the ``subject`` that the moon is on, from behind it; of the subject's size."""
    reach = max(1.0, 0.005 * max(subject.shape))
    soft = np.asarray(cv2.GaussianBlur(subject, (0, 0), reach), np.float32)
    side = np.float32(0.75 if scene.variation >= 0 else -0.75)
    facing = cv2.Scharr(soft, cv2.CV_32F, 1, 0) * -side + cv2.Scharr(soft, cv2.CV_32F, 0, 1) * np.float32(0.66)
    facing = np.clip(facing * np.float32(reach / 16 * 1.6), 0, 1) * subject * subject
    # Hair and cloth catch it by what they are: black velvet less than a white sleeve.
    gray = np.asarray(cv2.cvtColor(np.asarray(shrink(scene.picture.rgb, _SIDE), np.uint8), cv2.COLOR_RGB2GRAY))
    facing *= np.float32(0.25) + gray.astype(np.float32) * np.float32(0.75 / 255)
    facing *= np.float32(strength)
    facing[facing < 1e-3] = 0
    return facing
