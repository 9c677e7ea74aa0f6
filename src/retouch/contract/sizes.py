"""Output sizes: which are legal for a model, and what `auto` becomes."""

from __future__ import annotations

import math
import re
from fractions import Fraction

from retouch.contract import messages
from retouch.contract.profile import Profile
from retouch.contract.rules import SizeRule
from retouch.errors import InvalidRequest, RetouchError, UserError

Size = tuple[int, int]
"""(width, height) in pixels."""

PATTERN = r"([1-9][0-9]{0,8})x([1-9][0-9]{0,8})"
"""``WIDTHxHEIGHT`` as a regular expression."""

_SIZE = re.compile(PATTERN, re.ASCII)


def text(size: Size) -> str:
    return f"{size[0]}x{size[1]}"


def parse(value: str) -> Size | None:
    """``WIDTHxHEIGHT`` as a size; None for anything else."""
    match = _SIZE.fullmatch(value)
    return (int(match[1]), int(match[2])) if match else None


def requested(profile: Profile, value: str | None) -> Size | None:
    """The size that a request's ``size`` means for this model; None stands for `auto`.

    Raises `InvalidRequest` (a value off a fixed list) or `UserError` (a size that breaks the free rule).
    """
    rule = profile.size
    if value is None:
        value = rule.default
    if rule.kind == "fixed":
        if value not in rule.values:
            raise _off_the_list(rule, value)
        return parse(value)
    if value == "auto":
        return None
    size = parse(value)
    fault = "Expected WIDTHxHEIGHT, for example '1824x1024'." if size is None else _fault(rule, size)
    if fault is not None:
        raise UserError(f"Invalid size '{messages.echo(value)}'. {fault}", param="size", code="invalid_value")
    return size


def auto_size(profile: Profile, source: Size) -> Size:
    """What `auto` becomes for a picture of the size ``source``.

    Of a fixed list: the size nearest in aspect (as a ratio of ratios), then in area. Where any size is
    legal: the source's own size if it is; else the source scaled into the pixel limits with its aspect kept
    and each edge rounded to the nearest legal one. A model without `auto` gives its default. Always legal.
    """
    rule = profile.size
    if not profile.has_auto_size:
        return parse(rule.default) or source
    if rule.kind == "fixed":
        listed = [size for size in map(parse, rule.values) if size is not None]
        return min(listed, key=lambda size: _distance(size, source))
    return source if _fault(rule, source) is None else _scaled(rule, source)


def _off_the_list(rule: SizeRule, value: str) -> RetouchError:
    if rule.legacy_message:
        return InvalidRequest(f"'{messages.echo(value)}' is not one of {list(rule.values)} - 'size'")
    return messages.invalid_value("size", value, rule.values)


def _fault(rule: SizeRule, size: Size) -> str | None:
    """Why a size is illegal, in the order in which the vendor looks."""
    width, height = size
    long, short = max(size), min(size)
    if width % rule.multiple or height % rule.multiple:
        return f"Width and height must both be divisible by {rule.multiple}."
    if long > rule.max_edge:
        return f"The longest edge must be less than or equal to {rule.max_edge}."
    if rule.max_ratio is not None and long > rule.max_ratio * short:
        return f"The aspect ratio must be between 1:{rule.max_ratio} and {rule.max_ratio}:1."
    if width * height < rule.min_pixels:
        return "Requested resolution is below the current minimum pixel budget."
    if width * height > rule.max_pixels:
        return "Requested resolution exceeds the current pixel budget."
    return None


def _ratio(a: Fraction) -> Fraction:
    return max(a, 1 / a)


def _distance(size: Size, wished: Size) -> tuple[Fraction, Fraction]:
    """How far a size is from another: in aspect, then in area, each as a factor of at least 1."""
    aspect = Fraction(size[0] * wished[1], size[1] * wished[0])
    return _ratio(aspect), _ratio(Fraction(size[0] * size[1], wished[0] * wished[1]))


def _scaled(rule: SizeRule, source: Size) -> Size:
    """The legal size nearest to the source, scaled into the limits.

    Rounding both edges can step over a limit by a little; then the nearest legal neighbour on the grid wins.
    A source longer than the ratio allows keeps its long edge's scale and gains on the short one.
    """
    width, height = (float(edge) for edge in source)
    if rule.max_ratio is not None:
        width, height = max(width, height / rule.max_ratio), max(height, width / rule.max_ratio)
    pixels = width * height
    scale = max(1.0, math.sqrt(rule.min_pixels / pixels))
    scale = min(scale, math.sqrt(rule.max_pixels / pixels), rule.max_edge / max(width, height))
    wished = (width * scale, height * scale)
    columns, rows = (max(1, math.floor(edge / rule.multiple + 0.5)) for edge in wished)
    plain = (columns * rule.multiple, rows * rule.multiple)
    if _fault(rule, plain) is None:
        return plain
    around = [
        (x * rule.multiple, y * rule.multiple)
        for x in range(max(1, columns - 2), columns + 3)
        for y in range(max(1, rows - 2), rows + 3)
    ]
    target = (max(1, round(wished[0])), max(1, round(wished[1])))
    return min((size for size in around if _fault(rule, size) is None), key=lambda size: _distance(size, target))
