"""Clauses that ask for an edit: "make the sky slightly warmer", "vintage filter, please"."""

from __future__ import annotations

from dataclasses import dataclass, field

from retouch.engines.darkroom.clauses import Clause, joins
from retouch.engines.darkroom.reading import NO_MASK, Reading
from retouch.engines.darkroom.recipe import Step
from retouch.engines.darkroom.vocabulary import Item, Operation, Vocabulary

_FORMS = ("op.whole", "op.verbs", "op.looks")
_VERBS = {"verb.make": "make", "verb.apply": "apply"}
_PICTURES = ("image", "images")
_PICTURE_WORDS = ("photo", "photograph", "picture", "image")
_POINTING = ("this", "that", "these", "those")
_SENSELESS = ("polite", "glue", "definite", "effect", "strength", "from")
_MOST = 2.0


@dataclass
class _Wish:
    """An operation that the clause names, and how much of it."""

    operation: Operation
    form: str
    amount: float | None = None
    before: bool = False
    """Whether the amount stood before the name: "slightly warmer and brighter" means both."""
    params: dict[str, str] = field(default_factory=dict)


def read_edit(clause: Clause, found: Reading, lexicon: Vocabulary) -> None:
    """Add the steps that ``clause`` asks for to ``found``, and what of it is not understood."""
    _EditReader(clause, found, lexicon).read()


