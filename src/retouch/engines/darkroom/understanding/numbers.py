"""Numbers without a unit beside a setting: "shadows up 40", "lift the blacks by 15", "+20 clarity", "grain 25"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from retouch.engines.darkroom.understanding.clauses import joins
from retouch.engines.darkroom.understanding.vocabulary import Item, Vocabulary
from retouch.engines.darkroom.understanding.wishes import MOST_STOPS, Amount, Wish, number_before

_NUMBER = re.compile(r"([+-]?)(\d{1,3}(?:\.\d{1,2})?)")
_BEHIND = ("strength", "polite", "denial")
_PLACING = ("in", "on", "over", "for", "across")
_BEFORE = ("glue", "into", "strength", "polite", "definite")
_LEAST_SHARE = 5.0
"""A smaller number is no share of a hundred, and is meant in stops where it is an exposure."""

_DARKENING_SETTINGS = ("vignette",)
"""Raw converters count these downwards: "vignette -20" is more of it."""


def measure(items: Sequence[Item], at: int, wishes: Sequence[Wish], lexicon: Vocabulary) -> Amount | None:
    """The amount that the number at ``at`` says, with its unit or as `bare_number` does."""
    after = items[at + 1] if at + 1 < len(items) else Item("")
    amount = number_before(items[at], after)
    if amount is None:
        return bare_number(items, at, wishes, lexicon)
    before = items[at - 1].text.split()[-1] if at else ""
    if amount.share and wishes and before != "by":
        operation = wishes[-1].operation
        if before == "to" and operation.name in lexicon.lowering and amount.value < 1:
            return Amount(round(1 - amount.value, 4), share=True)  # "Drop the saturation to 80 %"
        if amount.value > 1 and (operation.stops > 0 or operation.slid):
            return Amount(round(amount.value - 1, 4), share=True)  # "Brightness 120 %"
    return amount


def bare_number(items: Sequence[Item], at: int, wishes: Sequence[Wish], lexicon: Vocabulary) -> Amount | None:
    """What the number at ``at`` sets the last of ``wishes`` to, in hundredths of its range or in stops of light;
    None where it is no number, counts something, stands apart from the wish, or has the sign of the contrary."""
    match = _NUMBER.fullmatch(items[at].text)
    if match is None or not wishes or not _stands_alone(items, at):
        return None
    operation, value = wishes[-1].operation, float(match[2])
    if operation.steady or operation.thing or operation.reframes or operation.name == "recolour":
        return None
    lowers = operation.name in lexicon.lowering
    if (match[1] == "+" and lowers) or (match[1] == "-" and not (lowers or operation.name in _DARKENING_SETTINGS)):
        return None
    if operation.stops and 0 < value <= MOST_STOPS and any("expos" in item.text for item in items):
        return Amount(value, stops=True)
    return Amount(value / 100, share=True) if _LEAST_SHARE <= value <= 100 else None


def _stands_alone(items: Sequence[Item], at: int) -> bool:
    """Whether the number counts nothing that follows it, and no more than "by" parts it from what it sets."""
    after = items[at + 1] if at + 1 < len(items) else None
    if after and not (joins(after) or after.text in _PLACING or any(sense in after for sense in _BEHIND)):
        return False
    back = at - 1
    while back >= 0 and (joins(items[back]) or any(sense in items[back] for sense in _BEFORE)):
        back -= 1
    before = items[back] if back >= 0 else None
    named = before and any(
        sense.startswith(("op.", "slider", "around.", "image", "region")) for sense in before.senses
    )
    return bool(named)
