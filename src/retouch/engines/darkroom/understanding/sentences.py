"""Whole clauses with places for what varies in them: "turn {thing} [to] {colour}".

The sentences are in ``lexicon/sentences.toml``, each under the name of what it means. A clause is compared as it
was said, but for articles and courtesies, and word for word: one with a word too many is no match.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from retouch.engines.darkroom.understanding import hues
from retouch.engines.darkroom.understanding.clauses import Clause, joins
from retouch.engines.darkroom.understanding.nouns import listed
from retouch.engines.darkroom.understanding.vocabulary import Item

LONGEST = 28
"""Words of a clause that is compared at all; longer ones tell a story."""

_PICTURE = "image|picture|photo|photograph|pic|shot|one"
_ORDINALS = "first|second|third|fourth|fifth|sixth|seventh|eighth|1st|2nd|3rd|4th|last|other|reference"
_NUMBERS = "one|two|three|four|five|six|seven|eight"
_NO_JOINT = "(?!(?:to|into|in|by|with|for|of|from|on|onto|and|at|as|be|less|more) )"
_SLOTS = {
    "thing": rf"{_NO_JOINT}(?:[^ ]+ ){{1,6}}?",
    "place": rf"{_NO_JOINT}(?:[^ ]+ ){{1,6}}?",
    "n": r"[+-]?\d+(?:\.\d+)? ",
    "ratio": r"\d+:\d+ ",
    "image": (
        rf"(?:(?:{_PICTURE}|reference) (?:number |no )?(?:\d{{1,2}}|{_NUMBERS}) "
        rf"|(?:{_ORDINALS}|this|original|main) (?:{_PICTURE}) |reference |(?:first|second|third|other|last) )"
    ),
}
_PURPOSE = re.compile(
    r"(?<= )(?:for|on|in) (?:online )?(?:shop|store|webshop|website|web site|ecommerce|e commerce|amazon|ebay|"
    r"etsy|shopify|catalogue|catalog|product listing|listing|product page|portfolio|resume|linkedin) $"
)
"""What a picture is for changes nothing about what is done to it."""

_PRONOUNS = ("it", "him", "her", "them", "this", "subject", "person", "product", "object")
_PIECES = re.compile(r"[\[\](){}]|[^\[\](){} ]+")


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
    amounts = [item for item in clause.items if "amount" in item]
    if len(amounts) == 1:
        more = [Item("more")] if amounts[0].text.endswith(" more") else []
        at = clause.items.index(amounts[0])
        rest = [*clause.items[:at], *more, *clause.items[at + 1 :]]
        yield from _matches(normal(rest), float(amounts[0].senses["amount"]))


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
    for means, sentence in _sentences():
        if (match := sentence.fullmatch(text)) and (slots := _filled(match)) is not None:
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
def _sentences() -> list[tuple[str, re.Pattern[str]]]:
    folder = resources.files("retouch.engines.darkroom") / "lexicon"
    table = tomllib.loads((folder / "sentences.toml").read_text("utf-8"))
    macros = {name: f"({'|'.join(words)})" for name, words in table.pop("macros").items()}
    return [
        (means, re.compile(_compiled(pattern, macros)))
        for means, entry in table.items()
        for pattern in entry["sentences"]
    ]


def _compiled(pattern: str, macros: Mapping[str, str]) -> str:
    """A pattern of the lexicon as a regular expression over words that each end in a space."""
    for name, phrases in macros.items():
        pattern = pattern.replace(f"<{name}>", phrases)
    pieces = _PIECES.findall(pattern.replace("|", " | "))
    out: list[str] = []
    closing: list[str] = []
    for at, piece in enumerate(pieces):
        if piece in "[(":
            out.append("(?:")
            # Any words fit a slot that may be missing, so it is tried last.
            closing.append(")" if piece == "(" else ")??" if _has_slot(pieces[at:]) else ")?")
        elif piece in "])":
            out.append(closing.pop())
        elif piece in "{}":
            continue
        elif at and pieces[at - 1] == "{":
            out.append(_slot(piece, f"{piece}_{at}"))
        elif piece == "|":
            out.append("|")
        else:
            out.append(re.escape(piece) + " ")
    return "".join(out)


def _has_slot(pieces: Sequence[str]) -> bool:
    """Whether the brackets that ``pieces`` begin with hold one."""
    depth = 0
    for piece in pieces:
        depth += (piece in "[(") - (piece in "])")
        if piece == "{":
            return True
        if depth == 0:
            break
    return False


def _slot(name: str, group: str) -> str:
    kind = name.rstrip("0123456789")
    return f"(?P<{group}>{hues.pattern() if kind == 'colour' else _SLOTS[kind]})"
