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
    "sole", "them", "other", "literal", "area", "rest", "denial", "images",
)  # fmt: skip
_NEVER = ("polite", "slider", "op.whole", "stops", "share")
_ORDERING = words_of("description", "ordering")
_CONTAINING = words_of("description", "containing")
_PLACING = words_of("description", "placing")
_DOING = words_of("description", "doing")
_RELATING = (
    _CONTAINING | _PLACING | _DOING | words_of("description", "wearing") | {"that", "which", "who", "where"}
)
_DENYING = frozenset({"no", "without"})
_PICTURES = words_of("description", "shots") | words_of("description", "artworks")
_NOUNS = words_of("description", "nouns")
_SIGNED = re.compile(r"[+-]\d.*|.*[%#].*")
_COMPARED = re.compile("[a-z]{2,}er")
_MADE = re.compile(
    r"^(?:please |(?:can|could|would) you (?:please )?|i (?:want|need|would like) (?:you )?(?:to )?)?"
    r"(?:create|generate|make|draw|paint|show|render|produce|design|imagine|visualise|visualize)(?: me| us)? "
    r"(?=an? (?:[^ ]+ ){0,4}?(?:image|picture|photo|photograph|illustration|painting|portrait|scene|drawing|shot|"
    r"sketch|artwork|render|rendering|poster|wallpaper|landscape|closeup|view) "
    r"(?:of|showing|depicting|featuring|where) (?:an?|two|three|four|some|several|many) )"
)
INVENTED = "edits the pictures that are sent, and makes up no new ones: say what to change in this one"


def is_invention(items: Sequence[Item]) -> bool:
    """Whether a picture of something is ordered that need not be in the one sent: "create a picture of a cat"."""
    return _MADE.match(" ".join(item.text for item in items[:24])) is not None


def is_description(items: Sequence[Item]) -> bool:
    """Whether ``items`` are the name of a whole picture: something in it that has a name, and no order."""
    said = [item for item in items if item.text != HARD]
    while said and joins(said[-1]):
        del said[-1]
    if not said or any(_orders(item) or _is_refused(item) for item in said):
        return False
    return _names_something(said)


def _is_refused(item: Item) -> bool:
    """Whether the item names a look that there is not, of which nothing would be left: "vaporwave"."""
    return "refused_style" in item and item.text not in _PICTURES


def _names_something(said: Sequence[Item]) -> bool:
    """Whether a description can begin so: "a sunlit lounge with ...", "two dogs", "vintage photo of a car", "cat
    on ...". A list of looks has no noun of its own: "a vintage look, noir"."""
    words = [word for item in said for word in item.text.split()]
    owners = [item for item in said for _ in item.text.split()]
    begins = words[0] in ("a", "an") or _counts().match(words, 0) is not None
    size = "amount" in said[0] and thing_at(words, len(said[0].text.split())) is not None  # "A little fox"
    if ("amount" in said[0] and not size) or ("op.looks" in said[0] and begins):
        return False
    end = _noun_end(words, owners, 0)
    of_picture = (
        words[end : end + 1] == ["of"] and end > 0 and words[end - 1] in _PICTURES | _made_by_hand(owners, end)
    )
    if of_picture:
        last = _noun_end(words, owners, end + 1)
        return last > end + 1 and "colour" not in owners[last - 1]  # "A duotone of purple" is of nothing.
    if begins:
        return _is_concrete(words, owners, 1, end)
    if end == len(words) or words[end] not in _RELATING:
        return False
    thing = thing_at(words, 0)
    return (thing is not None and thing[1] == end) or ("name" in said[0] and len(said[0].text.split()) == end)


def _made_by_hand(owners: Sequence[Item], end: int) -> frozenset[str]:
    """The last word of a style: "a watercolour of a house"."""
    item = owners[end - 1]
    return frozenset(item.text.split()[-1:]) if "op.looks" in item else frozenset()


def _noun_end(words: Sequence[str], owners: Sequence[Item], start: int) -> int:
    """Where the noun phrase ends that begins at ``start``."""
    at = start
    while at < len(words):
        word = words[at]
        if at > start and (word in _RELATING or joins(owners[at])):
            break
        if at > start and word.endswith("ing") and word not in _NOUNS and _acts(words, owners, at):
            break
        at += 1
    return at


def _acts(words: Sequence[str], owners: Sequence[Item], at: int) -> bool:
    """Whether a word in -ing tells what somebody does: "two dogs playing in ...", but "a living room"."""
    ends = at + 1 == len(words) or words[at + 1] in _RELATING or joins(owners[at + 1])
    return not owners[at].senses and (ends or words[at + 1] in ("a", "an", "the"))


def _is_concrete(words: Sequence[str], owners: Sequence[Item], start: int, end: int) -> bool:
    """Whether a noun phrase is about something that can be seen: its last word is neither a look nor a name for
    pictures, nor their background."""
    if end <= start:
        return False
    last = owners[end - 1]
    if words[end - 1] == "scene" and end - start > 2:
        return _is_concrete(words, owners, start, end - 1)
    if any(sense in last for sense in ("effect", "amount", "op.looks")):
        return False
    if thing_at(words, end - 1) is not None or "name" in last:
        return True
    if any(sense in last for sense in ("image", "colour", "glue", "definite")):
        return False
    region = last.senses.get("region")
    if region is not None and region not in ("subject", "sky"):
        return False
    return words[end - 1].isalpha()


def _orders(item: Item) -> bool:
    words = item.text.split()
    if any(sense in item for sense in _NEVER) or any(_SIGNED.fullmatch(word) for word in words):
        return True
    if any(word in _ORDERING for word in words):
        return True
    if "op.looks" in item and any(_COMPARED.fullmatch(word) and word not in _PICTURES for word in words):
        return any(word in _comparatives() for word in words)
    if any(form in item for form in ("op.looks", "region", "effect", "image", "glue")):
        return False
    return any(order in item for order in _ORDERS) and item.text not in _DENYING


def _comparatives() -> frozenset[str]:
    return words_of("description", "comparatives")


@cache
def _counts() -> Phrases:
    return Phrases(tables()["count"])
