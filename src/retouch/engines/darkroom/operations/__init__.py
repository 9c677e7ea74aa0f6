"""What the darkroom can do: one operation is one function, found by its name.

An operation takes a `Scene` and keyword parameters, and returns a `Raster` of the same size. It paints the
whole picture; regions, preservation and the mask are laid over it by the engine. An operation that the lexicon
says ``reframes`` returns a `Raster` of another size, which a
function beside it named ``<operation>_size`` foretells.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Protocol

from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import Raster


class Operation(Protocol):
    __name__: str

    def __call__(self, scene: Scene, /, *, amount: float = 1.0) -> Raster: ...


_HOMES = {
    "sunset": "sunset",
    "golden_hour": "sunset",
    "vintage": "looks",
    "black_and_white": "looks",
    "sepia": "looks",
    "noir": "looks",
    "cinematic": "looks",
    "faded": "looks",
    "vivid": "looks",
    "warmer": "looks",
    "cooler": "looks",
    "brighter": "looks",
    "darker": "looks",
    "raise_contrast": "tone",
    "lower_contrast": "tone",
    "raise_shadows": "tone",
    "lower_shadows": "tone",
    "raise_highlights": "tone",
    "lower_highlights": "tone",
    "raise_whites": "tone",
    "lower_whites": "tone",
    "raise_blacks": "tone",
    "lower_blacks": "tone",
    "clarity": "tone",
    "soften": "tone",
    "dehaze": "haze",
    "white_balance": "balance",
    "enhance": "enhance",
    "muted": "chroma",
    "saturated": "chroma",
    "vibrance": "chroma",
    "tint": "chroma",
    "more_of": "chroma",
    "less_of": "chroma",
    "polaroid": "films",
    "film": "films",
    "cross_process": "films",
    "pastel": "films",
    "duotone": "films",
    "monotone": "films",
    "invert": "films",
    "infrared": "films",
    "high_key": "moods",
    "low_key": "moods",
    "moody": "moods",
    "dreamy": "moods",
    "dramatic": "moods",
    "hdr": "moods",
    "cyberpunk": "moods",
    "spring": "seasons",
    "summer": "seasons",
    "autumn": "seasons",
    "winter": "seasons",
    "blur": "lens",
    "motion_blur": "lens",
    "tilt_shift": "lens",
    "glow": "lens",
    "vignette": "lens",
    "spotlight": "lens",
    "grain": "lens",
    "light_leak": "lens",
    "chromatic_aberration": "lens",
    "watercolour": "styles",
    "oil_painting": "styles",
    "pencil_sketch": "drawing",
    "coloured_pencil": "drawing",
    "ink_drawing": "drawing",
    "charcoal": "drawing",
    "cartoon": "comics",
    "comic": "comics",
    "pop_art": "prints",
    "poster": "prints",
    "halftone": "prints",
    "pixel_art": "tiles",
    "mosaic": "tiles",
    "stained_glass": "tiles",
    "low_poly": "tiles",
    "snow": "weather",
    "rain": "weather",
    "storm": "weather",
    "fog": "weather",
    "night": "night",
    "moonlight": "night",
    "blue_hour": "night",
    "remove_background": "background",
    "blur_background": "backdrop",
    "replace_background": "backdrop",
    "replace_sky": "firmament",
    "recolour": "recolour",
    "fill_colour": "recolour",
    "match_colours": "matching",
    "take": "pasting",
    "paste": "pasting",
    "remove_subject": "removal",
    "crop": "cropping",
    "circle_crop": "cropping",
    "rotate": "turning",
    "flip": "turning",
    "straighten": "turning",
    "border": "frames",
    "polaroid_frame": "frames",
    "mat": "frames",
    "round_corners": "frames",
    "upscale": "detail",
    "sharpen": "detail",
    "deblur": "detail",
    "denoise": "detail",
    "soften_skin": "detail",
    "pixelate": "privacy",
    "blur_faces": "privacy",
    "pixelate_faces": "privacy",
    "text": "lettering",
    "fill": "fill",
    "extend": "fill",
    "extend_frame": "reach",
    "sunglasses": "props",
    "glasses": "props",
    "hat": "headgear",
    "crown": "headgear",
    "cat_ears": "headgear",
    "bunny_ears": "headgear",
    "devil_horns": "headgear",
    "halo": "headgear",
    "flower_crown": "headgear",
    "moustache": "headgear",
    "beard": "headgear",
    "clown_nose": "headgear",
    "eye_patch": "headgear",
    "monocle": "headgear",
    "headphones": "headgear",
    "bow_tie": "headgear",
    "insert": "things",
}
"""Where each operation lives; modules are loaded when one of theirs is first asked for."""


def names() -> tuple[str, ...]:
    return tuple(_HOMES)


def find(name: str) -> Operation:
    """The operation of that name. Raises KeyError if there is none."""
    module = importlib.import_module(f"{__name__}.{_HOMES[name]}")
    operation: Operation = getattr(module, name)
    return operation


def needs(name: str) -> Callable[..., None] | None:
    """What looks, before anything is promised, for what the operation needs: ``<operation>_needs(scene, mask,
    **params)`` beside it, which raises `TargetNotFound`; ``mask`` is of the source's size or None. None where it
    needs nothing. Raises KeyError if there is no such operation."""
    module = importlib.import_module(f"{__name__}.{_HOMES[name]}")
    look: Callable[..., None] | None = getattr(module, f"{name}_needs", None)
    return look


def size_after(
    name: str, size: tuple[int, int], sources: Sequence[tuple[int, int]], **params: object
) -> tuple[int, int]:
    """The size (width, height) that a reframing operation makes of a picture of ``size``. ``sources``: the sizes
    of the pictures sent. Raises KeyError if there is no such operation."""
    module = importlib.import_module(f"{__name__}.{_HOMES[name]}")
    foretell: Callable[..., tuple[int, int]] = getattr(module, f"{name}_size")
    return foretell(size, sources, **params)
