"""Where something is put and how large, in words: "in the top left corner", "in big red letters"."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from retouch.engines.darkroom import palette
from retouch.engines.darkroom.understanding.phrases import Phrases

_POLITE = ("please", "thanks", "thank", "you")
_NAMES = {"watermark", "caption", "headline", "signature"}
_VERTICAL = ("top", "bottom", "upper", "lower")
_SIDEWAYS = ("left", "right", "centre", "center", "corner", "middle")
_WORD = re.compile(r"[^\W_]+")


@cache
def tables() -> Mapping[str, Any]:
    """``lexicon/placing.toml`` as it stands."""
    folder = resources.files("retouch.engines.darkroom") / "lexicon"
    return tomllib.loads((folder / "placing.toml").read_text("utf-8"))


@cache
def words_of(section: str, name: str) -> frozenset[str]:
    """Single words: the list of that name in a section of ``lexicon/placing.toml``."""
    return frozenset(tables()[section][name])


_PREPOSITIONS = words_of("trimming", "prepositions")
_ARTICLES = words_of("trimming", "articles")


class Positions:
    """The nine places of a picture, with or without the words around them: "in the top left corner of it"."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._before = Phrases({"": table["before"]})
        self._after = Phrases({"": table["after"]})
        self._places = Phrases(table["position"])
        self.words = self._before.words | self._places.words | self._after.words

    def match(self, words: Sequence[str], at: int) -> tuple[str, int] | None:
        """The place spoken of from ``at`` on, and where that ends; None if none is."""
        before = self._before.match(words, at)
        place = self._places.match(words, before[1] if before else at)
        if place is None:
            return None
        after = self._after.match(words, place[1])
        return place[0], after[1] if after else place[1]


@cache
def positions() -> Positions:
    return Positions(tables())


@cache
def sizes() -> Phrases:
    return Phrases(tables()["size"])


@cache
def colours() -> Phrases:
    """The palette's colours."""
    named: dict[str, list[str]] = {}
    for phrase, name in palette.names().items():
        named.setdefault(name, []).append(phrase)
    return Phrases(named)


@cache
def _placing_words() -> frozenset[str]:
    text = Phrases({"": tables()["text"]["senseless"]})
    known = positions().words | sizes().words | colours().words | text.words
    return known | _PREPOSITIONS | _ARTICLES | _NAMES | {"color", "colors", "center", "gray"}


def is_placing(word: str) -> bool:
    """Whether ``word`` may say where and how something is written."""
    return word in _placing_words()


def _listed_from(text: str, found: Sequence[re.Match[str]], last: int) -> int:
    """Where what is listed behind commas, "..., top centre, gold", begins to say only where and how: the number of
    its first word; 0 if nothing is."""
    begin = 0
    for at in range(last - 1, 0, -1):
        word = found[at].group()
        if word.lower() not in _placing_words() or not (word.islower() or word.isdigit()):
            break
        if "," in text[found[at - 1].end() : found[at].start()]:
            begin = at
    return begin


def trim_placing(text: str) -> tuple[str, str]:
    """``text`` without the words at its end that only say where and how it is written, and those words.

    They begin with a preposition: "Hello World at the bottom in red". A capital among them makes them part of
    the text: "Men in Black".
    """
    found = list(_WORD.finditer(text))
    last = len(found)
    while last and found[last - 1].group().lower() in _POLITE:
        last -= 1
    begin = cut = last
    shouted = text.isupper()
    listed = _listed_from(text, found, last)
    if listed:
        begin = cut = listed
    while begin:
        word = found[begin - 1].group()
        if word.lower() not in _placing_words() or (not word.islower() and not word.isdigit() and not shouted):
            break
        begin -= 1
        paired = word in _VERTICAL and begin + 1 < last and found[begin + 1].group() in _SIDEWAYS
        if word.lower() in _PREPOSITIONS or paired:
            cut = begin
    end = found[cut].start() if cut < len(found) else len(text)
    return text[:end], text[end:]
