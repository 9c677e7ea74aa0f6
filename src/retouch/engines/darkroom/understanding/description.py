"""Prompts that describe a whole picture: "A sunlit lounge with a pool containing a flamingo".

Such a prompt is a wish for a picture, and no order: what of it the darkroom can do to the picture that was sent
is done, and people are told what is not. An instruction is never read that way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from retouch.engines.darkroom.understanding.clauses import Clause, joins
from retouch.engines.darkroom.understanding.describing import is_description
from retouch.engines.darkroom.understanding.edits import read_edit
from retouch.engines.darkroom.understanding.insertion import read_insertion, thing_at
from retouch.engines.darkroom.understanding.nouns import listed
from retouch.engines.darkroom.understanding.phrases import Phrases
from retouch.engines.darkroom.understanding.placing import positions, tables, words_of
from retouch.engines.darkroom.understanding.reading import Reading
from retouch.engines.darkroom.understanding.vocabulary import Item, Operation, Vocabulary
from retouch.engines.darkroom.understanding.words import HARD, SOFT

MOST_THINGS = 3
"""Things of one description that are put in."""

_FORMS = ("op.looks", "op.whole", "op.verbs")
_ARTICLES = frozenset({"a", "an", "the"})
_CONTAINING = words_of("description", "containing")
_WEARING = words_of("description", "wearing")
_PLACING = words_of("description", "placing")
_DOING = words_of("description", "doing")
_NOUNS = words_of("description", "nouns")
_DENYING = frozenset({"no", "without"})
_TIMES = words_of("description", "times")
_SHOTS = words_of("description", "shots")
_ARTWORKS = words_of("description", "artworks")
_PICTURES = _SHOTS | _ARTWORKS
_IT = (Item("make", {"verb.make": ""}), Item("it", {"image": ""}))
_ADD = (Item("add", {"verb.apply": ""}),)
_QUOTED = 120
_COUNTED = re.compile(r"(?:^|… |, |and )(?:one|two|three|four|five|both|each|none)\b")
_SEATED = ("at", "in", "on")
_LONGEST_NOUN = 12
"""Words that describe one thing."""


def describe(items: Sequence[Item], found: Reading, lexicon: Vocabulary) -> bool:
    """Whether ``items`` describe a picture of which something can be done: that is in ``found``, with a note."""
    if not is_description(items):
        return False
    _DescriptionReader(items, found, lexicon).read()
    return bool(found.steps)


class _DescriptionReader:
    def __init__(self, items: Sequence[Item], found: Reading, lexicon: Vocabulary) -> None:
        self.items = items
        self.found = found
        self.lexicon = lexicon
        self.words: list[str] = []
        self.owner: list[int] = []
        self.starts: list[int] = []
        for at, item in enumerate(items):
            self.starts.append(len(self.words))
            for word in item.text.split():
                self.words.append(word)
                self.owner.append(at)
        self.used: set[int] = set()
        self.tried: set[str] = set()
        self.creature = self.several = False

    def read(self) -> None:
        self.creature = self._is_creature()
        for at, item in enumerate(self.items):
            form = next((form for form in _FORMS if form in item), None)
            if form is None or self._denied(at):
                continue
            operation = self.lexicon.operations[item.senses[form]]
            if operation.name in self.tried:
                continue
            if operation.thing:
                self._wear(at)
            elif not (operation.steady or operation.reframes or operation.masked) and self._is_look(at, operation):
                end = at + 1
                while any(sense in self._near(end) for sense in ("effect", "image")):
                    end += 1
                self._do([*_IT, item], at, end)
        things = list(self._things())
        contained = [thing for relation, thing in things if relation == "contained" and self._is_extra(*thing)]
        heads = [thing for relation, thing in things if relation == "head" and self._is_extra(*thing)]
        painted = [thing for relation, thing in things if relation == "painted" and self._is_extra(*thing)]
        looks = [*self.found.steps]
        self.several = len(heads) > 1 and not (contained or painted or looks)
        if heads and self.creature:
            contained = [] if looks else heads[:1]  # "A fox with an umbrella"
        if not contained and (self.found.has_mask or not looks):
            contained = (heads or painted)[:1]
        elif not contained and not any(self.lexicon.operations[step.op].thing for step in looks):
            contained = painted[:1]  # "A watercolour of a hedgehog": one is put in, and painted with the rest.
            self.found.steps.clear()
        for start, end in contained[:MOST_THINGS]:
            self._insert(start, end)
        self.found.steps += [step for step in looks if step not in self.found.steps]
        if self.found.steps:
            self._tell()

    def _is_creature(self) -> bool:
        """Whether the description is of an animal that can be put in."""
        head = next((thing for relation, thing in self._things() if relation == "head"), None)
        if head is None:
            return False
        name = self.items[self.owner[head[1] - 1]].senses.get("name", "")
        return name.removeprefix("things/") in listed("animals")

    def _near(self, at: int) -> Item:
        return self.items[at] if 0 <= at < len(self.items) else Item(HARD)

    def _denied(self, at: int) -> bool:
        return any(self._near(at - back).text in _DENYING for back in (1, 2))

    def _is_look(self, at: int, operation: Operation) -> bool:
        """Whether the look is one of the whole picture, and not of a thing in it: "a vintage car" is none."""
        item, before, after = self.items[at], self._near(at - 1), self._near(at + 1)
        if (
            operation.family == "weather"
            and thing_at(self.words, self.starts[at] + len(item.text.split())) is None
        ):
            return True  # "a foggy forest", but not "a snowy owl"
        closed = joins(after) or after.text in (HARD, SOFT, "of", "style", "showing")
        words = item.text.split()
        if after.text == "of" and operation.family == "styles":
            return True  # "a watercolour of a house"
        if words[-1] in _PICTURES and closed:
            return True
        if after.text.split()[0] in _SHOTS or ("effect" in after and "op.looks" not in after):
            return True
        if words[0] in _TIMES:
            return closed or "glue" in after or after.text in _PLACING | _CONTAINING  # "at night"
        timed = self._near(at - 2) if before.text in _ARTICLES else before
        loose = closed or "glue" in after or after.text in _PLACING | _CONTAINING
        if timed.text in _TIMES or "into" in timed:
            return loose
        return (joins(before) or before.text in (HARD, SOFT)) and loose

    def _wear(self, at: int) -> None:
        """Put on what somebody in the picture is said to wear."""
        name = next(self.items[at].senses[form] for form in _FORMS if form in self.items[at])
        own = (f"choice.{name}", f"around.{name}")
        start = at
        while start and self._near(start - 1).text not in _WEARING:
            before = self._near(start - 1)
            if not (before.text in _ARTICLES or any(sense in before for sense in own)):
                break
            start -= 1
        human = self.lexicon.operations[name].family == "props"  # On people's faces alone.
        if self.creature and (human or self._near(start - 1).text in _CONTAINING):
            return  # "A fox with sunglasses" is no order to put sunglasses on whoever is there.
        goes_on = joins(self._near(start - 1)) and self.starts[start - 1] - 1 in self.used  # "a hat and glasses"
        if not (goes_on or self._near(start - 1).text in _WEARING):
            return
        end = at + 1
        while end < len(self.items) and any(sense in self.items[end] for sense in own):
            end += 1
        while end > at + 1 and self.items[end - 1].text in _PLACING:
            end -= 1
        self._do([*_ADD, *self.items[start:end]], start - 1, end)

    def _do(self, phrase: Sequence[Item], start: int, end: int) -> None:
        """Have done what ``phrase`` asks for, said by the items from ``start`` to ``end``, if it can be."""
        clause = Clause()
        for item in phrase:
            clause.add(item)
            self.tried |= {item.senses[form] for form in _FORMS if form in item}
        trial = Reading(has_mask=self.found.has_mask, sources=1)
        read_edit(clause, trial, self.lexicon)
        if trial.unknown or trial.reasons:
            return
        for step in trial.steps:
            self.found.add(step.op, params=step.params, amount=step.amount)
        self._use(self.starts[start], self.starts[end] if end < len(self.starts) else len(self.words))

    def _use(self, start: int, end: int) -> None:
        self.used |= set(range(start, end))

    def _things(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """What could be put in: "head" what the description is of, "painted" if that is a work of art,
        "contained" what it says is there too; where each begins, with the words that describe it, and ends."""
        relation, begin = "head", 0
        at = 0
        while at < len(self.words):
            word, item = self.words[at], self.items[self.owner[at]]
            if word == HARD:
                relation, begin = "other", at + 1
            elif word in _DENYING:
                relation, begin = "denied", at + 1
            elif word in _CONTAINING:
                relation, begin = ("contained" if relation != "worn" else relation), at + 1
            elif word == "of" and at and self.words[at - 1] in _PICTURES:
                relation, begin = ("painted" if self.words[at - 1] in _ARTWORKS else "head"), at + 1
            elif word in _PLACING:
                relation, begin = "placed", at + 1
            elif joins(item):
                begin = at + 1
            elif (
                at not in self.used
                and not self._is_worn(item)
                and (thing := thing_at(self.words, at))
                and self._stands(begin, at, thing[1])
            ):
                yield relation, (begin, thing[1])
                at = begin = thing[1]
                continue
            at += 1

    def _is_worn(self, item: Item) -> bool:
        return any(self.lexicon.operations[item.senses[form]].thing for form in _FORMS if form in item)

    def _stands(self, begin: int, start: int, end: int) -> bool:
        """Whether the words from ``start`` to ``end`` are a whole noun, which no look describes."""
        begin = max(begin, start - _LONGEST_NOUN)
        described = [self.items[self.owner[at]] for at in range(begin, start)]
        if any("op.looks" in item or ("refusal" in item and "colour" not in item) for item in described):
            return False
        if end == len(self.words):
            return True
        after, item = self.words[end], self.items[self.owner[end]]
        if after == "of":
            return False  # "a bowl of soup"
        doing = after.endswith("ing") and after not in _NOUNS
        if not after.isalpha() or doing or after in _PLACING | _CONTAINING | _DOING:
            return True
        return joins(item) or "glue" in item or "relative" in item or "polite" in item

    def _is_extra(self, start: int, end: int) -> bool:
        """Whether it is more than what a room or a landscape has anyway, for which a mask has to say where."""
        things = (found for at in range(start, end) if (found := thing_at(self.words, at)) and found[1] == end)
        return self.found.has_mask or next(things)[0] not in tables()["insert"]["settings"]

    def _insert(self, start: int, end: int) -> None:
        phrase = [Item(word) for word in self.words[start:end]]
        read = read_insertion(phrase)
        params = dict(read.params)
        if read.reasons or "name" not in params or set(read.strange) & set(tables()["insert"]["misleading"]):
            return
        after = end
        while after < len(self.words) and self.words[after].endswith("ing") and after < end + 1:
            after += 1
        for kind, table in (("place", _places()), ("position", positions())):
            if kind not in params and (match := table.match(self.words, after)) and match[1] > after + 1:
                params[kind] = match[0]
                self._use(end, match[1])
                break
        if not {"place", "position"} & params.keys():
            self._seat(after, params)
        self.found.add("insert", params=params)
        self.used |= {start + at for at in read.used}

    def _seat(self, at: int, params: dict[str, object]) -> None:
        """Have the thing where the words from ``at`` on say it is: "a bird on the fence at the top left"."""
        for start, word in enumerate(self.words[at:], at):
            match = positions().match(self.words, start) if word in _SEATED else None
            if match and match[1] > start + 2 and self.words[match[1] : match[1] + 1] != ["of"]:
                params["position"] = match[0]
                self._use(start, match[1])
            if "position" in params or word in _CONTAINING | {HARD}:
                break

    def _tell(self) -> None:
        """Note what of the description was not done."""
        polite = {at for at, owner in enumerate(self.owner) if "polite" in self.items[owner]}
        left = [" " if at in self.used | polite else word for at, word in enumerate(self.words)]
        parts = [part.strip(" ,.") for part in re.split(r"(?:^| )  +|[.]", " ".join(left).replace(" ,", ","))]
        told = [told for part in parts if (told := _trimmed(part))]
        if not told:
            return
        text = " … ".join(told)
        if _COUNTED.search(text) or (self.several and text.startswith(("a ", "an "))):
            self.found.steps.clear()  # "Two balloons on the left, one at the right", "a cat and a dog"
        text = text if len(text) <= _QUOTED else text[:_QUOTED].rsplit(" ", 1)[0] + " …"
        self.found.notes.append(
            f"The prompt describes a whole picture. The one that was sent is kept; nothing is made of '{text}'."
        )


def _trimmed(text: str) -> str:
    """``text`` without the words at its ends that mean nothing by themselves."""
    idle = _PLACING | _CONTAINING | _ARTICLES | _PICTURES | {"and", "that", "which", "is"}
    words = text.split()
    while words and words[-1].strip(",") in idle:
        del words[-1]
    while words and words[0].strip(",") in idle - _ARTICLES:
        del words[0]
    return " ".join(words)


@cache
def _places() -> Phrases:
    return Phrases(tables()["place"])
