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
    "lighter": ("#ffffff", 0.45),
    "paler": ("#ffffff", 0.55),
    "softer": ("#ffffff", 0.35),
    "dark": ("#000000", 0.45),
    "darker": ("#000000", 0.45),
    "deeper": ("#000000", 0.3),
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
    **dict.fromkeys(
        ("brand", "corporate", "lush", "lovely", "uni", "company", "clean", "neutral", "nice", "simple", "smooth"),
        ("#ffffff", 0.0),
    ),
}
"""What is mixed into a colour, as sRGB levels, and how much of it."""

_HEX = "#[0-9a-f]{6}"
_RGB = r"rgb (?:\d{1,3} ){3}"
_AHEAD = "(?:(?:shade|tone|kind|sort) of |something like |hex code |hex |colour code |colour )"
"""What may stand before a colour and says nothing of it."""
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
_PLURALS = frozenset({"red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "magenta", "teal"})
"""What is spoken of as "the reds"; "the whites" are a tone, and no colour."""
GREYS = frozenset({"black", "white", "grey", "silver", "beige", "cream", "brown"})
"""Colours that a picture has everywhere: what is of them is no thing."""


@cache
def pattern() -> str:
    """A regular expression for a colour, each of its words followed by a space."""
    names = "|".join(map(re.escape, sorted({*palette.names(), *palette.shades()}, key=len, reverse=True)))
    shades = "|".join(_SHADES)
    code = f"{_HEX} (?:(?:{names}) )?"
    named = f"(?:{names}|(?:{'|'.join(_PLURALS)})s) (?:ish )?(?:{_HEX} )?"
    return f"{_AHEAD}?(?:(?:{shades}) ){{0,3}}(?:{code}|{_RGB}|{named})(?:colou?r(?:ed)? )?"


@cache
def colour_of(text: str) -> str | None:
    """The colour that ``text`` names: a name of the palette or ``#rrggbb``; None if it names none."""
    text = re.sub(r"\s+(?:ish\s+)?colour(ed)?$|\s+ish$", "", re.sub(f"^{_AHEAD}", "", text.strip()))
    names = palette.names()
    if text in names:
        return names[text]
    if text in palette.shades():
        return palette.shades()[text]
    if (single := text.removesuffix("s")) in _PLURALS:
        return names[single]
    if (named := text.partition(" #")[0]) != text and re.fullmatch(_HEX, code := text[len(named) + 1 :]):
        return code if colour_of(named) else None  # "Pure white (#ffffff)"
    code, _, rest = text.partition(" ")
    if re.fullmatch(_HEX, code) and (not rest or rest in names or rest in palette.shades()):
        return code  # "#00b140 green": the name only says it again
    if re.fullmatch(_RGB, f"{text} "):
        levels = [int(level) for level in text.split()[1:]]
        return "#" + "".join(f"{level:02x}" for level in levels) if max(levels) < 256 else None
    if code not in _SHADES or (base := colour_of(rest)) is None:
        return None
    other, share = _SHADES[code]
    return base if share == 0 else _mixed(base, other, share)


def nearest(code: str) -> str:
    """The colour of the palette that is nearest to ``code``, ``#rrggbb``."""
    levels = palette.rgb(code)
    return min(
        palette.colours(),
        key=lambda name: sum((one - two) ** 2 for one, two in zip(palette.rgb(name), levels, strict=True)),
    )


def lighter(colour: str) -> str:
    """The light end of a gradient that ends in ``colour``."""
    return _mixed(colour, *_SHADES["light"])


@cache
def say(colour: str) -> str:
    """``colour`` for people: "light red (#e6838a)"."""
    if colour in palette.colours():
        return colour.replace("_", " ")
    if named := next((name for name, code in palette.shades().items() if code == colour), ""):
        return f"{named} ({colour})"
    for shade, (other, share) in _SHADES.items():
        for base in palette.colours():
            if share and _mixed(base, other, share) == colour:
                return f"{shade} {base.replace('_', ' ')} ({colour})"
    return colour


def _mixed(colour: str, other: str, share: float) -> str:
    pairs = zip(palette.rgb(colour), palette.rgb(other), strict=True)
    return "#" + "".join(f"{round(one + share * (two - one)):02x}" for one, two in pairs)
