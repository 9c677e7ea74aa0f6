"""Whole clauses with places for what varies in them: "turn {thing} [to] {colour}".

The sentences are in ``lexicon/sentences.toml``, each under the name of what it means. A clause is compared as it
was said, but for articles and courtesies, and word for word: one with a word too many is no match.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from retouch.engines.darkroom.understanding.clauses import Clause, joins
from retouch.engines.darkroom.understanding.nouns import listed
from retouch.engines.darkroom.understanding.sentence import Sentence
from retouch.engines.darkroom.understanding.vocabulary import Item
from retouch.engines.darkroom.understanding.wishes import MOST, is_number

LONGEST = 28
"""Words of a clause that is compared at all; longer ones tell a story."""

_PURPOSE = re.compile(
    r"(?<= )(?:for|on|in) (?:online )?(?:shop|store|webshop|website|web site|ecommerce|e commerce|amazon|ebay|"
    r"etsy|shopify|catalogue|catalog|product listing|listing|product page|portfolio|resume|linkedin) $"
)
"""What a picture is for changes nothing about what is done to it."""

_PRONOUNS = ("it", "him", "her", "them", "this", "subject", "person", "product", "object")


@dataclass(frozen=True)
class Said:
    """A clause that fits a sentence.

    ``means``: the name of its meaning; ``slots``: the words in each place of the sentence; ``amount``: the
    strength that it was said with, None without one.
    """

    means: str
    slots: Mapping[str, str]
    amount: float | None = None

    def __getitem__(self, slot: str) -> str:
        return self.slots.get(slot, "")


def fitting(clause: Clause) -> Iterator[Said]:
    """Every sentence that ``clause`` fits, in the order of the lexicon; those with an amount in it last."""
    if len(clause.items) > 2 * LONGEST:
        return
    text = normal(clause.items)
    if not text or text.count(" ") > LONGEST:
        return
    yield from _matches(text, None)
    shared = _share(clause.items)
    if shared is not None:
        yield from _matches(normal(shared[0]), shared[1])
    amounts = [item for item in clause.items if "amount" in item]
    if len(amounts) == 1:
        more = [Item("more")] if amounts[0].text.endswith(" more") else []
        at = clause.items.index(amounts[0])
        rest = [*clause.items[:at], *more, *clause.items[at + 1 :]]
        yield from _matches(normal(rest), float(amounts[0].senses["amount"]))


def _share(items: list[Item]) -> tuple[list[Item], float] | None:
    """``items`` without "by about 20 %", and that share as a strength; None if there is none."""
    at = next((at for at, item in enumerate(items) if is_number(item.text)), len(items))
    if at + 1 >= len(items) or items[at + 1].text not in ("%", "percent"):
        return None
    before = at
    while before and ("strength" in items[before - 1] or items[before - 1].text == "by"):
        before -= 1
    share = float(items[at].text) / 100
    return ([*items[:before], *items[at + 2 :]], share) if 0 < share <= MOST else None


def normal(items: list[Item]) -> str:
    """The words of ``items``, each followed by a space, without those that say nothing."""
    found: list[str] = []
    for at, item in enumerate(items):
        if "polite" in item and not any("op." in sense for sense in item.senses):
            continue
        if joins(item) and at in (0, len(items) - 1):
            continue
        if item.text == "her" and "region" in item:
            found.append("her")
        elif item.senses.get("op.looks") == "black_and_white":
            found += ["black", "and", "white"]
        else:
            found += [word for word in item.text.split() if word not in listed("articles")]
    return _PURPOSE.sub("", "".join(f"{word} " for word in found))


def _matches(text: str, amount: float | None) -> Iterator[Said]:
    words = frozenset(text.split())
    sentences, found_by = _sentences(), _found_by()
    for at in sorted({at for word in ("", *words) for at in found_by.get(word, ())}):
        means, sentence = sentences[at]
        if (match := sentence.match(text, words)) and (slots := _filled(match)) is not None:
            yield Said(means, slots, amount)


def _filled(match: re.Match[str]) -> dict[str, str] | None:
    """The words in each slot; None where a slot that the sentence has twice was filled with two things."""
    slots: dict[str, str] = {}
    for group, value in match.groupdict().items():
        if value:
            name, said = group.partition("_")[0], value.strip()
            if slots.setdefault(name, said) != said and said not in _PRONOUNS:
                return None
    return slots


@cache
def _sentences() -> list[tuple[str, Sentence]]:
    folder = resources.files("retouch.engines.darkroom") / "lexicon"
    table = tomllib.loads((folder / "sentences.toml").read_text("utf-8"))
    macros = {f"<{name}>": f"({'|'.join(words)})" for name, words in table.pop("macros").items()}
    return [(means, Sentence(pattern, macros)) for means, entry in table.items() for pattern in entry["sentences"]]


@cache
def _found_by() -> dict[str, list[int]]:
    """Where in `_sentences` those are that need a word, by that word; "" has those that need none. Nearly all of
    them are never looked at."""
    found: dict[str, list[int]] = {}
    for at, (_, sentence) in enumerate(_sentences()):
        for word in sentence.needs or ("",):
            found.setdefault(word, []).append(at)
    return found
