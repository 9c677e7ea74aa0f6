"""Who "her" is: in "brighten her" a person, in "brighten her face" a word like "the"."""

from __future__ import annotations

from collections.abc import Sequence

from retouch.engines.darkroom.understanding.vocabulary import Item

_PICTURES = ("photo", "photograph", "picture", "image", "portrait")
_OWNED = ("region", "effect", "image", "images", "area", "kept_anyway", "refusal")
_LOOKS = ("op.looks", "amount")


def resolve(items: Sequence[Item]) -> list[Item]:
    """``items`` with each "her" that stands for a person turned into one. Linear in their number.

    It owns what follows if that is a noun: one of ours, one that we don't know, or a look that describes one
    ("her vintage photo").
    """
    owned = False
    found: list[Item] = []
    for at in range(len(items) - 1, -1, -1):
        item = items[at]
        if item.text == "her" and not owned:
            item = Item("her", {"region": "subject", "name": "people/person"})
        owned = _is_owned(item, owned)
        found.append(item)
    found.reverse()
    return found


def _is_owned(item: Item, before: bool) -> bool:
    """Whether "her" ahead of ``item`` would own it; ``before``: the same of the item after that."""
    if any(sense in item for sense in _OWNED) or item.text.split()[-1] in _PICTURES:
        return True
    if any(sense in item for sense in _LOOKS):
        return before
    return not item.senses and item.text.isalpha() and item.text not in ("and", "which", "who")
