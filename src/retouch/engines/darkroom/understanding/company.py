"""Which of the operations that a clause names a word beside them belongs to: "a crown and pink glasses"."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import accumulate, pairwise

from retouch.engines.darkroom.understanding.clauses import joins
from retouch.engines.darkroom.understanding.vocabulary import Item, Vocabulary

FORMS = ("op.whole", "op.verbs", "op.looks")


class Company:
    """The operations that ``items`` name, ``named``: each with the item that names it last."""

    def __init__(self, items: Sequence[Item], lexicon: Vocabulary) -> None:
        self.named = {item.senses[form]: item for item in items for form in FORMS if form in item}
        self._parts = [*accumulate(map(joins, items))]
        self._homes: dict[str, int] = {}
        if any(lexicon.operations[name].thing for name in self.named):
            for item, part in zip(items, self._parts, strict=True):
                self._homes |= {item.senses[form]: part for form in FORMS if form in item}

    def owners(self, at: int) -> Collection[str]:
        """Those whose colour or kind the item at ``at`` may be: of things those that stand between the same
        joints, if any do."""
        return [name for name, part in self._homes.items() if part == self._parts[at]] or self.named

    def is_beside(self, item: Item) -> bool:
        """Whether ``item`` means nothing except beside one of them."""
        return any(f"around.{name}" in item for name in self.named)


_HIM_OR_HER = frozenset({"him", "her", "his"})


def shares_out(items: Sequence[Item], lexicon: Vocabulary) -> bool:
    """Whether ``items`` give one thing to one and another thing to another: "glasses for him, a crown for her"."""
    worn: list[set[str]] = []
    for item in items:
        if any(lexicon.operations[item.senses[form]].thing for form in FORMS if form in item):
            worn.append(set())
        elif worn and item.text in _HIM_OR_HER:
            worn[-1].add("him" if item.text == "his" else item.text)
        elif worn and item.senses.get("name", "people/person") != "people/person":
            worn[-1].add(item.senses["name"])
    given = [who for who in worn if who]
    return any(
        one.isdisjoint(other) and (one | other <= _HIM_OR_HER or _HIM_OR_HER.isdisjoint(one | other))
        for one, other in pairwise(given)
    )
