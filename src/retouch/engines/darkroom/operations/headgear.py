"""What is put on heads, in faces and at necks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from retouch.engines.darkroom import regions
from retouch.engines.darkroom.operations import headdress, trinkets
from retouch.engines.darkroom.operations.caps import CAPS
from retouch.engines.darkroom.operations.costumes import COSTUMES
from retouch.engines.darkroom.operations.hats import BRIMMED
from retouch.engines.darkroom.operations.head import Head, crown_of, head_of
from retouch.engines.darkroom.operations.props import paint_of
from retouch.engines.darkroom.operations.sketch import FIRM, Sketch
from retouch.engines.darkroom.operations.wearing import put_on
from retouch.engines.darkroom.operations.whiskers import SPINES
from retouch.engines.darkroom.operations.whiskers import beard as bearded
from retouch.engines.darkroom.operations.whiskers import moustache as moustached
from retouch.engines.darkroom.scene import Scene
from retouch.errors import TargetNotFound, UnsupportedInstruction
from retouch.imaging.raster import F32, Raster

SOFT = ((0.05, 0.035, 0.22),)
"""The shadow of hair, or of a thin thing."""

NONE = ((0.0, 0.02, 0.0),)

Draw = Callable[[Sketch, str], None]


@dataclass(frozen=True)
class Make:
    """How a thing is made: its ``colours``, the first as designed, its ``weave`` and its shadow's ``drops`` and
    ``spread`` as in `Garment`, and how far it sits askew, ``tilt`` in radians clockwise."""

    draw: Draw
    colours: Sequence[str]
    weave: float = 0.0
    drops: tuple[tuple[float, float, float], ...] = FIRM
    spread: float = 0.15
    tilt: float = 0.0


HATS: Mapping[str, Make] = {
    "top": Make(BRIMMED["top"], ("#26272c", "#3b2a20", "#2a3350"), 0.03),
    "fedora": Make(BRIMMED["fedora"], ("#6a5a4a", "#3a3b40", "#7b4a2c"), 0.07),
    "bowler": Make(BRIMMED["bowler"], ("#2b2a2c", "#4d3a2c"), 0.04),
    "cowboy": Make(BRIMMED["cowboy"], ("#9a6b3d", "#4b2f1d", "#d8c6a4"), 0.07),
    "straw": Make(BRIMMED["straw"], ("#dcbf83", "#e8d9b0", "#b98d52"), 0.05),
    "wizard": Make(BRIMMED["wizard"], ("#3a3f8f", "#5c3a86", "#1f5a56"), 0.06),
    "witch": Make(BRIMMED["witch"], ("#18161c", "#2a1e38"), 0.05),
    "santa": Make(COSTUMES["santa"], ("#c5202a", "#1f7a3c"), 0.06),
    "party": Make(COSTUMES["party"], ("#d3356b", "#2f7fc1", "#4aa54f", "#8b4fb0"), 0.0, tilt=0.12),
    "cap": Make(CAPS["cap"], ("#27446e", "#a3242c", "#2b2b2e", "#3c6b45"), 0.05),
    "beanie": Make(CAPS["beanie"], ("#7a2f38", "#35506e", "#5f6a54", "#3a3a3f"), 0.06),
    "beret": Make(CAPS["beret"], ("#8e1f2d", "#23242a", "#2e4a7a"), 0.07, tilt=0.16),
    "chef": Make(COSTUMES["chef"], ("#f2f2f0",), 0.02),
    "graduation": Make(COSTUMES["graduation"], ("#1e1f24", "#22335c"), 0.03),
}  # fmt: skip
"""The hats by style."""

HAIRS = ("#3a2618", "#1c1512", "#6b4526", "#8f8780")
"""What hair in the face comes in."""


def hat(scene: Scene, *, style: str = "fedora", colour: str | None = None, amount: float = 1.0) -> Raster:
    """A hat on every head: on every face, or where there is none on top of the subject.

    ``style``: one of `HATS`. ``colour``: a name or ``#rrggbb``. ``amount`` does nothing: a hat is worn or not. A
    ``scene.variation`` other than 0 picks another colour or tilt. Raises `TargetNotFound` without a head,
    `UnsupportedInstruction` for another style or no colour.
    """
    if style not in HATS:
        raise UnsupportedInstruction(f"Hats come as {', '.join(HATS)} here, not as '{style}'.")
    return _wear(scene, HATS[style], colour, "a hat", on_any=True)


def crown(scene: Scene, *, colour: str = "#d9a633", amount: float = 1.0) -> Raster:
    """A crown on every head, of gold unless a ``colour`` is named; as `hat` otherwise."""
    return _wear(scene, Make(headdress.crown, ("#d9a633", "#c9ccd2", "#c98a5e")), colour, "a crown", on_any=True)


def cat_ears(scene: Scene, *, colour: str | None = None, amount: float = 1.0) -> Raster:
    """Cat's ears on every head; as `hat` otherwise."""
    return _wear(
        scene,
        Make(headdress.cat_ears, ("#2a2628", "#8a6a4c", "#e8e2da"), 0.05, SOFT),
        colour,
        "cat ears",
        on_any=True,
    )