class _EditReader:
    def __init__(self, clause: Clause, found: Reading, lexicon: Vocabulary) -> None:
        self.items = clause.items
        self.clause = clause
        self.found = found
        self.lexicon = lexicon
        self.verb = found.verb if clause.continues else None
        self.named = {item.senses[form] for item in self.items for form in _FORMS if form in item}
        self.wears = any(item.text.startswith("wear") for item in self.items)
        self.owed = any(item.text.startswith("should") for item in self.items)
        self.wishes: list[_Wish] = []
        self.choices: dict[str, dict[str, str]] = {}
        self.regions: list[str] = []
        self.amount: float | None = None
        self.joined = True
        """Whether the next region is another one, and not a part of the last."""
        self.giving = False
        self.introduced = False
        """Whether "into", "like" or so has been read: what follows is what the picture shall become."""
        self.only = False
        self.area = False

    def read(self) -> None:
        for at, item in enumerate(self.items):
            if joins(item):
                self._settle_amount()
                self.joined = True
            elif not self._own(item):
                self._read(at, item)
        self._settle_amount()
        if self.only and not (self.regions or self.area):
            self.found.unknown.append("only")
        if self.wishes:
            self._ask()
        elif self.clause.continues and self.regions and self.verb != "make" and self.found.last:
            for region in self.regions:
                for step in self.found.last:
                    self.found.add(step.op, params=step.params, region=region, amount=step.amount)
        elif not self.found.unknown and not self.found.reasons:
            self.found.unknown.append(self.clause.text)
        self.found.verb = self.verb

    def _own(self, item: Item) -> bool:
        """Whether ``item`` is a word of an operation named in this clause: its colour, its kind, its place."""
        for name in self.named:
            if choice := item.senses.get(f"choice.{name}"):
                parameter, _, option = choice.partition("=")
                self.choices.setdefault(name, {})[parameter] = option
                return not any(form in item for form in _FORMS)
        return self._beside(item)

    def _beside(self, item: Item) -> bool:
        return any(f"around.{name}" in item for name in self.named)

    def _read(self, at: int, item: Item) -> None:
        form = next((form for form in _FORMS if form in item), None)
        verb = next((kind for sense, kind in _VERBS.items() if sense in item), None)
        if form == "op.verbs" and (self.verb or self.wishes):
            form = "op.looks" if "op.looks" in item else None
        if "polite" in item:
            return
        if form:
            self._name(at, item, form)
        elif self._is_share(at, item):
            self._want(float(item.text) / 100)
        elif verb and not self.verb and not self.wishes:
            self.verb = verb
            self.giving = item.text.startswith(("give", "giving"))
        elif "region" in item:
            if "from" in self._neighbour(at - 1) or "from" in self._neighbour(at - 2):
                self.found.puzzle(item)  # "light from the left"
            if self.wishes and self.wishes[-1].form == "op.looks" and self._of(at) and not self.regions:
                self.found.puzzle(item)
            self._place(item)
        elif "area" in item:
            self.area = True
            if not self.found.has_mask:
                self.found.doubt(NO_MASK)
        elif any(picture in item for picture in _PICTURES) or ("them" in item and self.found.sources > 1):
            self.found.each = self.found.each or "image" not in item
        elif "amount" in item:
            self._want(float(item.senses["amount"]))
        elif "other" in item:
            self.found.doubt("uses one picture in an edit, or does the same to each: it cannot take from another")
            self.found.puzzle(item)
        elif "into" in item or "as_if" in item:
            self._introduce(at, item)
        elif item.text == "only":
            self.only = True
        elif item.text in ("these", "those") and "verb.make" in self._neighbour(at - 1):
            self.found.each = True
        elif not (any(sense in item for sense in _SENSELESS) or self._follows_share(at, item)):
            self.found.puzzle(item)

    def _neighbour(self, at: int) -> Item:
        return self.items[at] if 0 <= at < len(self.items) else Item("")

    def _name(self, at: int, item: Item, form: str) -> None:
        operation = self.lexicon.operations[item.senses[form]]
        before, after = self._neighbour(at - 1), self._neighbour(at + 1)
        if form == "op.looks" and self._describes(at, item, operation):
            # "this vintage photo" says what it is, "a sunset sky" asks for another sky: neither for a look.
            self.found.puzzle(item)
        if operation.steady and form != "op.looks" and "region" in after:
            self.found.puzzle(after)  # "remove the background people"
        beside = [neighbour for neighbour in (before, after) if not self._beside(neighbour)]
        touching = [self.lexicon.operations[other.senses[f]] for other in beside for f in _FORMS if f in other]
        if any(other.steady or operation.steady for other in touching if other is not operation):
            self.found.puzzle(item)  # "dark sunglasses" are no darker picture
        elif form == "op.verbs" and "op.looks" in after:
            self.found.puzzle(after)
        if (operation.thing and not self._fits()) or (self.wishes and self._of(at)):
            self.found.puzzle(item)
        wish = _Wish(operation, form)
        if self.amount is not None:
            wish.amount, wish.before, self.amount = self.amount, True, None
        elif self.wishes and self.wishes[-1].before:
            wish.amount, wish.before = self.wishes[-1].amount, True
        self.wishes.append(wish)

    def _fits(self) -> bool:
        """Whether a thing to add is asked for here: "give him ...", "make him wear ...", "add ...", or by itself;
        "brighten the man wearing ..." tells who is meant."""
        if self.wishes and not self.joined:
            return False
        if self.owed or (self.verb == "make" and self.wears):
            return True
        if self.verb == "apply":
            return not self.regions or self.giving
        return self.verb is None and not self.regions

    def _of(self, at: int) -> bool:
        """Whether the item stands in "... of (the) item": "a watercolour of the sky" is no edit of the sky."""
        return "of" in (self._neighbour(at - 1).text, self._neighbour(at - 2).text)

    def _describes(self, at: int, item: Item, operation: Operation) -> bool:
        before, after = self._neighbour(at - 1), self._neighbour(at + 1)
        if operation.steady:
            return not operation.thing and "definite" in before  # "make her wider"
        if "region" in after or "area" in after:
            return True
        if "definite" not in before:
            return False
        if item.text.split()[-1] in _PICTURE_WORDS or any(picture in after for picture in _PICTURES):
            return True
        if before.text in _POINTING and "verb.make" in self._neighbour(at - 2):
            return False  # "make this vintage"
        return "effect" not in after and not self.introduced and "glue" not in self._neighbour(at - 2)

    def _introduce(self, at: int, item: Item) -> None:
        if "into" in item:
            if self.wishes and self.verb == "make":
                self.found.puzzle(item)  # "turn the sunset into ...": what was named is what is there now
            self.introduced = True
        elif "into" not in self._neighbour(at - 1) and "as_if" not in self._neighbour(at - 1):
            self.found.puzzle(item)  # "it is dark": a statement, not a wish

    def _place(self, item: Item) -> None:
        region = item.senses["region"]
        if self.regions and not self.joined:
            if {region, self.regions[-1]} == {"subject", "face"}:
                self.regions[-1] = "face"
            elif region != self.regions[-1]:
                self.found.puzzle(item)
        elif region not in self.regions:
            if not (self.verb or self.wishes or self.only or self.owed) and self.named - {"remove_background"}:
                self.found.puzzle(item)  # "sky at sunset" describes a picture
            self.regions.append(region)
        self.joined = False

    def _is_share(self, at: int, item: Item) -> bool:
        number = item.text.replace(".", "", 1)
        return number.isascii() and number.isdigit() and self._neighbour(at + 1).text in ("%", "percent")

    def _follows_share(self, at: int, item: Item) -> bool:
        return item.text == "%" and self._is_share(at - 1, self._neighbour(at - 1))

    def _want(self, amount: float) -> None:
        # Of "very, very subtle" the word that says most counts.
        if self.amount is None or abs(amount - 1) > abs(self.amount - 1):
            self.amount = amount

    def _settle_amount(self) -> None:
        """An amount that no name followed belongs to the one before it: "brighten the sky a bit"."""
        if self.amount is None or not self.wishes:
            return
        last = self.wishes[-1]
        if last.amount is None or last.amount == self.amount:
            last.amount = self.amount
        elif self.amount != 1.0:
            self.found.unknown.append(self.clause.text)
        self.amount = None

    def _ask(self) -> None:
        self.found.last = []
        for wish in self.wishes:
            name = wish.operation.name
            amount = 1.0 if wish.amount is None else wish.amount
            if not 0 < amount <= _MOST:
                self.found.doubt("works at strengths of over 0 and up to 200 %")
            elif wish.operation.steady and amount != 1.0:
                self.found.doubt("has no strength for that: it is done or not")
                self.found.unknown.append(self.clause.text)
            for region in self._regions_for(name):
                params = self.choices.get(name, {})
                self.found.add(name, params=params, region=region, amount=amount)
                self.found.last.append(Step(name, params=params, amount=amount))

    def _regions_for(self, name: str) -> list[str | None]:
        if name == "fill" and not self.found.has_mask:
            self.found.doubt(NO_MASK)
        if name in ("sunglasses", "remove_background"):
            if set(self.regions) - {"subject", "face"}:
                self.found.doubt("cannot choose between people or things by where they are: give it a mask")
                self.found.unknown.append(self.clause.text)
            return [None]
        if name == "extend":
            if self.regions:
                self.found.doubt("extends by as much on either side: say sideways or vertically")
                self.found.unknown.append(self.clause.text)
            return [None]
        return list(self.regions) or [None]
