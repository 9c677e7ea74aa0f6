"""Clauses that have something removed under the mask: "erase this", "fill with the background"."""

from __future__ import annotations

from collections.abc import Sequence

from retouch.engines.darkroom.understanding.clauses import Clause, joins
from retouch.engines.darkroom.understanding.reading import NO_MASK, Reading
from retouch.engines.darkroom.understanding.vocabulary import Item

_POINTING = ("this", "that", "these", "those", "her", "thing")
_LONGEST_NAME = 12
"""Words that may name what is removed; longer ones tell a story that we would not follow."""

_JOINTS = ("definite", "glue", "polite", "from", "as_if", "into")
_VERBS = ("verb.make", "verb.apply", "verb.fill", "verb.replace")
_PLACES = ("area", "image", "images", "them")


def _is(item: Item, *senses: str) -> bool:
    return any(sense in item for sense in senses)


def read_removal(clause: Clause, found: Reading) -> None:
    """ "Remove the man on the left": the mask says which man, so any name for him will do."""
    named = False
    length = 0
    for item in clause.items:
        if _is(item, "verb.remove"):
            named = named or _is(item, "refused_thing") or any(word in _POINTING for word in item.text.split())
        elif joins(item) or _is(item, "polite", "from"):
            continue
        elif _is(item, "effect"):
            found.doubt("does not undo a look: send the original picture instead")
            found.puzzle(item)
        elif "amount" in item and item.senses["amount"] == "1.0":
            continue
        elif _is(item, *_VERBS) and not _is(item, "glue", "definite"):
            found.puzzle(item)
        else:
            named = named or not item.senses or _is(item, "region", "refused_thing", *_PLACES)
            named = named or item.text in _POINTING
            length += len(item.text.split())
    if not named or length > _LONGEST_NAME:
        found.unknown.append(clause.text)
    _fill(found)


def read_fill(clause: Clause, found: Reading) -> None:
    """ "Fill the hole with the surroundings"."""
    for item in clause.items:
        known = _is(item, "verb.fill", "surroundings", "kept", "effect", *_JOINTS, *_PLACES)
        whole = item.senses.get("amount") == "1.0"
        if not (known or whole or joins(item)):
            found.puzzle(item)
    _fill(found)


def read_replacement(clause: Clause, found: Reading) -> None:
    """ "Replace the sign with the background": with anything else it would have to be invented."""
    texts = [item.text for item in clause.items]
    cut = next((at for at, text in enumerate(texts) if text in ("with", "by", "for")), len(texts))
    filling = clause.items[cut + 1 :]
    wanted = [item for item in filling if not (joins(item) or _is(item, *_JOINTS, "kept"))]
    if not wanted or not all("surroundings" in item for item in wanted):
        found.doubt("cannot turn one thing into another or invent new ones")
        _blame(filling or clause.items, found)
    if len(texts[:cut]) > _LONGEST_NAME:
        found.unknown.append(clause.text)
    _fill(found)


def _blame(items: Sequence[Item], found: Reading) -> None:
    for item in items:
        if not (joins(item) or _is(item, *_JOINTS)):
            found.puzzle(item)


def _fill(found: Reading) -> None:
    if found.steps and found.steps[-1].op == "remove_subject":
        return  # "Remove her and fill in the background"
    if not found.has_mask:
        found.doubt(f"removes nothing by its name alone; it {NO_MASK}")
        return
    found.add("fill")
