"""Things put on people."""

from __future__ import annotations

import cv2
import numpy as np
import resvg_py
from PIL import ImageColor

from retouch.engines.darkroom.operations.eyewear import SHAPES, Eyewear, Paint
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.faces import Face
from retouch.errors import TargetNotFound, UnsupportedInstruction
from retouch.imaging.raster import F32, U8, Raster

PAINTS = {
    "wayfarer": (
        Paint("#131418", "#0b0c10", "#2b2d35"),
        Paint("#3b2216", "#20140d", "#5a3c26"),
        Paint("#1c2733", "#0d1620", "#2f4a61"),
    ),
    "round": (
        Paint("#2a2a2e", "#0d0f0e", "#2c3530"),
        Paint("#8d7442", "#12201a", "#37513f"),
        Paint("#20201f", "#1d130d", "#5b3a20"),
    ),
    "aviator": (
        Paint("#c2a05a", "#10130f", "#3a4034"),
        Paint("#b9bcc2", "#101318", "#39424e"),
        Paint("#c2a05a", "#23150b", "#73502c"),
    ),
}
"""For each style: as designed, and other tints of it for other variations."""

OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The landmarks around a face, in order."""


def _render(svg: str) -> F32:
    """The SVG as float32 (height, width, 4), premultiplied, 0..255."""
    png = np.frombuffer(bytes(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)), np.uint8)
    decoded = cv2.imdecode(png, cv2.IMREAD_UNCHANGED)
    assert decoded is not None
    image = cv2.cvtColor(decoded, cv2.COLOR_BGRA2RGBA).astype(np.float32)
    image[..., :3] *= image[..., 3:] * np.float32(1 / 255)
    return image


def _softness(rgb: U8, largest: float) -> float:
    """The blur of the sharpest edges of ``rgb``: a Gaussian's sigma in pixels, at most ``largest``.

    Source: Zhuo, Sim: Defocus map estimation from a single image, Pattern Recognition 44, 2011: an edge
    blurred once more loses more of its slope, the sharper it was.
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    again = cv2.GaussianBlur(grey, (0, 0), 1.0).astype(np.float32, copy=False)

    def slope(image: F32) -> F32:
        across, down = cv2.Sobel(image, cv2.CV_32F, 1, 0), cv2.Sobel(image, cv2.CV_32F, 0, 1)
        return cv2.magnitude(across, down)  # type: ignore[return-value]

    before, after = slope(grey), slope(again)
    edges = before >= max(8.0, float(np.percentile(before, 97)))
    if not edges.any():
        return largest
    ratio = float(np.percentile(before[edges] / np.maximum(after[edges], 1e-3), 90))
    return float(np.clip(1 / np.sqrt(max(ratio**2 - 1, 1e-4)), 0.3, largest))


def _grain(rgb: U8) -> float:
    """The standard deviation of the noise in ``rgb``, in levels.

    Source: Immerkær: Fast Noise Variance Estimation, CVIU 64, 1996; the median in place of the mean, so that
    edges do not count.
    """
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    residue = np.abs(cv2.filter2D(grey, cv2.CV_32F, kernel))
    return float(np.median(residue)) / 0.6745 / 6


def _box(face: Face, width: int, height: int) -> tuple[int, int, int, int]:
    """The part of the picture that glasses and their shadow may touch: (left, top, right, bottom)."""
    frame = face.frame
    corners = [(x, y, 0.0) for x in (-0.95, 0.95) for y in (-0.55, 0.7)]
    points = np.concatenate([frame.project(np.array(corners, np.float32)), face.mesh[[127, 356], :2]])
    air = 4 + 0.1 * frame.scale
    left, top = np.floor(points.min(0) - air).astype(int).tolist()
    right, bottom = np.ceil(points.max(0) + air).astype(int).tolist()
    return max(0, left), max(0, top), min(width, right), min(height, bottom)


