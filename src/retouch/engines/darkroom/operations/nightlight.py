"""What is lit at night: whoever the picture is of has a lamp nearby, and the night's cool light along one side."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.colour import luminance, to_linear
from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.operations import light
from retouch.engines.darkroom.operations.local import strips
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.saliency import is_clear
from retouch.imaging.raster import F32

_LAMP = np.array([1.08, 0.97, 0.84], np.float32)
"""The colour of the light on a face: a lamp's, held back so that skin still looks like skin."""

_COOL = np.array([0.50, 0.68, 1.0], np.float32)
_FACE = 0.12
"""The luminance a face is lit to, in linear light: a good stop below that of a day."""

_SPILL = 0.07
"""What share of the light on the subject falls on what is beside it."""


def light_subject(image: F32, scene: Scene, *, stops: float, key: float, rim: float) -> None:
    """Light the subject of ``image`` (linear, in place), which is the scene's picture turned to night.

    ``stops``: by how much it is brighter than its surroundings. ``key``: 0..1, how strong the lamp is: on faces,
    falling off from them, and more weakly on a subject without any. ``rim``: how bright the night shines along
    the edge that it comes from. Nothing is done where no subject stands out.
    """
    subject = scene.saliency
    if not is_clear(subject):
        return
    small = np.asarray(shrink(subject, 256), np.float32)
    pool = np.asarray(cv2.GaussianBlur(small, (0, 0), 5), np.float32)
    gain = np.exp2((pool - np.float32(0.35)) * np.float32(stops)).astype(np.float32)
    cv2.multiply(image, light.spread(gain, (image.shape[1], image.shape[0])), dst=image)
    if key > 0:
        _lamp(image, scene, _glow(scene, pool) * np.float32(key))
    if rim > 0:
        _edge(image, scene, rim)


def _glow(scene: Scene, pool: F32) -> F32:
    """How much of a lamp's light each place gets, at the size of ``pool``; 0..1."""
    height, width = pool.shape
    if not scene.faces:
        return pool * np.float32(0.42)
    scale = width / scene.original.width
    y, x = np.mgrid[:height, :width].astype(np.float32)
    dark = np.ones((height, width), np.float32)
    for face in scene.faces:
        left, top, right, bottom = (edge * scale for edge in face.box)
        reach = np.float32(max(2.0, 1.35 * max(right - left, bottom - top)))
        across, down = x - np.float32((left + right) / 2), y - np.float32(bottom)
        dark *= 1 - np.exp(-(across * across + down * down * np.float32(0.6)) / (reach * reach))
    return np.asarray(1 - dark, np.float32)


def _lamp(image: F32, scene: Scene, glow: F32) -> None:
    """Bring the picture's own light back, dimmed, where ``glow`` falls."""
    rgb = scene.picture.rgb
    height, width = rgb.shape[:2]
    wide = np.asarray(cv2.resize(glow, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    wide *= np.float32(_SPILL) + np.float32(1 - _SPILL) * scene.saliency
    colour = _LAMP * np.float32(min(0.85, _FACE / max(1e-3, _lit(scene))))
    for rows in strips(height, width):
        share = wide[rows][..., None]
        lit = to_linear(rgb[rows]) * colour
        image[rows] += share * (lit - image[rows])


def _lit(scene: Scene) -> float:
    """How bright the faces are, or else the subject, in linear light; of several the middle one counts."""
    rgb = scene.picture.rgb
    parts = []
    for face in scene.faces:
        left, top, right, bottom = (max(0, int(edge)) for edge in face.box)
        if right > left and bottom > top:
            parts.append(float(luminance(to_linear(np.ascontiguousarray(rgb[top:bottom, left:right]))).mean()))
    if parts:
        return float(np.median(parts))
    small = luminance(to_linear(np.asarray(shrink(rgb, 128), np.uint8)))
    weight = np.asarray(cv2.resize(scene.saliency, small.shape[::-1], interpolation=cv2.INTER_AREA), np.float32)
    return float((small * weight).sum() / max(1e-6, float(weight.sum())))


def _edge(image: F32, scene: Scene, strength: float) -> None:
    """Cool light on the side of the subject that the moon is on, from behind it."""
    small = np.asarray(shrink(scene.saliency, 768), np.float32)
    reach = max(1.0, 0.005 * max(small.shape))
    soft = np.asarray(cv2.GaussianBlur(small, (0, 0), reach), np.float32)
    side = np.float32(0.75 if scene.variation >= 0 else -0.75)
    facing = cv2.Scharr(soft, cv2.CV_32F, 1, 0) * -side + cv2.Scharr(soft, cv2.CV_32F, 0, 1) * np.float32(0.66)
    facing = np.clip(facing * np.float32(reach / 16 * 1.6), 0, 1) * small * small
    # Hair and cloth catch it by what they are: black velvet less than a white sleeve.
    gray = np.asarray(cv2.cvtColor(np.asarray(shrink(scene.picture.rgb, 768), np.uint8), cv2.COLOR_RGB2GRAY))
    facing *= np.float32(0.25) + gray.astype(np.float32) * np.float32(0.75 / 255)
    facing *= np.float32(strength)
    size = (image.shape[1], image.shape[0])
    wide = np.asarray(cv2.resize(facing, size, interpolation=cv2.INTER_LINEAR), np.float32)
    for channel in range(3):
        image[..., channel] += wide * _COOL[channel]
