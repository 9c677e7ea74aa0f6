"""An instruction's clauses: each asks for one thing, or says what must stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from retouch.engines.darkroom.vocabulary import Item
from retouch.engines.darkroom.words import HARD, SOFT

Kind = Literal["edit", "remove", "fill", "replace", "keep"]

_HEADS: dict[str, Kind] = {
    "op.verbs": "edit",
    "op.whole": "edit",
    "keep": "keep",
    "verb.make": "edit",
    "verb.apply": "edit",
    "verb.remove": "remove",
    "verb.fill": "fill",
    "verb.replace": "replace",
}


def joins(item: Item) -> bool:
    """Whether the item stands between two parts: a comma, "and", "then"."""
    return item.text in (SOFT, "and") or "join" in item


def _opens(item: Item) -> bool:
    return any(head in item for head in _HEADS)


def _idle(item: Item) -> bool:
    return not _opens(item) and ("polite" in item or "glue" in item)


class Clause:
    """Some items of an instruction.

    ``continues``: it goes on with the verb of the clause before it ("... and the sky darker"). ``kind``: what
    its first word that means something makes of it. ``started``: whether there has been one.
    ``asks``: whether it names an operation.
    """

    def __init__(self, *, continues: bool = False) -> None:
        self.items: list[Item] = []
        self.continues = continues
        self.kind: Kind = "edit"
        self.started = False
        self.asks = False

    @property
    def text(self) -> str:
        return " ".join(item.text for item in self.items if item.text != SOFT)

    def add(self, item: Item) -> None:
        self.items.append(item)
        self.asks = self.asks or "op.looks" in item or "op.verbs" in item
        if not (self.started or joins(item) or _idle(item)):
            self.started = True
            self.kind = next((kind for head, kind in _HEADS.items() if head in item), "edit")


def split(items: Sequence[Item]) -> list[Clause]:
    """The clauses in order; those that only bow and scrape are left out. Linear in the number of items."""
    following = _next_significant(items)
    clauses = [Clause()]
    for item, ahead in zip(items, following, strict=True):
        current = clauses[-1]
        if item.text == HARD or (joins(item) and (ahead is None or _opens(ahead))):
            clauses.append(Clause())
        elif joins(item) and current.kind == "edit" and current.asks and ahead and "region" in ahead:
            clauses.append(Clause(continues=True))
        elif "op.looks" in item and _interrupts(clauses):
            # "Make everything except the face black and white": the edit goes on.
            clauses[-2:] = [current, clauses[-2]]
            clauses[-1].add(item)
        elif "keep" in item and current.started and current.kind != "keep":
            clauses.append(Clause())
            clauses[-1].add(item)
        else:
            current.add(item)
    return [clause for clause in clauses if clause.started]


def _interrupts(clauses: Sequence[Clause]) -> bool:
    """Whether the last clause says what must stay before the one ahead of it has said what shall change."""
    if len(clauses) < 2 or clauses[-1].kind != "keep":
        return False
    return clauses[-2].started and clauses[-2].kind == "edit" and not clauses[-2].asks


def _next_significant(items: Sequence[Item]) -> list[Item | None]:
    """For each place the first item after it that is more than a joint or an article; None at a clause's end."""
    ahead: list[Item | None] = []
    found: Item | None = None
    for item in reversed(items):
        ahead.append(found)
        if item.text == HARD:
            found = None
        elif not (joins(item) or _idle(item) or "definite" in item):
            found = item
    ahead.reverse()
    return ahead
