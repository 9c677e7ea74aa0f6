"""Glasses put on people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import ImageColor

from retouch.engines.darkroom import palette
from retouch.engines.darkroom.operations.eyewear import SHAPES, Eyewear, Paint, Shape
from retouch.engines.darkroom.operations.head import head_of
from retouch.engines.darkroom.operations.vector import shade
from retouch.engines.darkroom.operations.wearing import Garment, fit_box, put_on
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.faces import Face
from retouch.errors import TargetNotFound, UnsupportedInstruction
from retouch.imaging.raster import U8, Raster

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
    "cat-eye": (Paint("#17141a", "#120d12", "#4a3138"), Paint("#6b1526", "#1a0c10", "#5c2a33")),
    "heart": (Paint("#c2243c", "#3a0a14", "#8f2136"), Paint("#e0558a", "#42122a", "#b8447a")),
    "sport": (Paint("#141518", "#0d1016", "#23374f"), Paint("#1a1a1d", "#1c0f08", "#8a4516")),
    "square": (Paint("#151517", "#0d0d0f", "#35353a"), Paint("#3b2216", "#20140d", "#5a3c26")),
}
"""For each style: as designed, and other tints of it for other variations."""

CLEAR = "#dfe8ec"
"""What a lens without a tint is painted in, hardly visibly."""

OPEN = ((0.06, 0.035, 0.20), (0.022, 0.012, 0.20))
"""The shadow of a thin frame: distance along the face, blur and strength."""


def _wear(rgb: U8, face: Face, shape: Shape, paint: Paint, rng: np.random.Generator) -> None:
    """Put glasses on ``face``, in place."""
    frame = face.frame
    corners = [(x, y, 0.0) for x in (-0.95, 0.95) for y in (-0.55, 0.7)]
    points = np.concatenate([frame.project(np.array(corners, np.float32)), face.mesh[[127, 356], :2]])
    box = fit_box(points, 4 + 0.1 * frame.scale, rgb.shape[1], rgb.shape[0])
    glasses = Eyewear(face, shape, paint, box)
    drops = OPEN if paint.clear else ((0.075, 0.05, 0.26), (0.028, 0.016, 0.22))
    worn = Garment(box, glasses.document(), glasses.shadow(), drops, modelled=False)
    put_on(rgb, head_of(face), worn, rng)


def _all(scene: Scene, shape: Shape, paint: Paint, what: str) -> Raster:
    if not scene.faces:
        raise TargetNotFound(f"There is no face in this picture to put {what} on.")
    rgb = scene.picture.rgb.copy()
    rng = scene.rng(402)
    # The nearest face last: its glasses lie over those of people behind.
    for face in reversed(scene.faces):
        _wear(rgb, face, shape, paint, rng)
    return Raster(rgb, scene.picture.alpha)


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
        tone = paint_of(colour, "sunglasses")
        dark = shade(tone, 0.3)
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
    return _all(scene, SHAPES[style], paint, "sunglasses")


def paint_of(colour: str, what: str) -> str:
    """``colour``, a name of the palette, of CSS, or ``#rrggbb``, as the last. Raises `UnsupportedInstruction`."""
    try:
        return palette.hex_of(colour)
    except KeyError:
        try:
            return "#{:02x}{:02x}{:02x}".format(*ImageColor.getrgb(colour)[:3])
        except ValueError:
            raise UnsupportedInstruction(f"'{colour}' is not a colour that {what} can have here.") from None


FRAMES = ("#1b1a1d", "#5a3822", "#2c3f5c", "#7a1f2c", "#8d7442")
"""What glasses come in, the first as designed."""

STYLES = {"rectangle": 0.030, "round": 0.020, "square": 0.038, "cat-eye": 0.034, "oval": 0.020, "wayfarer": 0.045}
"""The shapes that glasses have, and how thick the frame is, in face units."""


def glasses(scene: Scene, *, style: str = "rectangle", colour: str | None = None, amount: float = 1.0) -> Raster:
    """Reading glasses with clear lenses on every face.

    ``style``: one of `STYLES`. ``colour``: of the frame. ``amount``: of their thickness. A ``scene.variation``
    other than 0 picks another frame. Raises `TargetNotFound` where there is no face, `UnsupportedInstruction`
    for another style or no colour.
    """
    if style not in STYLES:
        raise UnsupportedInstruction(f"Glasses come as {', '.join(STYLES)} here, not as '{style}'.")
    tone = FRAMES[0] if colour is None else paint_of(colour, "glasses")
    if scene.variation != 0:
        rng = scene.rng(403)
        if colour is None:
            tone = FRAMES[int(rng.integers(1, len(FRAMES)))]
        elif style == "rectangle":
            style = str(rng.choice([name for name in STYLES if name != style]))
    plain = SHAPES[style]
    bar = STYLES[style] * float(np.clip(amount, 0.5, 1.5))
    radii = (plain.radii[0] * 0.97, plain.radii[1] * 0.97)
    thin = replace(plain, radii=radii, rim=(radii[0] + bar, radii[1] + bar), bar=max(0.022, bar), brow=False)
    return _all(scene, thin, Paint(tone, CLEAR, CLEAR, 0.06, clear=True), "glasses")
