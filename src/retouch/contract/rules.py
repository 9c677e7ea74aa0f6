"""The kinds of rule that a model's profile is made of; their values are data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Data(BaseModel):
    """Read from a file once, never changed, and without fields that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Choice(Data):
    """A parameter with a list of values, in the order in which a refusal lists them.

    ``default``: what an omitted parameter means; None where nothing is said of it. ``aliases``: values that
    are accepted unless strict, and what each then means. ``unsupported``: legal values of the parameter that
    this model refuses. ``friendly_only``: refused as a whole if strict.
    """

    values: tuple[str, ...]
    default: str | None = None
    aliases: Mapping[str, str] = {}
    unsupported: tuple[str, ...] = ()
    friendly_only: bool = False


class Whole(Data):
    """An integer parameter, both ends included."""

    minimum: int
    maximum: int
    default: int


class Extra(Data):
    """A parameter beyond the vendor's; the ends of a number are included."""

    kind: Literal["integer", "number", "string"]
    minimum: int | float | None = None
    maximum: int | float | None = None
    max_length: int | None = None


class SizeRule(Data):
    """Which output sizes are legal.

    ``fixed``: those of ``values`` ("auto" among them where it exists). ``free``: any whose edges are
    multiples of ``multiple`` and at most ``max_edge``, whose longer edge is at most ``max_ratio`` times the
    shorter, and whose area is from ``min_pixels`` to ``max_pixels``. ``legacy_message``: the refusal is the
    old service's.
    """

    kind: Literal["fixed", "free"]
    default: str
    values: tuple[str, ...] = ()
    legacy_message: bool = False
    multiple: int = 1
    max_edge: int = 1 << 20
    max_ratio: int | None = None
    min_pixels: int = 1
    max_pixels: int = 1 << 40


class ImageRule(Data):
    """What may be uploaded: ``max_bytes`` is the first size that is too large. ``modes``: the colour modes
    demanded, any where empty. ``alpha_is_mask``: without a mask, the first image's own alpha is the mask."""

    max_count: int
    max_bytes: int
    media_types: tuple[str, ...]
    modes: tuple[str, ...] = ()
    square: bool = False
    alpha_is_mask: bool = False


class UsageRule(Data):
    """The formulas of `retouch.contract.usage`. ``factors``: the grid's edge for each quality.

    The text overhead is ``text_base`` and, for each input image, ``text_per_image`` and ``text_per_tile`` for
    each of its tiles.
    """

    output: Literal["grid", "area"]
    factors: Mapping[str, int]
    input: Literal["tiles", "patches"]
    text_base: int
    text_per_image: int
    text_per_tile: int = 0
