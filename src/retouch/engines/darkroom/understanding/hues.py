"""Colours as people say them: "red", "light green", "#ff8800"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from retouch.engines.darkroom import palette

_SHADES: Mapping[str, tuple[str, float]] = {
    "light": ("#ffffff", 0.45),
    "pale": ("#ffffff", 0.55),
    "pastel": ("#ffffff", 0.55),
    "soft": ("#ffffff", 0.35),
    "dark": ("#000000", 0.45),
    "deep": ("#000000", 0.3),
    "bright": ("#ffffff", 0.0),
    "vivid": ("#ffffff", 0.0),
    "vibrant": ("#ffffff", 0.0),
    "solid": ("#ffffff", 0.0),
    "plain": ("#ffffff", 0.0),
    "pure": ("#ffffff", 0.0),
    "uniform": ("#ffffff", 0.0),
    "matte": ("#ffffff", 0.0),
    "matt": ("#ffffff", 0.0),
    "glossy": ("#ffffff", 0.0),
    "shiny": ("#ffffff", 0.0),
    "rich": ("#ffffff", 0.0),
    "strong": ("#ffffff", 0.0),
}
"""What is mixed into a colour, as sRGB levels, and how much of it."""

_HEX = "#[0-9a-f]{6}"
COMPARATIVES = {
    "redder": "red",
    "greener": "green",
    "bluer": "blue",
    "yellower": "yellow",
    "pinker": "pink",
    "browner": "brown",
    "whiter": "white",
    "blacker": "black",
    "greyer": "grey",
    "more golden": "gold",
}
GREYS = frozenset({"black", "white", "grey", "silver", "beige", "cream", "brown"})
"""Colours that a picture has everywhere: what is of them is no thing."""


@cache
def pattern() -> str:
    """A regular expression for a colour, each of its words followed by a space."""
    names = sorted(palette.names(), key=len, reverse=True)
    shades = "|".join(_SHADES)
    return f"(?:(?:{shades}) ){{0,3}}(?:(?:{'|'.join(map(re.escape, names))}|{_HEX}) )(?:colou?r(?:ed)? )?"


@cache
def colour_of(text: str) -> str | None:
    """The colour that ``text`` names: a name of the palette or ``#rrggbb``; None if it names none."""
    text = re.sub(r"\s+colour(ed)?$", "", text.strip())
    names = palette.names()
    if text in names:
        return names[text]
    if re.fullmatch(_HEX, text):
        return text
    shade, _, rest = text.partition(" ")
    if shade not in _SHADES or (base := colour_of(rest)) is None:
        return None
    other, share = _SHADES[shade]
    return base if share == 0 else _mixed(base, other, share)


def lighter(colour: str) -> str:
    """The light end of a gradient that ends in ``colour``."""
    return _mixed(colour, *_SHADES["light"])


@cache
def say(colour: str) -> str:
    """``colour`` for people: "light red (#e6838a)"."""
    if colour in palette.colours():
        return colour.replace("_", " ")
    for shade, (other, share) in _SHADES.items():
        for base in palette.colours():
            if share and _mixed(base, other, share) == colour:
                return f"{shade} {base.replace('_', ' ')} ({colour})"
    return colour


def _mixed(colour: str, other: str, share: float) -> str:
    pairs = zip(palette.rgb(colour), palette.rgb(other), strict=True)
    return "#" + "".join(f"{round(one + share * (two - one)):02x}" for one, two in pairs)
