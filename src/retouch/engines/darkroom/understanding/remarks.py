"""A piece of a sentence, and whether it is free of orders. The words are in ``lexicon/context.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from retouch.engines.darkroom.understanding.phrases import Phrases
from retouch.engines.darkroom.understanding.vocabulary import Item
from retouch.engines.darkroom.understanding.words import SOFT

_COMPARING = re.compile(r"[a-z]{2,}er")
_ORDERING = (
    "keep", "denial", "sole", "rest", "nothing", "literal", "area", "verb.remove", "verb.fill", "verb.replace",
    "verb.structured", "op.whole", "kept",
)  # fmt: skip
_OPERATIONS = ("op.looks", "op.verbs")


class Remark:
    """``items`` and their ``words``; ``owner``: the item that each of the words belongs to."""

    def __init__(self, items: Sequence[Item], words: Sequence[str]) -> None:
        self.items = items
        self.words = words
        self.owner = [item for item in items for _ in item.text.split()]

    def is_harmless(
        self,
        start: int,
        end: int,
        *,
        past: bool = False,
        people: bool = False,
        places: bool = False,
        faces: bool = False,
    ) -> bool:
        """Whether the words from ``start`` to ``end`` neither order, wish, forbid nor judge anything. ``past``:
        they report, and may name the weather and the light; ``people``: they may name who is in the picture;
        ``places``: they are where a picture is put; ``faces``: they may name a face."""
        for at in range(start, end):
            word, item = self.words[at], self.owner[at]
            if phrases("orders").match(self.words[:end], at) or _compares(word):
                return False
            if any(sense in item for sense in _ORDERING) or word == SOFT:
                return False
            if places and word in named("uses"):
                continue
            names = [item.senses[sense] for sense in _OPERATIONS if sense in item]
            if any(not (past and name in named("reported")) for name in names):
                return False
            region = item.senses.get("region")
            if (
                region
                and not (faces and region == "face")
                and not (region == "subject" and people)
                and not (past and region in ("left", "right", "background"))
            ):
                return False
            if "colour" in item and not (
                past and self.words[at + 1 : at + 2] in (["day"], ["morning"], ["afternoon"], ["weather"])
            ):
                return False
            if "refusal" in item and not (past or people or "refused_place" in item):
                return False
        return True

    def is_plain(self, word: str) -> bool:
        """Whether ``word`` compares nothing."""
        return not _compares(word)


def _compares(word: str) -> bool:
    return bool(_COMPARING.fullmatch(word)) and word not in _table()["no_comparisons"]


@cache
def _table() -> Mapping[str, Any]:
    folder = resources.files("retouch.engines.darkroom") / "lexicon"
    return tomllib.loads((folder / "context.toml").read_text("utf-8"))


@cache
def phrases(name: str) -> Phrases:
    """A list of the lexicon, as phrases."""
    return Phrases({"": _table()[name]})


@cache
def named(name: str) -> frozenset[str]:
    """A list of the lexicon, as words."""
    return frozenset(_table()[name])
