"""What part of a picture a few words mean: "red car", "sky", "it", "walls"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from retouch.engines.darkroom.understanding import hues
from retouch.engines.darkroom.understanding.nouns import listed, meant
from retouch.engines.darkroom.understanding.vocabulary import Item, Vocabulary

Kind = Literal["picture", "area", "region", "people", "thing", "colour", "unknown"]

_TAIL = re.compile(
    r" (?:in|of|on|from) (?:it|this|image|picture|photo|photograph|scene|shot|this (?:image|picture|photo))$"
)


@dataclass(frozen=True)
class Target:
    """``noun``: how it was called; ``colour``: the colour that it is said to have now, one of the palette;
    ``region``: one of `recipe.REGIONS`, if it lies in one; ``name``: what the subject is called, for
    `Reading.call`."""

    kind: Kind
    noun: str = ""
    colour: str | None = None
    region: str | None = None
    name: str | None = None

    @property
    def is_worn(self) -> bool:
        return bool(listed("clothes") & set(self.noun.split()))

    @property
    def is_body(self) -> bool:
        return bool(listed("body") & set(self.noun.split()))


def target_of(text: str, lexicon: Vocabulary) -> Target | None:
    """What ``text`` (normalised as in `sentences`) means; None where it is no name for one thing."""
    text = _TAIL.sub("", text.strip())
    words = text.split()
    while len(words) > 1 and words[0] in listed("pointing"):
        del words[0]
    if words == ["her"]:
        return Target("people", "her", region="subject", name="people/person")
    if not words or all(word in listed("pictures") for word in words):
        return Target("picture", text)
    whole = lexicon.read(" ".join(words))[:-1]
    if len(whole) == 1 and "area" in whole[0]:
        return Target("area", text)  # "What I marked"
    words = _without_owner(words, lexicon)
    colour, words = _colour_ahead(words)
    if not words:
        return Target("colour", text, colour)
    if colour and (words[0] in listed("parts") and words[1:2] in ([], ["of"], ["in"], ["on"])):
        return Target("colour", text, colour)  # "the red parts of the bag"
    if colour and all(word in listed("parts") for word in words):
        return Target("colour", text, colour)
    if words[0] in listed("everything") and colour is None:
        rest = [word for word in words[1:] if word not in ("that", "which", "is", "are")]
        colour, left = _colour_ahead(rest)
        return Target("colour", text, colour) if colour and not left else None
    if listed("function") & set(words):
        return None
    noun = " ".join(words)
    items = lexicon.read(noun)[:-1]
    if len(items) == 1:
        senses = items[0].senses
        if "area" in senses and colour is None:
            return Target("area", text)
        if name := senses.get("name"):
            return Target("people" if name.startswith("people/") else "thing", noun, colour, "subject", name)
        if (region := senses.get("region")) and not region.startswith("colour:"):
            return Target("region", noun, colour, region)
    if natural := meant("nature").get(noun):
        return Target("colour", noun, colour or natural)
    if any(_acts(item, lexicon) for item in items):
        return None
    if any(hues.colour_of(word) for word in words) or len(words) > 3 or not all(word.isalpha() for word in words):
        return None
    return Target("unknown", noun, colour)


def _acts(item: Item, lexicon: Vocabulary) -> bool:
    """Whether the item is a verb or a look, and no name of a thing."""
    looks = [item.senses[form] for form in ("op.looks", "op.verbs", "op.whole") if form in item]
    if any(not lexicon.operations[name].thing for name in looks):
        return True
    idle = ("verb.", "keep", "rest", "amount", "share", "stops")
    return any(sense.startswith(idle) for sense in item.senses)


def _without_owner(words: list[str], lexicon: Vocabulary) -> list[str]:
    """ "The woman's red dress" and "the red dress of the woman" are the red dress."""
    if len(words) > 2 and words[-2] in ("of", "on") and _is_person(words[-1], lexicon):
        words = words[:-2]
    return words[1:] if len(words) > 1 and _is_person(words[0], lexicon) else words


def _is_person(word: str, lexicon: Vocabulary) -> bool:
    items = lexicon.read(word)  # none for a word of signs that nobody reads
    return bool(items) and items[0].senses.get("name", "").startswith("people/")


def _colour_ahead(words: list[str]) -> tuple[str | None, list[str]]:
    """The colour that ``words`` begin with, without its shade, and the rest of them."""
    match = re.match(hues.pattern(), "".join(f"{word} " for word in words))
    if match is None:
        return None, words
    said = match.group().strip()
    colour = hues.colour_of(said)
    while colour is not None and colour.startswith("#") and " " in said:
        said = said.partition(" ")[2]
        colour = hues.colour_of(said)
    if colour is None or colour.startswith("#"):
        return None, words
    return colour, words[len(match.group().split()) :]
