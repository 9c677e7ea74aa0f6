"""The marks of lens and film as ends in themselves: blur, tilt-shift, glow, vignette, grain, light leaks."""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.colour import Grade, parse_hex, to_linear, to_srgb
from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.operations import light
from retouch.engines.darkroom.operations.local import strips
from retouch.engines.darkroom.operations.looks import graded
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8, Raster

_BLUR = 0.010
"""The deviation of a designed blur as a share of the longer side."""

_FINE = 4.0
"""A blur of that many pixels is as good as any wider one on a picture made smaller to have it."""


def _blurred(linear: F32, weight: F32 | None, sigma: float) -> F32:
    """``linear`` (height, width, 3) after a blur that looks at ``weight`` (height, width) alone, or at all."""
    height, width = linear.shape[:2]
    scale = min(1.0, _FINE / max(sigma, 1e-3))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    source = linear if weight is None else linear * weight[..., None]
    small = cv2.GaussianBlur(
        cv2.resize(source, size, interpolation=cv2.INTER_AREA), (0, 0), max(0.3, sigma * scale)
    )
    wide = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    if weight is not None:
        share = cv2.GaussianBlur(
            cv2.resize(weight, size, interpolation=cv2.INTER_AREA), (0, 0), max(0.3, sigma * scale)
        )
        share = cv2.resize(share, (width, height), interpolation=cv2.INTER_CUBIC)
        wide /= np.maximum(share, np.float32(1e-3))[..., None]
    return np.maximum(wide, 0, out=wide)


def _looked_at(scene: Scene) -> F32 | None:
    """What a blur may draw on: not what is protected, which would bleed, nor what is transparent."""
    weight = scene.weight
    if scene.picture.alpha is not None:
        alpha = scene.picture.alpha.astype(np.float32) * np.float32(1 / 255)
        weight = alpha if weight is None else weight * alpha
    return None if weight is None or float(weight.min()) > 0.99 else weight


