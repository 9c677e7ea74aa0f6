"""How much of an operation is wished for: "slightly", "30 %", "twice as bright", "by one stop"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from retouch.engines.darkroom.understanding.reading import Reading
from retouch.engines.darkroom.understanding.vocabulary import Item, Operation

MOST = 2.0
"""The greatest strength."""

MOST_STOPS = 3.0
LEAST_STOPS = 0.01


@dataclass(frozen=True)
class Amount:
    """``value``: a strength, 1 as designed, or with ``share`` the number before a "%" divided by 100, or with
    ``stops`` a number of stops."""

    value: float
    share: bool = False
    stops: bool = False


@dataclass
class Wish:
    """An operation that a clause names, and how much of it.

    ``form``: how it was named. ``before``: whether the amount stood before the name: "slightly warmer and
    brighter" means both. ``part``: the strength that the name itself stands for.
    """

    operation: Operation
    form: str
    amount: Amount | None = None
    before: bool = False
    part: float = 1.0
    params: dict[str, str | float] = field(default_factory=dict)

    def measure(self, found: Reading, text: str) -> float:
        """The strength, once ``params`` has the exposure if that is what was measured; what cannot be done is
        noted in ``found``. ``text``: the clause, to quote."""
        wanted = self.amount or Amount(1.0)
        if self.operation.stops and (wanted.share or wanted.stops):
            self._expose(wanted, found)
            return 1.0
        if wanted.stops:
            found.doubt("measures nothing but brightness in stops")
            found.unknown.append(text)
        value = wanted.value if wanted.share else wanted.value * self.part
        most = 1.0 if self.part < 1 else MOST
        if not 0 < value <= most:
            found.doubt(f"works at strengths of over 0 and up to {100 * most:.0f} %")
        elif self.operation.steady and wanted != Amount(1.0):
            found.doubt("has no strength for that: it is done or not")
            found.unknown.append(text)
        return round(value, 4)

    def _expose(self, wanted: Amount, found: Reading) -> None:
        """ "30 % brighter" is 1.3 times the light, "30 % darker" 0.7 times."""
        way = self.operation.stops
        light = 2.0 ** (way * wanted.value) if wanted.stops else 1 + way * wanted.value
        stops = math.log2(light) if light > 0 else -math.inf
        if not LEAST_STOPS <= abs(stops) <= MOST_STOPS:
            found.doubt("makes a picture up to 8 times as bright, or darker by up to 87 %")
            stops = 0.0
        self.params["exposure"] = round(stops, 4)


def measured(amount: Amount) -> bool:
    return amount.share or amount.stops


def distinct(wishes: Sequence[Wish]) -> list[Wish]:
    """``wishes`` without those that only name one again: "black and white with heavy grain, Tri-X style"; of two
    that one tells how much, that one."""
    found: dict[str, list[Wish]] = {}
    for at, wish in enumerate(wishes):
        named = found.setdefault(wish.operation.name, [])
        inherited = at > 0 and wish.amount == wishes[at - 1].amount
        if not named or not (wish.amount is None or inherited or named[-1].amount is None):
            named.append(wish)
        elif named[-1].amount is None and wish.amount is not None and not inherited:
            named[-1] = wish
    return [wish for named in found.values() for wish in named]


def more_telling(one: Amount | None, other: Amount) -> Amount:
    """Of "very, very subtle" the word that says most counts, and before any word a number."""
    if one is not None and (measured(one) or measured(other)) and measured(one) != measured(other):
        return one if measured(one) else other
    return other if one is None or abs(other.value - 1) > abs(one.value - 1) else one


def agree(one: Amount | None, other: Amount) -> Amount | None:
    """What two amounts of one wish come to; None if they contradict each other: "20 %, not too much" is 20 %."""
    if one is None or one == other:
        return other
    if other == Amount(1.0):
        return one
    if measured(one) != measured(other):
        number, word = (one, other) if measured(one) else (other, one)
        return number if word.value <= 1 else None
    return None


def is_number(text: str) -> bool:
    digits = text.replace(".", "", 1)
    return digits.isascii() and digits.isdigit()


def number_before(item: Item, after: Item) -> Amount | None:
    """The amount in "30 %" or "2 stops"."""
    if not is_number(item.text):
        return None
    if after.text in ("%", "percent"):
        return Amount(float(item.text) / 100, share=True)
    if "stop" in after:
        return Amount(float(item.text), stops=True)
    if after.text in ("x", "times") and float(item.text) > 1:
        return Amount(math.log2(float(item.text)), stops=True)  # "1.5x brighter"
    return None


def as_strength(wish: Wish) -> None:
    """ "At 50 % strength": the share is of the designed effect, and not of the light."""
    if wish.amount is not None and wish.amount.share:
        wish.amount = replace(wish.amount, share=False)


def amount_of(item: Item) -> Amount | None:
    """How much "a bit", "by half" or "two stops" is."""
    if "amount" in item:
        return Amount(float(item.senses["amount"]))
    if "share" in item:
        return Amount(float(item.senses["share"]), share=True)
    return Amount(float(item.senses["stops"]), stops=True) if "stops" in item else None
