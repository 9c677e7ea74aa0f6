"""Paintings: a photograph as watercolour or in oil.

Both are painted at about a thousand pixels, where strokes have their right size against the motif, and brought
back to the picture's size with the surface (paper, canvas) made at full size, so that large pictures stay crisp.
"""

from __future__ import annotations

import cv2
import numpy as np

from retouch.engines.darkroom.colour import Grade, from_oklab, to_linear, to_oklab, to_srgb
from retouch.engines.darkroom.operations import brush, easel
from retouch.engines.darkroom.operations.light import develop, fix, spread
from retouch.engines.darkroom.operations.looks import graded
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8, Raster

_BENCH = 960
"""The longer side at which a painting is made."""

_SHEET = (251, 248, 241)
"""White paper, sRGB."""


def watercolour(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Wet washes on rough paper: flat patches with wavering edges, pigment that gathers at their rims and
    settles in clouds, white paper where the light is.

    A whole sheet fades out raggedly into white toward its rim; under a mask it doesn't, for there the rim is
    not the picture's. Variation makes it drier or wetter.
    Source: Bousseau et al.: Interactive watercolor rendering with temporal coherence and abstraction, 2006.
    """
    if amount <= 0:
        return scene.picture
    rng, wet = scene.rng(31), (1 + 0.35 * scene.variation) * max(1.0, min(2.0, amount)) ** 0.7
    small = easel.take(scene, _BENCH)
    shape = small.shape[0], small.shape[1]
    unit = max(shape) / _BENCH
    washed = graded(small, Grade(exposure=0.45, saturation=1.16, vibrance=0.15, black=0.10), 1.0)
    flat = _flatten(_waver(washed, 1.8 * unit * wet, 6 * unit, rng), max(2.0, 4.6 * unit * wet))
    linear = _settle(_pool(flat, levels=7), flat, brush.clouds(shape, 4, 5, rng) * np.float32(1.3 * wet))
    painted = to_srgb(_leave_white(linear))
    full = easel.enlarge(painted, scene.picture)
    _lay_on_paper(full, scene, rng)
    return easel.lay_over(scene, fix(full), amount)


def _waver(rgb: U8, reach: float, sigma: float, rng: np.random.Generator) -> F32:
    """``rgb`` as if traced by hand, every edge off by about ``reach`` pixels; sRGB in 0..1."""
    shape = rgb.shape[0], rgb.shape[1]
    x, y = brush.grid(*shape)
    x += brush.noise(shape, sigma, rng) * np.float32(reach)
    y += brush.noise(shape, sigma, rng) * np.float32(reach)
    moved = cv2.remap(rgb, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return moved.astype(np.float32) * np.float32(1 / 255)


def _flatten(image: F32, radius: float) -> F32:
    """Two passes, the second over the flow of the first: single hairs vanish, shapes stay."""
    once = brush.kuwahara(image, brush.find_flow(image, 2.0), radius)
    return brush.kuwahara(once, brush.find_flow(once, 3.0), radius * 0.8)


def _pool(image: F32, levels: int) -> F32:
    """Lightness drawn half-way to a few steps, as washes dry one over another; linear light."""
    lab = to_oklab(to_linear(fix(image * np.float32(255))))
    steps = lab[..., 0] * np.float32(levels)
    whole = np.floor(steps)
    bent = np.tanh((steps - whole - np.float32(0.5)) * 5) * np.float32(0.45) + np.float32(0.5)
    lab[..., 0] += np.float32(0.5) * ((whole + bent) / np.float32(levels) - lab[..., 0])
    return np.clip(from_oklab(lab), 0.002, 1)


def _settle(linear: F32, flat: F32, turbulence: F32) -> F32:
    """Pigment by density: c' = c - (c - c²)(d - 1), denser at the rims of washes and in the clouds."""
    gray = cv2.GaussianBlur(cv2.cvtColor(flat, cv2.COLOR_RGB2GRAY), (0, 0), 1.0)
    rim = cv2.magnitude(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1))
    rim = np.minimum(cv2.GaussianBlur(rim, (0, 0), 1.0) * np.float32(1.6), np.float32(0.55))
    extra = spread(rim * np.float32(1.3) + turbulence, (linear.shape[1], linear.shape[0]))
    return np.clip(linear - (linear - linear * linear) * extra, 0, 1)


def _leave_white(linear: F32) -> F32:
    """The lightest tones give way to bare paper."""
    lightness = to_oklab(linear)[..., 0]
    bare = np.clip((lightness - np.float32(0.84)) / np.float32(0.16), 0, 1) * np.float32(0.75)
    white = to_linear(np.asarray(_SHEET, np.uint8))
    return np.asarray(linear + bare[..., None] * (white - linear), dtype=np.float32)


