"""The word lists of ``lexicon/nouns.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any


@cache
def listed(name: str) -> frozenset[str]:
    """The words of a list. Raises KeyError if there is none of that name."""
    return frozenset(_read()[name])


@cache
def meant(name: str) -> Mapping[str, str]:
    """Every word of a table with what it means there. Raises KeyError if there is none of that name."""
    return {word: meaning for meaning, words in _read()[name].items() for word in words}


@cache
def _read() -> dict[str, Any]:
    folder = resources.files("retouch.engines.darkroom") / "lexicon"
    return tomllib.loads((folder / "nouns.toml").read_text("utf-8"))
