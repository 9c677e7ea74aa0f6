"""What a lens and a film add to a picture: bloom, vignette, grain.

Each works in place on sRGB, float32 (height, width, 3) with 0 black and 255 white; `develop` makes such an
array of a picture, `fix` a picture of it.
"""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.filters import shrink
from retouch.imaging.raster import F32, U8


def develop(rgb: U8) -> F32:
    """uint8 to float32, same values."""
    return rgb.astype(np.float32)


def fix(image: F32) -> U8:
    """Float32 to uint8, rounded and clipped."""
    return cv2.convertScaleAbs(np.maximum(image, 0, out=image))  # type: ignore[return-value]


def spread(signal: F32, size: tuple[int, int]) -> F32:
    """A map of (height, width) brought to ``size`` (width, height) and repeated in three channels."""
    wide = cv2.resize(signal, size, interpolation=cv2.INTER_LINEAR)
    return cv2.merge([wide, wide, wide])  # type: ignore[return-value]


def bloom(
    image: F32, *, strength: float, threshold: float = 0.72, tint: tuple[float, float, float] = (1, 1, 1)
) -> None:
    """Light that spills from what is brighter than ``threshold`` (0..1), coloured by ``tint``.

    It is laid over as by a second exposure, 1 - (1 - a)(1 - b), which can't clip.
    """
    small = shrink(image, 256).astype(np.float32) / np.float32(255)
    lit = np.clip((small.max(2, keepdims=True) - np.float32(threshold)) / np.float32(1 - threshold), 0, 1)
    source = small * small * lit
    glow = np.zeros_like(source)
    for sigma, share in ((4.0, 0.45), (9.0, 0.3), (23.0, 0.25)):
        glow += cv2.GaussianBlur(source, (0, 0), sigma) * np.float32(share)
    glow *= np.asarray(tint, np.float32) * np.float32(strength)
    keep = cv2.resize(np.clip(1 - glow, 0, 1), (image.shape[1], image.shape[0]))
    np.subtract(255, image, out=image)
    cv2.multiply(image, keep, dst=image)
    np.subtract(255, image, out=image)


def vignette(image: F32, *, strength: float, centre: tuple[float, float] = (0.5, 0.5)) -> None:
    """The fall-off of a lens toward the corners; ``strength`` 0..1 and beyond, ``centre`` as shares of width
    and height."""
    height, width = image.shape[:2]
    axis = np.linspace(0, 1, 96, dtype=np.float32)
    x, y = (axis[None, :] - np.float32(centre[0])) * 2, (axis[:, None] - np.float32(centre[1])) * 2
    falloff = 1 / np.square(1 + np.float32(0.19 * strength) * (x * x + y * y) ** np.float32(1.25))
    cv2.multiply(image, spread(falloff.astype(np.float32), (width, height)), dst=image)


def grain(image: F32, *, strength: float, rng: np.random.Generator) -> None:
    """Film grain: one layer of noise for all channels, most in the middle tones; ``strength`` is its deviation
    (0.02 is visible, 0.05 coarse). Its size follows the picture's, so that a large print shows the same film."""
    height, width = image.shape[:2]
    size = max(1.0, max(height, width) / 1400)
    shape = (max(1, round(height / size)), max(1, round(width / size)))
    noise: F32 = rng.standard_normal(shape, dtype=np.float32)
    cv2.GaussianBlur(noise, (0, 0), 0.7, dst=noise)
    noise *= np.float32(strength * 255 / max(1e-6, float(noise.std())))
    if size > 1:
        noise = np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.float32)
    tone = np.clip(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) * np.float32(1 / 255), 0, 1)
    noise *= np.float32(0.35) + np.float32(2.6) * tone * (1 - tone)
    cv2.add(image, cv2.merge([noise, noise, noise]), dst=image)
