"""An instruction's clauses: each asks for one thing, or says what must stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from retouch.engines.darkroom.understanding.vocabulary import Item
from retouch.engines.darkroom.understanding.words import HARD, SOFT

WHOLE = ("everything", "everywhere", "all")
"""How an exception begins that belongs to one edit: "everything but the sky"."""

_NEAR = 5
"""Items that are looked at behind a joint."""

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
    "verb.structured": "edit",
}


def joins(item: Item) -> bool:
    """Whether the item stands between two parts: a comma, "and", "then"."""
    return item.text in (SOFT, "and") or "join" in item


def denies(item: Item) -> bool:
    """Whether what follows is said not to be meant: "not", "instead of"."""
    return "keep" in item and (item.text in ("not", "but not") or "denial" in item)


def compares(item: Item) -> bool:
    """Whether the item compares what is wanted with what there is: "darker", "more dramatic"."""
    words = item.text.split()
    return bool(words) and (words[0] in ("more", "less") or words[-1].endswith("er"))


def opens(item: Item) -> bool:
    """Whether a clause may begin with the item: a verb that orders something, or says what stays."""
    return any(head in item for head in _HEADS)


def _idle(item: Item) -> bool:
    return not opens(item) and ("polite" in item or "glue" in item)


class Clause:
    """Some items of an instruction.

    ``continues``: it goes on with the verb of the clause before it ("... and the sky darker"). ``kind``: what
    its first word that means something makes of it. ``started``: whether there has been one.
    ``asks``: whether it names an operation. ``verbal``: whether it began with a verb.
    ``leads``: whether it stands before the edit it belongs to. ``places``, ``denied``: whether it names a region,
    or what is not meant. ``rest_at``: where behind a joint it begins to speak of the rest, 0 for nowhere.
    """

    def __init__(self, *, continues: bool = False) -> None:
        self.items: list[Item] = []
        self.continues = continues
        self.kind: Kind = "edit"
        self.started = False
        self.asks = False
        self.verbal = False
        self.leads = False
        self.places = False
        self.denied = False
        self.rest_at = 0

    @property
    def text(self) -> str:
        return " ".join(item.text for item in self.items if item.text != SOFT)

    @property
    def words(self) -> list[str]:
        """Its words one by one, "," among them, without what joins it to other clauses at either end."""
        items = list(self.items)
        while items and (joins(items[0]) or "polite" in items[0]):
            del items[0]
        while items and (joins(items[-1]) or "polite" in items[-1]):
            del items[-1]
        return [word for item in items for word in item.text.split()]

    def add(self, item: Item) -> None:
        if "rest" in item and self.items and joins(self.items[-1]):
            self.rest_at = len(self.items)
        self.places = self.places or "region" in item
        self.denied = self.denied or denies(item)
        self.items.append(item)
        self.asks = self.asks or "op.looks" in item or "op.verbs" in item
        if not (self.started or joins(item) or _idle(item)):
            self.started = True
            self.kind = next((kind for head, kind in _HEADS.items() if head in item), "edit")
            self.verbal = opens(item)


def split(items: Sequence[Item]) -> list[Clause]:
    """The clauses in order; those that only bow and scrape are left out. Linear in the number of items."""
    following = _next_significant(items)
    clauses = [Clause()]
    written = _before_text(items)
    for at, (item, ahead) in enumerate(zip(items, following, strict=True)):
        current = clauses[-1]
        text = at in written and current.asks and not any("literal" in one for one in current.items)
        parted = joins(item) and (ahead is None or opens(ahead) or (current.places and _compared(items[at + 1 :])))
        if text or item.text == HARD or parted:
            clauses.append(Clause())
        elif joins(item) and current.kind == "edit" and current.asks and ahead and _is_place(ahead):
            clauses.append(Clause(continues=True))
        elif "op.looks" in item and current.kind == "keep" and denies(current.items[-1]):
            current.add(item)
        elif _runs_on(current, item, ahead):
            clauses.append(Clause())
            clauses[-1].add(item)
        elif "op.looks" in item and current.kind == "keep" and current.places and current.rest_at:
            # "Keep the face in colour, everything else black and white".
            clauses.append(Clause())
            for moved in current.items[current.rest_at :]:
                clauses[-1].add(moved)
            del current.items[current.rest_at :]
            clauses[-1].add(item)
        elif "op.looks" in item and _interrupts(clauses):
            # "Make everything except the face black and white": the edit goes on.
            current.leads = True
            clauses[-2:] = [current, clauses[-2]]
            clauses[-1].add(item)
        elif "op.looks" in item and current.kind == "keep" and (current.denied or _excepts(current)):
            # "Not warmer but cooler", "everything except the sky in sepia": the wish begins here.
            current.leads = True
            clauses.append(Clause())
            clauses[-1].add(item)
        elif "keep" in item and current.started and current.kind != "keep" and current.text != "only":
            clauses.append(Clause())
            clauses[-1].add(item)
        else:
            current.add(item)
    return [clause for clause in clauses if clause.started]


def _before_text(items: Sequence[Item]) -> set[int]:
    """The joints that begin a part with a text: "brighten it, then the words ..."."""
    found: set[int] = set()
    joint: int | None = None
    for at, item in enumerate(items):
        if joins(item) or item.text == HARD:
            joint = at
        elif "literal" in item and joint is not None:
            found.add(joint)
    return found


def _excepts(clause: Clause) -> bool:
    whole = any("keep" in item and item.text.startswith(WHOLE) for item in clause.items[:2])
    return whole and clause.places


def _is_place(item: Item) -> bool:
    return "region" in item or "rest" in item


def _runs_on(current: Clause, item: Item, ahead: Item | None) -> bool:
    """Whether another sentence begins without a stop: "make it warmer make it darker"."""
    if not (current.kind == "edit" and current.verbal and current.asks and ahead is not None):
        return False
    verb = "verb.make" in item or "verb.apply" in item or "op.verbs" in item
    return verb and not ("effect" in item or "op.looks" in item) and ("image" in ahead or _is_place(ahead))


def _compared(items: Sequence[Item]) -> bool:
    """Whether ``items`` begin with another quality and its own place: "warmer foreground, | cooler sky"."""
    told = [item for item in items[:_NEAR] if not ("amount" in item or "definite" in item or _idle(item))]
    return len(told) > 1 and "op.looks" in told[0] and compares(told[0]) and "region" in told[1]


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
