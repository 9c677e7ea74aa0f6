"""Token usage, by the formulas that were published or recovered for each family of models.

Sources: the vendor's table for the models before gpt-image-2 (the grid reproduces its nine figures), its page
on image inputs (tiles), and two threads of its forum for gpt-image-2 (area, patches); all checked against
recorded answers where there are any. How an overhead grows with several images was recorded for tiles only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from retouch.contract.profile import Profile
from retouch.contract.rules import UsageRule
from retouch.contract.sizes import Size

PARTIAL_TOKENS = 100
"""Output image tokens for each partial image sent."""

_TILE = 512
_TILES_FIT = 2048
_TILE_TOKENS = 129
_TILES_BASE = 65
_HIGH_SQUARE, _HIGH_OTHER = 4160, 6240
_PATCH = 32
_MAX_PATCHES = 1536
_PATCHED_EDGE = 1024
_MAX_RATIO = 3


@dataclass(frozen=True)
class Usage:
    """Tokens of one answer; the totals follow from the four counts."""

    input_image: int
    input_text: int
    output_image: int
    output_text: int = 0

    @property
    def input(self) -> int:
        return self.input_image + self.input_text

    @property
    def output(self) -> int:
        return self.output_image + self.output_text

    @property
    def total(self) -> int:
        return self.input + self.output

    def body(self) -> dict[str, Any]:
        """The `usage` of an image response, its keys in the recorded order."""
        return {
            "input_tokens": self.input,
            "input_tokens_details": {"image_tokens": self.input_image, "text_tokens": self.input_text},
            "output_tokens": self.output,
            "output_tokens_details": {"image_tokens": self.output_image, "text_tokens": self.output_text},
            "total_tokens": self.total,
        }

    def event(self) -> dict[str, Any]:
        """The `usage` of a completed event, its keys in the specification's order."""
        return {
            "total_tokens": self.total,
            "input_tokens": self.input,
            "output_tokens": self.output,
            "input_tokens_details": {"text_tokens": self.input_text, "image_tokens": self.input_image},
        }


def measure(
    profile: Profile,
    *,
    prompt_tokens: int,
    sources: Sequence[Size],
    fidelity: str,
    quality: str,
    outputs: Sequence[Size],
    partials: int = 0,
) -> Usage | None:
    """The usage of one edit; None for a model that reports none.

    ``sources`` and ``outputs``: the sizes of the pictures sent and returned. ``partials``: how many partial
    images were really sent.
    """
    if profile.usage is None:
        return None
    return Usage(
        input_image=input_image_tokens(profile, sources, fidelity),
        input_text=text_tokens(profile, prompt_tokens, sources),
        output_image=sum(output_tokens(profile, quality, size) for size in outputs) + PARTIAL_TOKENS * partials,
    )


def output_tokens(profile: Profile, quality: str, size: Size) -> int:
    """Image tokens of one picture of ``size``; ``quality`` is a resolved one, never `auto`."""
    rule = _rule(profile)
    width, height = size
    long, short = max(size), min(size)
    edge = rule.factors[quality]
    if rule.output == "grid":
        other = _round(Fraction(edge * long, short))
        columns, rows = (other, edge) if width > height else (edge, other)
        return rows * (columns + 1)
    other = max(1, _round(Fraction(edge * short, long)))
    return math.ceil(Fraction(edge * other * (2_000_000 + width * height), 4_000_000))


def input_image_tokens(profile: Profile, sizes: Sequence[Size], fidelity: str) -> int:
    """Image tokens of the pictures sent; the mask costs nothing. ``fidelity``: "low" or "high"."""
    if _rule(profile).input == "patches":
        return sum(map(_patches, sizes))
    total = 0
    for width, height in sizes:
        total += _TILES_BASE + _TILE_TOKENS * _tiles((width, height))
        if fidelity == "high":
            total += _HIGH_SQUARE if width == height else _HIGH_OTHER
    return total


def text_tokens(profile: Profile, prompt_tokens: int, image_sizes: Sequence[Size]) -> int:
    """The prompt's tokens and the overhead that the vendor bills with each picture."""
    rule = _rule(profile)
    tiles = sum(map(_tiles, image_sizes)) if rule.text_per_tile else 0
    return prompt_tokens + rule.text_base + rule.text_per_image * len(image_sizes) + rule.text_per_tile * tiles


def _rule(profile: Profile) -> UsageRule:
    if profile.usage is None:
        raise ValueError(f"{profile.name} reports no usage")
    return profile.usage


def _round(value: Fraction) -> int:
    """Half goes up."""
    return math.floor(value + Fraction(1, 2))


def _tiles(size: Size) -> int:
    """Tiles of 512 pixels, once the picture fits 2048 × 2048 and its shortest side is at most 512."""
    fit = min(Fraction(1), Fraction(_TILES_FIT, max(size)))
    short = min(size) * fit
    if short > _TILE:
        fit *= _TILE / short
    return math.prod(math.ceil(Fraction(math.floor(edge * fit) or 1, _TILE)) for edge in size)


def _patches(size: Size) -> int:
    """Patches of 32 pixels: small pictures count at up to twice their size, long ones as if 3:1, and large
    ones at the largest scale that keeps them within 1536 patches."""
    long = max(size)
    scale = min(Fraction(2), Fraction(_PATCHED_EDGE, long)) if long < _PATCHED_EDGE else Fraction(1)
    width, height = (edge * scale for edge in size)
    width, height = max(width, height / _MAX_RATIO), max(height, width / _MAX_RATIO)
    columns, rows = math.ceil(width / _PATCH), math.ceil(height / _PATCH)
    if columns * rows <= _MAX_PATCHES:
        return columns * rows
    # As the scale falls from 1 the count changes only where an edge is a whole number of patches.
    stops = sorted(
        {Fraction(_PATCH * k) / edge for edge, most in ((width, columns), (height, rows)) for k in range(1, most)},
        reverse=True,
    )
    counts = (math.ceil(width * stop / _PATCH) * math.ceil(height * stop / _PATCH) for stop in stops)
    return next(count for count in counts if count <= _MAX_PATCHES)
