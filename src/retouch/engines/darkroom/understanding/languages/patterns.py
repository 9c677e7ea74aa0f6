"""Phrases written down as patterns, and the tries that they are found with.

A pattern is a sequence of words; ``a|b`` is a choice of words, ``(a b|c)`` of phrases, ``[a b|c]`` may be
missing, ``{kind}`` stands for a phrase of that kind and ``stem~ending`` for the stem with each of the language's
endings of that name.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

_PIECE = re.compile(r"[\[\]()|]|\{\w+\}|[^\s\[\]()|{}]+")
_SLOT = re.compile(r"\{(\w+)(?:\|([^}]*))?\}")

Words = tuple[str, ...]


@dataclass(slots=True)
class Node:
    """``words`` and ``slots``: where a word, or a phrase of a kind, leads; ``says``: the English of a pattern that
    ends here."""

    words: dict[str, Node] = field(default_factory=dict)
    slots: dict[str, Node] = field(default_factory=dict)
    says: str | None = None

    def grow(self, sequence: Sequence[str]) -> Node:
        node = self
        for piece in sequence:
            branches = node.slots if piece[0] == "{" else node.words
            node = branches.setdefault(piece.strip("{}") if piece[0] == "{" else piece, Node())
        return node


def expand(pattern: str, endings: Mapping[str, Sequence[str]], split: Callable[[str], Words]) -> set[Words]:
    """All sequences of words and ``{slots}`` that ``pattern`` stands for; ``split`` makes words of a text."""
    pieces = _PIECE.findall(pattern)
    found = _sequence(iter(pieces), endings, split)
    return {sequence for sequence in found if sequence}


def _sequence(
    pieces: Iterator[str],
    endings: Mapping[str, Sequence[str]],
    split: Callable[[str], Words],
    *,
    inside: bool = False,
) -> list[Words]:
    """Inside brackets "|" divides phrases, outside the two words beside it."""
    phrases: list[Words] = []
    parts: list[list[Words]] = []
    beside = False
    for piece in pieces:
        if piece in ")]":
            break
        if piece == "|":
            if inside:
                phrases += _products(parts)
                parts = []
            beside = not inside
            continue
        if piece in "([":
            options = _sequence(pieces, endings, split, inside=True)
            options += [()] if piece == "[" else []
        elif piece[0] == "{":
            options = [(piece,)]
        else:
            stem, _, ending = piece.partition("~")
            options = [split(stem + end) for end in endings[ending]] if ending else [split(piece)]
        if beside:
            parts[-1] += options
            beside = False
        else:
            parts.append(options)
    return phrases + _products(parts)


def _products(parts: Sequence[Sequence[Words]]) -> list[Words]:
    return [tuple(itertools.chain.from_iterable(choice)) for choice in itertools.product(*parts)]


def say(template: str, captured: Sequence[tuple[str, str]]) -> str:
    """``template`` with what its slots captured: "{place|it}" is the first place, or "it" where there is none,
    "{place2}" the second."""
    values: dict[str, str] = {}
    for kind, english in captured:
        values[kind if kind not in values else f"{kind}2"] = english
    return " ".join(_SLOT.sub(lambda slot: values.get(slot[1]) or slot[2] or "", template).split())
