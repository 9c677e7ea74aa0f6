"""A sentence of the lexicon, with places for what varies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from functools import cached_property

from retouch.engines.darkroom.understanding import hues

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
_PIECES = re.compile(r"[\[\](){}|]|[^\[\](){}| ]+")
_MACRO = re.compile("<[^>]+>")


class Sentence:
    """A pattern as in ``lexicon/sentences.toml``, whose ``macros`` are "<name>" and what it stands for.

    Most sentences differ from what was said by a word that they cannot do without. That is found out first, and a
    regular expression made only of a sentence that has them all: making it takes a hundred times as long.
    """

    def __init__(self, pattern: str, macros: Mapping[str, str]) -> None:
        self._pieces = _PIECES.findall(_MACRO.sub(lambda macro: macros[macro.group()], pattern))
        self._needs, _ = _needed(self._pieces, 0)
        self.needs = min(self._needs, key=len, default=frozenset())
        """Words of which whatever fits has one at least; empty where there are none such."""

    def match(self, text: str, words: Set[str]) -> re.Match[str] | None:
        """How ``text``, each of its words followed by a space, fits; None if it does not. ``words``: the same."""
        if any(need.isdisjoint(words) for need in self._needs):
            return None
        return self._expression.fullmatch(text)

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        return re.compile(_compiled(self._pieces))


def _needed(pieces: Sequence[str], at: int) -> tuple[list[frozenset[str]], int]:
    """Sets of words of which whatever fits has one at least, for what begins at ``at`` and ends with the bracket
    around it, and where that ends."""
    options: list[list[frozenset[str]]] = [[]]
    while at < len(pieces) and pieces[at] not in ")]":
        piece, at = pieces[at], at + 1
        if piece == "|":
            options.append([])
        elif piece == "{":
            at += 2
        elif piece in "[(":
            inner, at = _needed(pieces, at)
            at += 1
            if piece == "(":
                options[-1] += inner
        else:
            options[-1].append(frozenset({piece}))
    if len(options) == 1:
        return options[0], at
    if not all(options):
        return [], at
    return [frozenset().union(*(min(option, key=len) for option in options))], at


def _compiled(pieces: Sequence[str]) -> str:
    """A pattern's ``pieces`` as a regular expression over words that each end in a space."""
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