def bunny_ears(scene: Scene, *, colour: str | None = None, amount: float = 1.0) -> Raster:
    """Rabbit's ears on every head; as `hat` otherwise."""
    return _wear(
        scene, Make(headdress.bunny_ears, ("#efebe6", "#8d8078"), 0.04, SOFT), colour, "bunny ears", on_any=True
    )


def devil_horns(scene: Scene, *, colour: str | None = None, amount: float = 1.0) -> Raster:
    """Red horns on every head; as `hat` otherwise."""
    return _wear(
        scene, Make(headdress.devil_horns, ("#b01822", "#2a2024"), 0.02, SOFT), colour, "horns", on_any=True
    )


def halo(scene: Scene, *, colour: str | None = None, amount: float = 1.0) -> Raster:
    """A ring of light over every head; as `hat` otherwise."""
    return _wear(
        scene, Make(headdress.halo, ("#ffd75e", "#fff2b8"), 0.0, NONE), colour, "a halo", on_any=True, lit=False
    )


def flower_crown(scene: Scene, *, colour: str | None = None, amount: float = 1.0) -> Raster:
    """A wreath of flowers on every head; as `hat` otherwise."""
    make = Make(headdress.flower_crown, ("#d8768c", "#c8384a", "#f0ece2"), 0.03)
    return _wear(scene, make, colour, "a flower crown", on_any=True)


def moustache(scene: Scene, *, style: str = "handlebar", colour: str | None = None, amount: float = 1.0) -> Raster:
    """A moustache in every face. ``style``: handlebar, walrus, chevron, pencil or horseshoe. Raises
    `TargetNotFound` where there is no face, `UnsupportedInstruction` for another style or no colour."""
    if style not in SPINES:
        raise UnsupportedInstruction(f"Moustaches come as {', '.join(SPINES)} here, not as '{style}'.")
    return _wear(scene, Make(moustached(style), HAIRS, 0.0, SOFT, 0.0), colour, "a moustache")


def beard(scene: Scene, *, style: str = "full", colour: str | None = None, amount: float = 1.0) -> Raster:
    """A beard in every face. ``style``: full or goatee. Raises as `moustache` does."""
    if style not in ("full", "goatee"):
        raise UnsupportedInstruction(f"Beards come as full or goatee here, not as '{style}'.")
    return _wear(scene, Make(bearded(style), HAIRS, 0.0, SOFT, 0.3), colour, "a beard")


def clown_nose(scene: Scene, *, colour: str | None = None, amount: float = 1.0) -> Raster:
    """A round red nose in every face. Raises `TargetNotFound` where there is none."""
    return _wear(scene, Make(trinkets.clown_nose, ("#cc1c2a", "#e0562a"), 0.0, FIRM, 0.0), colour, "a clown nose")