def blur(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Out of focus, as light and not as paint: a lamp becomes a bright disc's worth of light."""
    if amount <= 0:
        return scene.picture
    rgb = scene.picture.rgb
    sigma = _BLUR * max(rgb.shape[:2]) * min(2.0, amount) * (1 + 0.35 * scene.variation)
    soft = _blurred(to_linear(rgb), _looked_at(scene), sigma)
    return Raster(to_srgb(soft), scene.picture.alpha)


def motion_blur(scene: Scene, *, amount: float = 1.0, direction: str = "sideways") -> Raster:
    """The camera or the thing moved during the exposure. ``direction``: "sideways" | "upright"."""
    if amount <= 0:
        return scene.picture
    rgb = scene.picture.rgb
    length = max(1, round(0.045 * max(rgb.shape[:2]) * amount * (1 + 0.3 * scene.variation)))
    window = (length, 1) if direction == "sideways" else (1, length)
    linear, weight = to_linear(rgb), _looked_at(scene)
    if weight is not None:
        linear *= weight[..., None]
    moved = np.asarray(cv2.blur(linear, window, borderType=cv2.BORDER_REFLECT), dtype=np.float32)
    if weight is not None:
        share = cv2.blur(weight, window, borderType=cv2.BORDER_REFLECT)
        moved /= np.maximum(share, np.float32(1e-3))[..., None]
    return Raster(to_srgb(moved), scene.picture.alpha)


def tilt_shift(scene: Scene, *, amount: float = 1.0) -> Raster:
    """A miniature: a narrow level band is sharp, and colours are those of painted toys."""
    if amount <= 0:
        return scene.picture
    share = min(1.0, amount)
    rgb = graded(scene.picture.rgb, Grade(contrast=0.10, saturation=1.14, vibrance=0.20, exposure=0.08), share)
    height, width = rgb.shape[:2]
    row = _attention(scene)[1] + 0.08 * scene.variation
    away = np.abs((np.arange(height, dtype=np.float32) + np.float32(0.5)) / height - np.float32(row))
    out = np.clip((away - np.float32(0.10)) / np.float32(0.30), 0, 1)
    image = to_linear(rgb)
    sharp = image
    for step, (sigma, low, high) in enumerate(((0.0022, 0.0, 0.30), (0.0055, 0.25, 0.62), (0.0105, 0.55, 1.0))):
        soft = _blurred(sharp, None, sigma * max(height, width) * max(1.0, amount))
        mix = np.clip((out - np.float32(low)) / np.float32(high - low), 0, 1)[:, None, None] * np.float32(share)
        soft -= image
        soft *= mix
        image = image + soft if step == 0 else np.add(image, soft, out=image)
    return Raster(to_srgb(image), scene.picture.alpha)


def _attention(scene: Scene) -> tuple[float, float]:
    """Where one looks, as shares of width and height: at a face, at the subject, or below the middle."""
    if scene.faces:
        left, top, right, bottom = scene.faces[0].box
        width, height = scene.original.size
        return (left + right) / 2 / width, (top + bottom) / 2 / height
    small = np.asarray(shrink(scene.saliency, 128), dtype=np.float32)
    total = float(small.sum())
    if total < 0.01 * small.size:
        return 0.5, 0.58
    rows, columns = small.sum(1), small.sum(0)
    x = float((columns * (np.arange(len(columns)) + 0.5)).sum()) / total / len(columns)
    y = float((rows * (np.arange(len(rows)) + 0.5)).sum()) / total / len(rows)
    return min(0.75, max(0.25, x)), min(0.72, max(0.28, y))


def glow(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Light spilling from all that is bright, as through a mist filter."""
    if amount <= 0:
        return scene.picture
    image = light.develop(scene.picture.rgb)
    light.bloom(image, strength=0.95 * min(1.6, amount) * (1 + 0.3 * scene.variation), threshold=0.55)
    return Raster(light.fix(image), scene.picture.alpha)


def vignette(scene: Scene, *, amount: float = 1.0, colour: str = "black") -> Raster:
    """Corners that fall off into the dark, or into the white. ``colour``: "black" | "white"."""
    if amount <= 0:
        return scene.picture
    image = light.develop(scene.picture.rgb)
    strength = 1.35 * min(2.0, amount) * (1 + 0.3 * scene.variation)
    if colour == "white":
        np.subtract(255, image, out=image)
        light.vignette(image, strength=1.6 * strength)
        np.subtract(255, image, out=image)
    else:
        light.vignette(image, strength=strength)
    return Raster(light.fix(image), scene.picture.alpha)


def spotlight(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Light on what is looked at, dusk around it."""
    if amount <= 0:
        return scene.picture
    rgb = scene.picture.rgb
    height, width = rgb.shape[:2]
    at = _attention(scene)
    axis = np.linspace(0, 1, 128, dtype=np.float32)
    shorter = min(height, width)
    x, y = (
        (axis[None, :] - np.float32(at[0])) * (width / shorter),
        (axis[:, None] - np.float32(at[1])) * (height / shorter),
    )
    far = np.sqrt(x * x + y * y) / np.float32(0.40 * (1 + 0.2 * scene.variation))
    lit = 1 / (1 + far ** np.float32(3.6))
    share = np.float32(min(1.0, 0.86 * amount))
    gain = (1 - share + share * (np.float32(0.06) + np.float32(1.12) * lit)).astype(np.float32)
    wide = np.asarray(cv2.resize(gain, (width, height)), np.float32)
    out = np.empty_like(rgb)
    for rows in strips(height, width):
        out[rows] = to_srgb(to_linear(rgb[rows]) * wide[rows][..., None])
    return Raster(out, scene.picture.alpha)


def grain(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Film grain."""
    if amount <= 0:
        return scene.picture
    image = light.develop(scene.picture.rgb)
    strength = 0.045 * min(2.0, amount) * (1 + 0.3 * scene.variation)
    light.grain(image, strength=strength, rng=scene.rng(61))
    return Raster(light.fix(image), scene.picture.alpha)


_LEAKS = (("#ff4a12", 0.0, 0.30, 0.22), ("#ffb030", 0.03, 0.66, 0.12), ("#ff2a5a", 0.0, 0.92, 0.17))
"""The colour of a stain of light, how far inside the edge and how far down it lies, and its size."""


def light_leak(scene: Scene, *, amount: float = 1.0) -> Raster:
    """A camera that isn't tight: stains of red and orange light along one edge of the film."""
    if amount <= 0:
        return scene.picture
    rgb = scene.picture.rgb
    rng = scene.rng(62)
    right = bool(rng.integers(2)) if scene.variation else True
    x = np.linspace(0, 1, 96, dtype=np.float32)[None, :]
    x = 1 - x if right else x
    y = np.linspace(0, 1, 96, dtype=np.float32)[:, None]
    leak = np.zeros((96, 96, 3), np.float32)
    for code, inside, down, size in _LEAKS:
        at = np.float32(down + 0.12 * rng.uniform(-1, 1) * (1 if scene.variation else 0))
        stain = np.exp(
            -np.square((x - np.float32(inside)) / np.float32(size)) - np.square((y - at) / np.float32(0.34))
        )
        leak += stain[..., None] * parse_hex(code)
    leak *= np.float32(0.62 * min(1.5, amount))
    wide = np.asarray(cv2.resize(leak, (rgb.shape[1], rgb.shape[0])), np.float32)
    out = np.empty_like(rgb)
    for rows in strips(*rgb.shape[:2]):
        part, over = to_linear(rgb[rows]), np.minimum(wide[rows], 1)
        out[rows] = to_srgb(part + over - part * over)
    return Raster(out, scene.picture.alpha)


def chromatic_aberration(scene: Scene, *, amount: float = 1.0) -> Raster:
    """A lens that bends blue more than red: coloured fringes that grow toward the corners."""
    if amount <= 0:
        return scene.picture
    rgb = scene.picture.rgb
    step = 0.0045 * min(2.0, amount) * (1 + 0.3 * scene.variation)
    red, blue = _magnified(rgb[..., 0], 1 + step), _magnified(rgb[..., 2], 1 - step)
    return Raster(np.ascontiguousarray(np.dstack([red, rgb[..., 1], blue])), scene.picture.alpha)


def _magnified(channel: U8, factor: float) -> U8:
    height, width = channel.shape
    matrix = np.array([[factor, 0, (1 - factor) * width / 2], [0, factor, (1 - factor) * height / 2]], np.float32)
    shown = cv2.warpAffine(
        channel, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(shown, dtype=np.uint8)
