"""How the picture itself is called: "our beach picture", "grandma's old photo", "the exterior shot".

What stands between an owner or an article and such a noun tells which picture is meant, and asks for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from retouch.engines.darkroom.understanding.remarks import named
from retouch.engines.darkroom.understanding.versions import whole
from retouch.engines.darkroom.understanding.vocabulary import Item
from retouch.engines.darkroom.understanding.words import HARD, SOFT

_PICTURES = ("photo", "photograph", "picture", "image", "shot", "snapshot", "snap", "pictures", "photos", "images")
_POINTING = ("my", "our", "his", "her", "their", "this", "the", "that", "your", "these", "those")
_MOST = 3
_TOLD = ("refused_thing", "refused_place", "name")
_NAMES_ANOTHER = ("into", "as_if", "like", "as", "from", "of", "with", "behind", "onto", "to", "in front of")


def shorten(items: Sequence[Item]) -> list[Item]:
    """``items`` with each such name of the picture made one. Linear in their number."""
    found: list[Item] = []
    items = whole(items)
    for at, item in enumerate(items):
        found.append(item)
        if item.text.split()[-1] not in _PICTURES or (at + 1 < len(items) and "effect" in items[at + 1]):
            continue
        start = _beginning(found)
        if start == 0 and at + 1 < len(items) and items[at + 1].text == SOFT:
            found.clear()  # "Milky way shot: ..."
        elif start is not None:
            noun = item.text.split()[-1]
            found[start:] = [Item("these" if noun.endswith("s") else "this", {"definite": ""})] * (noun[-1] != "s")
            found.append(Item(noun, {"images" if noun.endswith("s") else "image": ""}))
    return found


def _beginning(items: Sequence[Item]) -> int | None:
    """Where the name that ``items`` end with begins, if it is one of the picture."""
    told = _tells(items[-1], last=True)
    if not told and "image" not in items[-1] and "images" not in items[-1]:
        return None
    for at in range(len(items) - 2, max(len(items) - 3 - _MOST, -1), -1):
        item = items[at]
        owner = item.senses.get("name", "").startswith("people/")
        if item.text in _POINTING or (owner and at < len(items) - 1):
            before = items[at - 1] if at else Item("")
            if item.text in _POINTING or before.text in _POINTING:
                start = at if item.text in _POINTING else at - 1
            else:
                start = at
            ahead = items[start - 1] if start else Item("")
            if not told and at == len(items) - 2 and not owner:
                return None  # "The picture" is called so already.
            other = ahead.text in _NAMES_ANOTHER or any(sense in ahead for sense in ("into", "as_if"))
            return None if other else start
        if not _tells(item, last=False):
            plain = at < len(items) - 2 and (
                "verb.make" in item or "op.verbs" in item or item.text in (HARD, SOFT)
            )
            return at + 1 if plain and not told and _strange(items[at + 1 : -1]) else None
        told = told or "op.looks" in item
        if at == 0:
            return 0 if not told and _strange(items[:-1]) else None
    return None


def _tells(item: Item, *, last: bool) -> bool:
    """Whether the item may tell which picture is meant: a word we don't know, a place, someone, the weather."""
    if item.senses.get("op.looks") in named("called") and "op.verbs" not in item:
        return item.senses["op.looks"] != "vintage" or item.text.split()[0] in named("aged")
    if last:
        return False
    unknown = not item.senses and item.text.isalpha() and item.text not in named("orders")
    unknown = unknown or item.text == "way"  # "The milky way picture"
    return unknown or any(sense in item for sense in _TOLD) or item.text in named("uses")


def _strange(items: Sequence[Item]) -> bool:
    return all("name" not in item for item in items)
