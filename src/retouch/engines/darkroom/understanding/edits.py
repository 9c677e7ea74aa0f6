"""Clauses that ask for an edit: "make the sky slightly warmer", "vintage filter, please"."""

from __future__ import annotations

from retouch.engines.darkroom.recipe import Step
from retouch.engines.darkroom.understanding.clauses import Clause, compares, joins
from retouch.engines.darkroom.understanding.company import FORMS, Company
from retouch.engines.darkroom.understanding.hedges import hedge
from retouch.engines.darkroom.understanding.numbers import measure
from retouch.engines.darkroom.understanding.owing import owes
from retouch.engines.darkroom.understanding.places import places
from retouch.engines.darkroom.understanding.reading import NO_BACKDROP, NO_MASK, ONE_PICTURE, Reading
from retouch.engines.darkroom.understanding.speech import number_of
from retouch.engines.darkroom.understanding.vocabulary import Item, Operation, Vocabulary
from retouch.engines.darkroom.understanding.wishes import (
    Amount,
    Wish,
    agree,
    amount_of,
    as_strength,
    distinct,
    more_telling,
    number_before,
)

_VERBS = {"verb.make": "make", "verb.apply": "apply"}
_PICTURES = ("image", "images")
_PICTURE_WORDS = ("photo", "photograph", "picture", "image")
_SIDES = ("left", "right", "top", "bottom")
_SENSELESS = ("polite", "glue", "definite", "effect", "strength", "from", "owing")


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
        self.company = Company(self.items, lexicon)
        self.wears = any(item.text.startswith(("wear", "have", "has")) for item in self.items)
        self.owed = owes(self.items)
        self.wishes: list[Wish] = []
        self.choices: dict[str, dict[str, str]] = {}
        self.regions: list[str] = []
        self.names: list[str] = []
        self.amount: Amount | None = None
        self.joined = True
        """Whether the next region is another one, and not a part of the last."""
        self.introduced = False
        """Whether "into", "like" or so has been read: what follows is what the picture shall become."""
        self.only = self.area = self.rest = self.it = self.giving = False

    def read(self) -> None:
        for at, item in enumerate(self.items):
            if joins(item):
                self._settle_amount()
                self.joined = True
            elif not self._own(at, item):
                self._read(at, item)
        self._settle_amount()
        if self.only and not (self.regions or self.area or self.wishes):
            self.found.unknown.append("only")
        self._conclude()
        self.found.call(self.names, also=self.clause.continues and not self.wishes)
        self.found.name(self.regions)
        self.found.verb = self.verb

    def _conclude(self) -> None:
        if self.wishes:
            self._ask()
        elif hedge(self.clause, self.amount, self.found, self.lexicon):
            return
        elif self.clause.continues and self.regions and self.verb != "make" and self.found.last:
            for step in self.found.last:
                self._extend_to(step)
        elif self.only and self.regions:
            self.found.sole += [region for region in self.regions if region not in self.found.sole]
        elif not self.found.unknown and not self.found.reasons:
            for item in self.items:
                if reason := item.senses.get("refusal"):
                    self.found.doubt(reason)  # "make it high quality"
            self.found.unknown.append(self.clause.text)

    def _extend_to(self, step: Step) -> None:
        """Have ``step`` done to the regions of this clause, too."""
        operation = self.lexicon.operations[step.op]
        if (operation.steady or operation.reframes) and not operation.thing:
            self.found.unknown.append(self.clause.text)  # "Remove the background and the person"
        for region, _ in places(
            self.found, self.clause, operation, self.regions, self.names, rest=self.rest, it=self.it
        ):
            self.found.add(step.op, params=step.params, region=region, amount=step.amount)

    def _own(self, at: int, item: Item) -> bool:
        """Whether ``item`` is a word of an operation named in this clause: its colour, its kind, its place."""
        for name in self.company.owners(at):
            if choice := item.senses.get(f"choice.{name}"):
                self._choose(name, *choice.split("="))
                return not any(form in item for form in FORMS)
        return self.company.is_beside(item)

    def _choose(self, name: str, parameter: str, option: str) -> None:
        chosen = self.choices.setdefault(name, {})
        if (before := chosen.setdefault(parameter, option)) != option:
            self.found.doubt(f"takes one {parameter} there: either {before} or {option}")

    def _read(self, at: int, item: Item) -> None:
        form = next((form for form in FORMS if form in item), None)
        verb = next((kind for sense, kind in _VERBS.items() if sense in item), None)
        if form == "op.verbs" and (self.verb or self.wishes):
            form = "op.looks" if "op.looks" in item else None
        if "polite" in item or "filler" in item:
            return
        if form:
            self._name(at, item, form)
        elif amount := measure(self.items, at, self.wishes, self.lexicon):
            if self._neighbour(at - 1).text in _SIDES:
                self.found.puzzle(self._neighbour(at - 1))  # "The left 20 %" is how far it goes, not how much.
            self.amount = more_telling(self.amount, amount)
        elif verb and not self.verb and not self.wishes:
            self.verb = verb
            self.giving = item.text.startswith(("give", "giving"))
        elif "region" in item:
            tinted = item.senses["region"].startswith("colour:") and self._neighbour(at - 1).text == "with"
            look_of = self.wishes and self.wishes[-1].form == "op.looks" and self._of(at) and not self.regions
            if look_of or (tinted and self.wishes) or any("from" in self._neighbour(at - back) for back in (1, 2)):
                self.found.puzzle(item)  # "light from the left"
            self._place(at, item)
        elif "rest" in item and not self.rest:
            self.rest = True
        elif "area" in item:
            self.area = True
            if not self.found.has_mask:
                self.found.doubt(NO_MASK)
        elif "them" in item and self.found.sources == 1 and self.found.complaints:
            return  # "The colours are dull, make them pop"
        elif any(picture in item for picture in _PICTURES) or ("them" in item and self.found.sources > 1):
            self.found.each = self.found.each or "image" not in item
            self.it = self.it or item.text == "it"
        elif said := amount_of(item):
            self.amount = more_telling(self.amount, said)
        else:
            self._read_around(at, item)

    def _read_around(self, at: int, item: Item) -> None:
        before = self._neighbour(at - 1)
        left = self.only and "kept" in item and not self.wishes
        if "other" in item:
            if number_of(item.text, self.found) != 0:
                self.found.doubt(ONE_PICTURE)
            self.found.puzzle(item)
        elif (item.text == "colours" and any(form in before for form in FORMS)) or left:
            return  # "blade runner colours", "leave everything but the sky alone"
        elif "into" in item or "as_if" in item:
            self._introduce(at, item)
        elif item.text == "only" or "sole" in item:
            self.only = True
        elif item.text in ("these", "those") and "verb.make" in before:
            self.found.each = True
        elif not (any(sense in item for sense in _SENSELESS) or number_before(before, item)):
            if "colour" in item and {"background", "sky"} & set(self.regions):
                self.found.doubt(NO_BACKDROP)
                self.found.unknown.append(item.text)
                return
            placed = "definite" in before and not self.introduced and self.verb != "apply"
            self.found.puzzle(item, place=placed)

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
        beside = [neighbour for neighbour in (before, after) if not self.company.is_beside(neighbour)]
        touching = [self.lexicon.operations[other.senses[f]] for other in beside for f in FORMS if f in other]
        if any(other.steady or operation.steady for other in touching if other is not operation):
            self.found.puzzle(item)  # "dark sunglasses" are no darker picture
        elif form == "op.verbs" and "op.looks" in after:
            self.found.puzzle(after)
        if (operation.thing and not self._fits()) or (self.wishes and self._of(at)):
            self.found.puzzle(item)
        wish = Wish(operation, form, part=float(item.senses.get("part", 1)))
        if self.amount is not None:
            wish.amount, wish.before, self.amount = self.amount, True, None
        elif self.wishes and self.wishes[-1].before:
            wish.amount, wish.before = self.wishes[-1].amount, True
        if exact := item.senses.get("stops"):
            wish.amount = Amount(float(exact), stops=True)
        self.wishes.append(wish)

    def _fits(self) -> bool:
        """Whether a thing to add is asked for here: "give him ...", "make him wear ...", "add ...", or by itself;
        "brighten the man wearing ..." tells who is meant."""
        if self.wishes and not self.joined:
            return False
        if self.owed or (self.verb == "make" and self.wears):
            return True
        given = self.verb == "apply" and self.giving
        more = any(wish.operation.thing for wish in self.wishes[-1:])  # "A hat on me and sunglasses"
        return given or (self.verb in ("apply", None) and (more or not self.regions))

    def _of(self, at: int) -> bool:
        """Whether the item stands in "... of (the) item": "a watercolour of the sky" is no edit of the sky."""
        return "of" in (self._neighbour(at - 1).text, self._neighbour(at - 2).text)

    def _describes(self, at: int, item: Item, operation: Operation) -> bool:
        before, after = self._neighbour(at - 1), self._neighbour(at + 1)
        if operation.steady:
            return not operation.thing and "definite" in before  # "make her wider"
        if "region" in after and compares(item) and "definite" not in before:
            return False  # "A darker background": there is none yet.
        if "region" in after or ("area" in after and not after.text.startswith(("in", "on", "with"))):
            # "Turn the sky into a sunset sky" names once more what shall change.
            again = before.text in ("a", "an") and after.senses.get("region") in self.regions
            return not (again and self.verb == "make" and "name" not in after)
        if "definite" not in before:
            return False
        if item.text.split()[-1] in _PICTURE_WORDS or any(picture in after for picture in _PICTURES):
            return True
        if before.text in ("this", "that", "these", "those") and any(
            verb in self._neighbour(at - 2) for verb in _VERBS
        ):
            return False  # "make this vintage", "give me that golden-hour glow"
        return "effect" not in after and not self.introduced and "glue" not in self._neighbour(at - 2)

    def _introduce(self, at: int, item: Item) -> None:
        if "into" in item:
            if self.wishes and self.verb == "make":
                self.found.puzzle(item)  # "turn the sunset into ...": what was named is what is there now
            self.introduced = True
        elif "into" not in self._neighbour(at - 1) and "as_if" not in self._neighbour(at - 1):
            self.found.puzzle(item)  # "it is dark": a statement, not a wish

    def _place(self, at: int, item: Item) -> None:
        region = item.senses["region"]
        name = item.senses.get("name")
        if name and any("image" in self._neighbour(at - back) and self._of(at) for back in (2, 3)):
            return  # "this photo of a cat" is the whole photo
        if name:
            self.names += [name] * (name not in self.names)
            thing = name.startswith("things/")
            puts = any(self.lexicon.operations[worn].family == "headwear" for worn in self.company.named)
            before = self._neighbour(at - 1)  # "Add a hat to the cat", "a hat for kitty"
            owned = "definite" in before or (puts and before.text in ("for", "on"))
            if thing and (not owned or (self.introduced and not puts)):
                self.found.puzzle(item)  # "a black and white cat", "turn it into the cat"
        if self.regions and not self.joined:
            if {region, self.regions[-1]} == {"subject", "face"}:
                self.regions[-1] = "face"
                if any(name.startswith("things/") for name in self.names):
                    self.found.doubt("finds the faces of people only")
            elif region != self.regions[-1]:
                self.found.puzzle(item)
        elif region not in self.regions:
            if (
                not (self.verb or self.wishes or self.only or self.owed)
                and self.company.named.keys() - {"remove_background"}
                and not any(map(compares, [*self.company.named.values(), *self.items]))
            ):
                self.found.puzzle(item)  # "sky at sunset" describes a picture, "sky a bit darker" asks
            self.regions.append(region)
        self.joined = False

    def _settle_amount(self) -> None:
        """An amount that no name followed belongs to the one before it: "brighten the sky a bit"."""
        if self.amount is None or not self.wishes:
            return
        last = self.wishes[-1]
        if (agreed := agree(last.amount, self.amount)) is None:
            self.found.unknown.append(self.clause.text)
        last.amount, self.amount = agreed or last.amount, None

    def _ask(self) -> None:
        self.found.last = []
        self.found.begun = len(self.found.steps)
        strength = any(item.text in ("strength", "intensity", "opacity") for item in self.items)
        text = self.clause.text  # Once: it is as long as the prompt.
        for wish in distinct(self.wishes):
            if strength:
                as_strength(wish)
            amount = wish.measure(self.found, text)
            name = wish.operation.name
            params = {**self.choices.get(name, {}), **wish.params}
            for region, keep in places(
                self.found, self.clause, wish.operation, self.regions, self.names, rest=self.rest, it=self.it
            ):
                self.found.add(name, params=params, region=region, keep=keep, amount=amount)
            self.found.last.append(Step(name, params=params, amount=amount))
