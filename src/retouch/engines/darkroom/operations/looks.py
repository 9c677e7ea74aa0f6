"""Looks: a grade, and at most the marks of a lens and a film."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from retouch.engines.darkroom.colour import Grade, Tint, apply_table, grade_table
from retouch.engines.darkroom.operations import light
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import U8, Raster


@dataclass(frozen=True)
class Look:
    """``grade``: the colours. ``swing``: what a variation of 1 adds to the grade's fields (to the strength of a
    tint), and a variation of -1 takes away. ``bloom``, ``vignette``, ``grain``: strengths, 0 for none;
    ``glow``: the colour of the bloom. ``headroom``: how much of an amount beyond 1 it takes: a plain correction
    all of it, a look that is strong as it stands less."""

    grade: Grade
    swing: Mapping[str, float] = field(default_factory=dict)
    bloom: float = 0.0
    glow: tuple[float, float, float] = (1.0, 1.0, 1.0)
    vignette: float = 0.0
    grain: float = 0.0
    headroom: float = 0.45


VINTAGE = Look(
    Grade(
        exposure=0.42,
        warmth=0.30,
        contrast=-0.04,
        saturation=0.80,
        shadows=Tint("#2a4a6a", 0.24),
        highlights=Tint("#f0c070", 0.30),
        black=0.11,
        white=0.96,
    ),
    swing={"warmth": 0.22, "shadows": -0.16, "highlights": 0.12, "saturation": 0.10, "contrast": 0.06},
    bloom=0.30,
    glow=(1.0, 0.82, 0.62),
    vignette=0.6,
    grain=0.020,
)
BLACK_AND_WHITE = Look(
    Grade(mix=(0.36, 0.52, 0.12), contrast=0.20),
    # Toward 1 as through an orange filter (dark skies, light skin), toward -1 as on film blind to red.
    swing={"contrast": 0.16, "exposure": -0.26, "black": -0.03, "mix.red": 0.34, "mix.blue": -0.12},
    grain=0.008,
)
SEPIA = Look(
    Grade(
        mix=(0.36, 0.52, 0.12),
        contrast=0.10,
        shadows=Tint("#3a2410", 0.40),
        middles=Tint("#8a6238", 0.44),
        highlights=Tint("#e2b878", 0.42),
        black=0.05,
        white=0.97,
    ),
    swing={"shadows": 0.14, "middles": 0.14, "highlights": 0.14, "contrast": 0.08},
    vignette=0.45,
    grain=0.014,
)
NOIR = Look(
    Grade(exposure=-0.35, hold=0.7, mix=(0.46, 0.42, 0.12), contrast=0.46, pivot=0.47),
    swing={"exposure": -0.25, "mix.red": 0.25, "black": -0.02},
    bloom=0.25,
    vignette=1.0,
    grain=0.026,
)
CINEMATIC = Look(
    Grade(
        exposure=-0.10,
        hold=0.5,
        contrast=0.17,
        saturation=0.92,
        shadows=Tint("#0b6a78", 0.42),
        highlights=Tint("#ff9a4a", 0.26),
        black=0.03,
        white=0.98,
    ),
    swing={"shadows": 0.20, "highlights": 0.10, "contrast": 0.09, "warmth": -0.20, "exposure": -0.18},
    bloom=0.18,
    glow=(1.0, 0.85, 0.7),
    vignette=0.55,
    grain=0.008,
)
FADED = Look(
    Grade(contrast=-0.14, saturation=0.66, shadows=Tint("#30405a", 0.16), black=0.15, white=0.94),
    swing={"warmth": 0.25, "saturation": 0.12, "black": -0.04},
    grain=0.008,
)
VIVID = Look(
    Grade(contrast=0.12, saturation=1.13, vibrance=0.28),
    swing={"saturation": 0.12, "vibrance": 0.25, "contrast": 0.12, "warmth": 0.16},
)
WARMER = Look(Grade(warmth=0.50, saturation=1.03), swing={"warmth": 0.28, "contrast": 0.10}, headroom=1.0)
COOLER = Look(
    Grade(warmth=-0.50, saturation=0.97),
    swing={"warmth": -0.28, "saturation": -0.10, "contrast": 0.10},
    headroom=1.0,
)
BRIGHTER = Look(
    Grade(exposure=0.85, contrast=0.03, saturation=1.02),
    swing={"exposure": 0.40, "contrast": 0.12, "warmth": 0.14},
    headroom=1.0,
)
DARKER = Look(
    Grade(exposure=-0.95, hold=0.45, saturation=0.97),
    swing={"exposure": -0.40, "contrast": 0.12, "warmth": -0.16},
    headroom=1.0,
)


def vary(grade: Grade, swing: Mapping[str, float], variation: float) -> Grade:
    """``grade`` with ``variation`` (-1..1) times ``swing`` added; 0 is the grade itself."""
    if not variation:
        return grade
    changed: dict[str, object] = {}
    if grade.mix is not None:
        red, green, blue = grade.mix
        red += variation * swing.get("mix.red", 0.0)
        blue += variation * swing.get("mix.blue", 0.0)
        changed["mix"] = (max(0.0, red), green, max(0.0, blue))
    for name, step in swing.items():
        if name.startswith("mix."):
            continue
        value = getattr(grade, name)
        if isinstance(value, Tint):
            changed[name] = replace(value, strength=value.strength + variation * step)
        else:
            changed[name] = value + variation * step
    return replace(grade, **changed)  # type: ignore[arg-type]


def rein(amount: float, headroom: float) -> float:
    """An amount of 0..2 with what lies beyond 1 cut to that share."""
    return min(amount, 1.0) + headroom * min(max(amount - 1.0, 0.0), 1.0)


def graded(rgb: U8, grade: Grade, amount: float) -> U8:
    """``rgb`` through a grade: up to 1 ``amount`` is an opacity, from there to 2 the grade itself grows."""
    return apply_table(rgb, grade_table(grade.scaled(max(1.0, amount))), min(1.0, amount))


def render(scene: Scene, look: Look, amount: float, salt: int) -> Raster:
    if amount <= 0:
        return scene.picture
    amount = rein(amount, look.headroom)
    rgb = graded(scene.picture.rgb, vary(look.grade, look.swing, scene.variation), amount)
    if look.bloom or look.vignette or look.grain:
        image = light.develop(rgb)
        if look.bloom:
            light.bloom(image, strength=look.bloom * amount, tint=look.glow)
        if look.vignette:
            light.vignette(image, strength=look.vignette * amount * (1 + 0.3 * scene.variation))
        if look.grain:
            grain = look.grain * amount * (1 + 0.4 * scene.variation)
            light.grain(image, strength=grain, rng=scene.rng(salt))
        rgb = light.fix(image)
    return Raster(rgb, scene.picture.alpha)


def vintage(scene: Scene, *, amount: float = 1.0) -> Raster:
    """A print from the seventies: faded blacks, warm lights, a soft glow, grain."""
    return render(scene, VINTAGE, amount, 11)


def black_and_white(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Panchromatic film; variation turns the filter before the lens."""
    return render(scene, BLACK_AND_WHITE, amount, 12)