def _lay_on_paper(image: F32, scene: Scene, rng: np.random.Generator) -> None:
    """The paper's tooth at full size, in place on 0..255, and the ragged rim of a whole sheet."""
    height, width = image.shape[:2]
    scale = max(1.0, max(height, width) / 1200)
    tooth = brush.paper((height, width), rng, scale=scale)
    tone = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) * np.float32(1 / 255)
    # Pigment lies in the paper's hollows: most tooth shows in the middle tones.
    relief = tooth * (np.float32(1.2) + np.float32(11) * tone * (1 - tone))
    cv2.add(image, cv2.merge([relief, relief, relief]), dst=image)
    if scene.weight is not None:
        return
    low = (max(2, height // 2), max(2, width // 2))
    x, y = brush.grid(*low)
    rim = np.minimum(np.minimum(x, low[1] - 1 - x), np.minimum(y, low[0] - 1 - y)) / np.float32(min(low))
    rim += brush.clouds(low, 5, 7, rng) * np.float32(0.10)
    inked = spread(np.clip((rim - np.float32(0.026)) / np.float32(0.008), 0, 1), (width, height))
    sheet = np.asarray(_SHEET, np.float32)
    image -= sheet
    image *= inked
    image += sheet


def oil_painting(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Thick paint: strokes along the motif's lines, bristle marks lit from the upper left, a weave of canvas.

    Variation makes the brush finer or broader.
    """
    if amount <= 0:
        return scene.picture
    rng, broad = scene.rng(32), (1 + 0.35 * scene.variation) * max(1.0, min(2.0, amount)) ** 0.7
    small = easel.take(scene, _BENCH)
    unit = max(small.shape[:2]) / _BENCH * broad
    rich = graded(small, Grade(contrast=0.10, saturation=1.16, vibrance=0.20), 1.0)
    image = develop(rich) * np.float32(1 / 255)
    image = brush.kuwahara(image, brush.find_flow(image, 2.0), max(2.0, 5 * unit))
    flow = brush.find_flow(image, max(1.5, 3.5 * unit), far=24.0 * unit)
    image = brush.smear(image, flow, 4, step=1.5 * unit)
    # Along the flow no edge is lost, across it the sampling softens: give that back.
    soft = cv2.GaussianBlur(image, (0, 0), 1.6 * unit)
    image = np.clip(cv2.addWeighted(image, 1.7, soft, -0.7, 0), 0, 1).astype(np.float32)
    lit = _impasto(image, flow, unit, rng)
    full = easel.enlarge(fix(image * np.float32(255)), scene.picture)
    size = scene.picture.size
    cv2.multiply(full, spread(lit, size), dst=full)
    weave = _canvas((size[1], size[0]))
    cv2.add(full, cv2.merge([weave, weave, weave]), dst=full)
    return easel.lay_over(scene, fix(full), amount)


def _impasto(image: F32, flow: brush.Flow, unit: float, rng: np.random.Generator) -> F32:
    """How much light the relief of the paint sends back: a gain of about 0.75..1.3.

    Paint is thick at edges and thin on plain ground, so that walls and skies don't turn into wool.
    """
    gray = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.float32)
    shape = gray.shape[0], gray.shape[1]
    bristles = brush.smear(brush.noise(shape, max(0.8, 1.1 * unit), rng), flow, 8, step=1.5 * unit)
    # Where nothing says which way to paint, short strokes look like worms: a calm hand draws them out.
    long = brush.smear(bristles, flow, 8, step=4.5 * unit)
    bristles /= np.float32(max(1e-6, float(bristles.std())))
    long *= np.float32(1 / max(1e-6, float(long.std())))
    bristles = long + (bristles - long) * np.minimum(flow.order * np.float32(1.5), 1)
    detail = gray - cv2.GaussianBlur(gray, (0, 0), 3.0 * unit)
    busy = np.minimum(np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), 10 * unit)) * np.float32(22), 1)
    height = bristles * (np.float32(0.02) + np.float32(0.40) * busy) + detail * np.float32(5)
    across = cv2.Sobel(height, cv2.CV_32F, 1, 0) * np.float32(1 / 8)
    down = cv2.Sobel(height, cv2.CV_32F, 0, 1) * np.float32(1 / 8)
    facing = (1 - np.float32(0.55) * across - np.float32(0.75) * down) / np.sqrt(1 + across * across + down * down)
    gain = np.clip(1 + (facing - np.float32(facing.mean())) * np.float32(0.60), 0.75, 1.3)
    return np.asarray(gain, dtype=np.float32)


def _canvas(shape: tuple[int, int]) -> F32:
    """The weave under the paint, on 0..255: barely seen, of a size with the picture."""
    pitch = np.float32(2 * np.pi / max(3.0, max(shape) / 340))
    warp = np.sin(np.arange(shape[1], dtype=np.float32) * pitch)[None, :]
    weft = np.sin(np.arange(shape[0], dtype=np.float32) * pitch)[:, None]
    return np.asarray(np.float32(1.3) * warp * weft, dtype=np.float32)
