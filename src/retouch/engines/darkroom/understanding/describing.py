"""Whether a prompt describes a picture, or orders an edit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from retouch.engines.darkroom.understanding.clauses import joins
from retouch.engines.darkroom.understanding.insertion import thing_at
from retouch.engines.darkroom.understanding.phrases import Phrases
from retouch.engines.darkroom.understanding.placing import tables, words_of
from retouch.engines.darkroom.understanding.vocabulary import Item
from retouch.engines.darkroom.understanding.words import HARD

_ORDERS = (
    "verb.make", "verb.apply", "verb.remove", "verb.fill", "verb.replace", "verb.structured", "op.verbs", "keep",
    "complaint", "sole", "them", "other", "literal", "area", "rest", "denial", "images",
)  # fmt: skip
_ASKING = words_of("description", "asking")
_MEASURING = ("%", "percent", "but", "more", "less", "only")
_CONTAINING = words_of("description", "containing")
_PLACING = words_of("description", "placing")
_DOING = words_of("description", "doing")
_DENYING = frozenset({"no", "without"})
_PICTURES = words_of("description", "shots") | words_of("description", "artworks")
_MADE = re.compile(
    r"^(?:please )?(?:create|generate|make|draw|paint|show|render|produce|design|imagine)(?: me)? "
    r"(?=(?:an?|the) (?:[^ ]+ ){0,4}?"
    r"(?:image|picture|photo|photograph|illustration|painting|portrait|scene|drawing|shot|sketch|artwork) "
    r"(?:of|showing|with|where|that|in)\b)"
)


def without_order(items: Sequence[Item]) -> Sequence[Item]:
    """ "Create a picture of a cat" describes it."""
    start = " ".join(item.text for item in items[:12])
    match = _MADE.match(start)
    if match is None:
        return items
    words = len(match.group().split())
    while words > 0 and items:
        words -= len(items[0].text.split())
        items = items[1:]
    return items


def is_description(items: Sequence[Item]) -> bool:
    """Whether ``items`` describe a picture and order nothing."""
    said = [item for item in items if "polite" not in item and not joins(item) and item.text != HARD]
    if not said or not _begins(said):
        return False
    return not any(_orders(item) or item.text in _MEASURING for item in items)


def _begins(said: Sequence[Item]) -> bool:
    """Whether a description can begin so: "a ...", "two ...", "cinematic photo of ...", "sunset over ..."."""
    words = " ".join(item.text for item in said[:6]).split()
    if words[0] in ("a", "an") or words[0] in _PICTURES or _counts().match(words, 0):
        return True
    if "definite" in said[0] or words[0] in _ASKING or len(words) < 3:
        return False
    if "op.looks" in said[0] or "name" in said[0]:
        return True
    thing = thing_at(words, 0)
    return thing is not None and " ".join(words[thing[1] : thing[1] + 1]) in _PLACING | _CONTAINING | _DOING


def _orders(item: Item) -> bool:
    if any(form in item for form in ("op.looks", "region", "effect", "image", "glue")):
        return False
    return any(order in item for order in _ORDERS) and item.text not in _DENYING


@cache
def _counts() -> Phrases:
    return Phrases(tables()["count"])