def _wear(rgb: U8, face: Face, style: str, paint: Paint, rng: np.random.Generator) -> None:
    """Put glasses on ``face``, in place."""
    box = _box(face, rgb.shape[1], rgb.shape[0])
    left, top, right, bottom = box
    if right - left < 4 or bottom - top < 4:
        return
    view = rgb[top:bottom, left:right]
    unit = face.frame.scale
    glasses = Eyewear(face, SHAPES[style], paint, box)

    skin = np.zeros(view.shape[:2], np.uint8)
    cv2.fillPoly(skin, [np.rint(face.mesh[list(OVAL), :2] - (left, top)).astype(np.int32)], 255)
    light = float(np.percentile(cv2.cvtColor(view, cv2.COLOR_RGB2GRAY)[skin > 0], 75)) if skin.any() else 180.0

    # The shadow falls down the face, along the skin alone: softly at a distance, tightly at the frame.
    drop = face.frame.y[:2] * np.float32(unit)
    cast = _render(glasses.shadow())[..., 3] * np.float32(1 / 255)
    shade = np.zeros_like(cast)
    for distance, blur, strength in ((0.075, 0.05, 0.26), (0.028, 0.016, 0.22)):
        shift = np.array([[1, 0, drop[0] * distance], [0, 1, drop[1] * distance]], np.float32)
        moved = cv2.warpAffine(cast, shift, (cast.shape[1], cast.shape[0]))
        shade += np.float32(strength) * cv2.GaussianBlur(moved, (0, 0), max(0.6, blur * unit))
    shade *= cv2.GaussianBlur(skin.astype(np.float32) / 255, (0, 0), max(0.6, 0.015 * unit))
    base = view * (1 - shade[..., None] * np.array([0.88, 1, 1], np.float32))

    drawn = _render(glasses.document())
    drawn[..., :3] *= np.float32(np.clip(light / 185, 0.22, 1.1))
    sigma = _softness(view, max(0.5, 0.03 * unit))
    drawn = cv2.GaussianBlur(drawn, (0, 0), sigma).astype(np.float32, copy=False)
    cover = drawn[..., 3:] * np.float32(1 / 255)
    noise = rng.normal(0, _grain(view), view.shape[:2]).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 0.6) * np.float32(1.8)
    base = base * (1 - cover) + drawn[..., :3] + noise[..., None] * cover
    view[:] = np.clip(base + np.float32(0.5), 0, 255).astype(np.uint8)


def _choose(scene: Scene, style: str, colour: str | None, amount: float) -> tuple[str, Paint]:
    rng = scene.rng(401)
    paints = PAINTS[style]
    paint = paints[0]
    if scene.variation != 0:
        # A style that was asked for by name stays; the plain pair may become any other.
        others = [(name, one) for name in PAINTS for one in PAINTS[name]] if style == "wayfarer" else []
        others = [pair for pair in others or [(style, one) for one in paints] if pair[1] is not paint]
        style, paint = others[int(rng.integers(len(others)))]
    if colour is not None:
        try:
            tone = "#{:02x}{:02x}{:02x}".format(*ImageColor.getrgb(colour)[:3])
        except ValueError:
            raise UnsupportedInstruction(f"'{colour}' is not a colour that sunglasses can have here.") from None
        dark = "#{:02x}{:02x}{:02x}".format(*(round(level * 0.3) for level in ImageColor.getrgb(tone)[:3]))
        paint = Paint(paint.frame, dark, tone) if SHAPES[style].brow else Paint(tone, paint.top, paint.bottom)
    return style, Paint(paint.frame, paint.top, paint.bottom, float(np.clip(amount, 0.15, 1.2)))


def sunglasses(scene: Scene, *, style: str = "wayfarer", colour: str | None = None, amount: float = 1.0) -> Raster:
    """Sunglasses on every face.

    ``style``: "wayfarer", "round" or "aviator". ``colour``: a CSS name or ``#rrggbb`` of the frame, for
    aviators of the lenses. ``amount`` below 1 makes the lenses lighter. A ``scene.variation`` other than 0
    picks another tint, and another style for plain ones. Raises `TargetNotFound` where there is no face,
    `UnsupportedInstruction` for another style or no colour.
    """
    if style not in SHAPES:
        raise UnsupportedInstruction(f"Sunglasses come as {', '.join(SHAPES)} here, not as '{style}'.")
    style, paint = _choose(scene, style, colour, amount)
    if not scene.faces:
        raise TargetNotFound("There is no face in this picture to put sunglasses on.")
    rgb = scene.picture.rgb.copy()
    rng = scene.rng(402)
    # The nearest face last: its glasses lie over those of people behind.
    for face in reversed(scene.faces):
        _wear(rgb, face, style, paint, rng)
    return Raster(rgb, scene.picture.alpha)
