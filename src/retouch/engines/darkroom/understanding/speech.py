"""A clause that fits a sentence, and the reading that what it means is added to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from retouch.engines.darkroom.understanding import hues
from retouch.engines.darkroom.understanding.clauses import Clause
from retouch.engines.darkroom.understanding.nouns import meant
from retouch.engines.darkroom.understanding.reading import NO_MASK, Reading
from retouch.engines.darkroom.understanding.sentences import Said
from retouch.engines.darkroom.understanding.targets import Target, target_of
from retouch.engines.darkroom.understanding.vocabulary import Vocabulary


@dataclass
class Speech:
    """What a reader of sentences works with."""

    said: Said
    clause: Clause
    found: Reading
    lexicon: Vocabulary

    @property
    def has_mask(self) -> bool:
        return self.found.has_mask

    def target(self, slot: str = "thing") -> Target | None:
        """What the slot means; a marked area without a mask is noted. None where it means nothing."""
        if not self.said[slot]:
            return Target("picture")
        target = target_of(self.said[slot], self.lexicon)
        if target is not None and target.kind == "area" and not self.has_mask:
            self.found.doubt(NO_MASK)
        return target

    def colour(self, slot: str = "colour1") -> str | None:
        return hues.colour_of(self.said[slot]) if self.said[slot] else None

    def do(
        self,
        op: str,
        *,
        params: Mapping[str, Any] | None = None,
        region: str | None = None,
        about: Target | None = None,
        keep: Iterable[str] = (),
    ) -> bool:
        """Add the step; always True. ``about``: what it is about, whose region and name count."""
        found = self.found
        amount = self.said.amount
        if amount is not None and self.lexicon.operations[op].steady:
            found.doubt("has no strength for that: it is done or not")
            found.unknown.append(self.clause.text)
            amount = 1.0
        if about is not None:
            region = region or about.region
            if about.name:
                found.call([about.name])
        found.begun = len(found.steps)
        found.add(op, params=params or {}, region=region, keep=keep, amount=1.0 if amount is None else amount)
        found.last = found.steps[found.begun :]
        if region:
            found.name([region])
        return True

    def refuse(self, reason: str, words: str | None = None) -> bool:
        """Note that it cannot be done and why; always True."""
        self.found.doubt(reason)
        self.found.unknown.append(words or self.clause.text)
        return True

    def image(self, slot: str = "image") -> int | None:
        """The number of the picture that the slot speaks of, as `number_of` tells it."""
        return number_of(self.said[slot], self.found)

    def image_spoken_of(self, said: str) -> bool:
        """Whether some words speak of a picture as a whole."""
        return not {"image", "picture", "photo", "photograph", "reference"}.isdisjoint(said.split())


def number_of(said: str, found: Reading) -> int | None:
    """The number of the picture that ``said`` speaks of; 0, and a note in ``found``, if no such picture was sent
    or it may be several. None where it speaks of none."""
    for word in said.split():
        if word in ("other", "reference", "last"):
            if found.sources == 1:
                return _missing(said, found)
            if word == "last" or found.sources == 2:
                return found.sources
            found.doubt("was sent several pictures: say which one, as in 'image 2'")
            found.unknown.append(said)
            return 0
        number = int(word) if word.isdigit() else int(meant("numbers").get(word, 0))
        if number:
            return number if number <= found.sources else _missing(said, found)
    return None


def _missing(said: str, found: Reading) -> int:
    sent = "one picture" if found.sources == 1 else f"{found.sources} pictures"
    found.doubt(f"was sent {sent}, so it cannot use '{said}'")
    found.unknown.append(said)
    return 0
