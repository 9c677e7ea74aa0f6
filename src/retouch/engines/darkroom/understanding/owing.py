"""Whether somebody shall have what is named."""

from __future__ import annotations

from collections.abc import Sequence

from retouch.engines.darkroom.understanding.vocabulary import Item

_NEEDS = ("deserve", "need", "want", "get", "could use")


def owes(items: Sequence[Item]) -> bool:
    """Whether ``items`` say so: "she should have", "I want to see him with", "the cat to wear", "she needs"."""
    for at, item in enumerate(items):
        shown = "polite" in item and (item.text.endswith(" see") or item.text.startswith(_NEEDS))
        worn = at > 0 and item.text.startswith("wear") and items[at - 1].text.split()[-1] == "to"
        if shown or worn or "owing" in item or item.text.startswith(("should", "have")):
            return True
    return False