def eye_patch(scene: Scene, *, colour: str | None = None, amount: float = 1.0) -> Raster:
    """A patch over an eye of every face. Raises `TargetNotFound` where there is none."""
    return _wear(scene, Make(trinkets.eye_patch, ("#1b1a1c", "#3d2418"), 0.05, SOFT, 0.0), colour, "an eye patch")


def monocle(scene: Scene, *, colour: str | None = None, amount: float = 1.0) -> Raster:
    """A monocle on a chain in every face. Raises `TargetNotFound` where there is none."""
    return _wear(scene, Make(trinkets.monocle, ("#c9a23e", "#b9bcc2"), 0.0, SOFT, 0.0), colour, "a monocle")


def headphones(scene: Scene, *, colour: str | None = None, amount: float = 1.0) -> Raster:
    """Headphones on every head. Raises `TargetNotFound` where there is no face."""
    return _wear(scene, Make(trinkets.headphones, ("#2d2e33", "#d8d8d6", "#a3242c"), 0.01), colour, "headphones")


def bow_tie(scene: Scene, *, colour: str | None = None, amount: float = 1.0) -> Raster:
    """A bow tie under every chin. Raises `TargetNotFound` where there is no face."""
    return _wear(
        scene, Make(trinkets.bow_tie, ("#8c1f2c", "#1d1d22", "#23406e"), 0.05, SOFT, 0.8), colour, "a bow tie"
    )


def _wear(
    scene: Scene, make: Make, colour: str | None, what: str, *, on_any: bool = False, lit: bool = True
) -> Raster:
    """The thing on every head. ``on_any``: a subject without a human face has one, too."""
    heads = _heads(scene, on_any)
    if not heads:
        raise TargetNotFound(f"There is no {'head' if on_any else 'face'} in this picture to put {what} on.")
    tone, tilt = make.colours[0], make.tilt
    rng = scene.rng(404)
    if scene.variation != 0:
        if len(make.colours) > 1:
            tone = make.colours[int(rng.integers(1, len(make.colours)))]
        tilt = -tilt if scene.variation < 0 else 1.5 * tilt
    if colour is not None:
        tone = paint_of(colour, what)
    rgb, alpha = scene.picture.rgb.copy(), scene.picture.alpha
    alpha = None if alpha is None else alpha.copy()
    # The nearest head last: what it wears lies over that of people behind.
    for head in reversed(heads):
        sketch = Sketch(head, tilt=tilt, about=(0.0, head.line))
        make.draw(sketch, tone)
        garment = sketch.garment(
            scene.picture.size, drops=make.drops, spread=make.spread, weave=make.weave, modelled=lit
        )
        put_on(rgb, head, garment, rng, alpha)
    return Raster(rgb, alpha)


def _head_needed(scene: Scene, mask: F32 | None, **params: object) -> None:
    """Raise `TargetNotFound` where there is neither a face nor a subject, or none of the heads is marked."""
    if not scene.faces:
        regions.seek(scene, ["subject"])
    elif mask is not None and not any(_reaches(scene, face.box, mask) for face in scene.faces):
        raise TargetNotFound("There is no head inside the marked area.")


hat_needs = crown_needs = cat_ears_needs = bunny_ears_needs = _head_needed
devil_horns_needs = halo_needs = flower_crown_needs = _head_needed


def _reaches(scene: Scene, box: tuple[float, float, float, float], mask: F32) -> bool:
    """Whether the mask (of the source's size) lets anything of a head change, or of what is over it."""
    scale = mask.shape[1] / scene.original.width
    left, top, right, bottom = (edge * scale for edge in box)
    rows = slice(max(0, int(top - (bottom - top))), max(0, int(bottom)) + 1)
    return bool((mask[rows, max(0, int(left)) : max(0, int(right)) + 1] > 0).any())


def _heads(scene: Scene, on_any: bool) -> list[Head]:
    if scene.faces:
        return [head_of(face) for face in scene.faces]
    head = crown_of(scene) if on_any else None
    return [] if head is None else [head]
