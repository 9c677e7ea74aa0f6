"""Colours by name."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

_HEX = re.compile("#[0-9a-f]{6}")


@cache
def colours() -> Mapping[str, str]:
    """Every colour that has a name, as ``#rrggbb``."""
    return {name: entry["hex"] for name, entry in _read().items()}


@cache
def names() -> Mapping[str, str]:
    """Every word or phrase for a colour, in lower case, with the colour that it names."""
    return {phrase: name for name, entry in _read().items() for phrase in entry["names"]}


@cache
def shades() -> Mapping[str, str]:
    """Further words for colours, in lower case, each with its ``#rrggbb``: what is painted, and never sought."""
    folder = resources.files("retouch.engines.darkroom") / "lexicon"
    return tomllib.loads((folder / "shades.toml").read_text("utf-8"))


def hex_of(colour: str) -> str:
    """``colour``, one of `colours` or ``#rrggbb`` itself, as ``#rrggbb``. Raises KeyError if it is neither."""
    lowered = colour.lower()
    return lowered if _HEX.fullmatch(lowered) else colours()[lowered]


def rgb(colour: str) -> tuple[int, int, int]:
    """The same as sRGB levels in 0..255. Raises KeyError if there is no such colour."""
    code = hex_of(colour)
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


@cache
def _read() -> dict[str, dict[str, Any]]:
    folder = resources.files("retouch.engines.darkroom") / "lexicon"
    return tomllib.loads((folder / "colours.toml").read_text("utf-8"))