def sepia(scene: Scene, *, amount: float = 1.0) -> Raster:
    """A toned silver print."""
    return render(scene, SEPIA, amount, 13)


def noir(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Hard, dark black and white, with coarse grain."""
    return render(scene, NOIR, amount, 14)


def cinematic(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Teal shadows under orange lights."""
    return render(scene, CINEMATIC, amount, 15)


def faded(scene: Scene, *, amount: float = 1.0) -> Raster:
    """A print that lay in the sun: no deep blacks, little colour."""
    return render(scene, FADED, amount, 16)


def vivid(scene: Scene, *, amount: float = 1.0) -> Raster:
    """Richer colour, most where it was dull."""
    return render(scene, VIVID, amount, 17)


def warmer(scene: Scene, *, amount: float = 1.0) -> Raster:
    """White balance toward amber, luminance kept."""
    return render(scene, WARMER, amount, 18)


def cooler(scene: Scene, *, amount: float = 1.0) -> Raster:
    """White balance toward blue, luminance kept."""
    return render(scene, COOLER, amount, 19)


def _exposed(look: Look, exposure: float | None) -> Look:
    """``look`` with exactly that exposure, in stops, which no variation changes; None: as designed. What goes
    with the exposure follows it in proportion."""
    if exposure is None:
        return look
    grade = replace(look.grade.scaled(exposure / look.grade.exposure), exposure=exposure)
    return replace(look, grade=grade, swing={**look.swing, "exposure": 0.0})


def brighter(scene: Scene, *, amount: float = 1.0, exposure: float | None = None) -> Raster:
    """A longer exposure whose highlights roll off. ``exposure``: how many stops, over 0; None as designed."""
    return render(scene, _exposed(BRIGHTER, exposure), amount, 20)


def darker(scene: Scene, *, amount: float = 1.0, exposure: float | None = None) -> Raster:
    """A shorter exposure that keeps some of its white. ``exposure``: how many stops, below 0; None as
    designed."""
    return render(scene, _exposed(DARKER, exposure), amount, 21)
