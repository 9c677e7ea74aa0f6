"""What a picture shows, where a version of it is asked for: "a twilight version of the house", "a sketch of me".

What is in a picture is all of it there, unless it names a part.
"""

from __future__ import annotations

from collections.abc import Sequence

from retouch.engines.darkroom.understanding.clauses import compares, joins
from retouch.engines.darkroom.understanding.nouns import listed
from retouch.engines.darkroom.understanding.remarks import named
from retouch.engines.darkroom.understanding.vocabulary import Item
from retouch.engines.darkroom.understanding.words import HARD

_VERSIONS = ("version", "versions", "edition", "variant", "rendition", "take")
_POINTING = ("my", "our", "his", "her", "their", "this", "the", "that", "your", "these", "those")
_OURSELVES = ("me", "us", "myself", "ourselves", "product", "item")
_ENDS = ("for", "as", "with", "to", "on")
_BEFORE_ONE = (
    HARD,
    "need",
    "want",
    "have",
    "let",
    "like",
    "see",
    "can",
    "could",
    "may",
    "should",
    "please",
    "turn",
    "help",
)
_MOST = 6


def whole(items: Sequence[Item]) -> Sequence[Item]:
    """``items`` with what a version is wanted of made "this picture". Linear in their number."""
    found: list[Item] = []
    at = 0
    while at < len(items):
        found.append(items[at])
        if items[at].text == "one" and _points(items, at):
            found[-1] = Item("picture", {"image": ""})
            at += 1
        elif items[at].text == "of" and at and (end := _end(items, at + 1)):
            found += [Item("this", {"definite": ""}), Item("picture", {"image": ""})]
            at = end
        else:
            at += 1
    return found


def _points(items: Sequence[Item], at: int) -> bool:
    """Whether "this one" is the picture: "make this one brighter"."""
    if at == 0 or items[at - 1].text != "this":
        return False
    before = items[at - 2] if at > 1 else Item(HARD)
    return joins(before) or before.text.split()[-1] in _BEFORE_ONE or "verb.make" in before or "op.verbs" in before


def _end(items: Sequence[Item], start: int) -> int:
    """Where the name of all of the picture ends that begins at ``start``; 0 if none does."""
    head = items[start - 2] if start > 1 else Item("")
    if head.text.split()[-1:] == [] or head.text.split()[-1] not in named("versions") or start >= len(items):
        return 0
    end = start
    while end < len(items) and not (joins(items[end]) or "polite" in items[end] or items[end].text == HARD):
        if items[end].text in _ENDS:
            break
        if items[end].text == "in" and end + 1 < len(items) and "op.looks" in items[end + 1]:
            break
        if not _tells(items[end], first=end == start):
            return 0
        end += 1
    named_so = [item for item in items[start:end] if item.text not in _POINTING]
    if (
        not named_so
        or end - start > _MOST
        or (len(named_so) == end - start and named_so[0].text not in _OURSELVES)
    ):
        return 0
    last = named_so[-1]
    if last.text in _OURSELVES[:4] and head.text.split()[-1] not in _VERSIONS:
        return 0  # "A pencil sketch of me" is one of a person.
    if "name" in last and last.text not in _OURSELVES:
        return 0  # Whoever has a name is looked for.
    if any(
        compares(item) and item.text not in named("no_comparisons")
        for item in items[max(start - 3, 0) : start - 1]
    ) and not _shows_all(last):
        return 0  # "A brighter version of the stove"
    return end


def _shows_all(item: Item) -> bool:
    word = item.text.split()[-1]
    return word in named("scenes") or word in _OURSELVES or word in named("uses") or "exterior" in item.text


def _tells(item: Item, *, first: bool) -> bool:
    words = item.text.split()
    if any(word in named("version_parts") or word in named("orders") for word in words):
        return False
    if any(word in listed("clothes") or word in listed("body") for word in words):
        return False
    if item.text in _POINTING:
        return first
    if item.text in _OURSELVES:
        return True
    if any(sense.startswith(("op.", "verb.", "colour", "area", "literal", "slider")) for sense in item.senses):
        return False
    region = item.senses.get("region")
    plain = not item.senses or any(sense in item for sense in ("refused_thing", "refused_place", "name", "image"))
    return item.text.replace(" ", "").isalpha() and (region == "subject" or (plain and region is None))
