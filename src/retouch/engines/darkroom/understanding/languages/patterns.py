"""Phrases written down as patterns, and the graphs that they are found with.

A pattern is a sequence of words; ``a|b`` is a choice of words, ``(a b|c)`` of phrases, ``[a b|c]`` may be
missing, ``{kind}`` stands for a phrase of that kind and ``stem~ending`` for the stem with each of the language's
endings of that name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from retouch.engines.darkroom.understanding.languages.tokens import Token

_PIECE = re.compile(r"[\[\]()|]|\{\w+\}|[^\s\[\]()|{}]+")
_SLOT = re.compile(r"\{(\w+)(?:\|([^}]*))?\}")

Words = tuple[str, ...]

Phrases = dict[int, dict[int, str]]
"""From where a phrase of a kind begins over where it ends to its English."""

_LONGEST = 48
"""Tokens of a phrase."""


@dataclass(slots=True)
class Node:
    """``words`` and ``slots``: where a word, or a phrase of a kind, leads; ``says``: the English of a pattern that
    ends here."""

    words: dict[str, list[Node]] = field(default_factory=dict)
    slots: dict[str, list[Node]] = field(default_factory=dict)
    says: str | None = None

    def lead(self, piece: str, after: Node) -> None:
        """Let ``piece``, a word or a ``{slot}``, lead to ``after``."""
        branches, name = (self.slots, piece[1:-1]) if piece[0] == "{" else (self.words, piece)
        branches.setdefault(name, []).append(after)

    def join(self, other: Node) -> None:
        """Let what leads on from ``other`` lead on from here too."""
        for mine, theirs in ((self.words, other.words), (self.slots, other.slots)):
            for name, branches in theirs.items():
                mine.setdefault(name, []).extend(branches)
        self.says = other.says if self.says is None else self.says


@dataclass
class _Group:
    """``phrases``: one of them, each a sequence of choices; ``missing``: or none."""

    phrases: list[list[list[Words | _Group]]]
    missing: bool


@dataclass(frozen=True)
class Patterns:
    """How patterns are read: ``endings`` by their names, ``split``, which makes words of a text, and ``idle``, the
    words that mean nothing; ``words`` collects all others."""

    endings: Mapping[str, Sequence[str]]
    split: Callable[[str], Words]
    idle: frozenset[str] = frozenset()
    words: set[str] = field(default_factory=set)

    def grow(self, root: Node, pattern: str, says: str) -> None:
        """Let ``pattern`` lead from ``root`` to ``says``. Takes time and room linear in its length."""
        first = _sequence(self._read(iter(_PIECE.findall(pattern))), Node(says=says))
        root.join(Node(first.words, first.slots))  # A pattern of no words at all is none.

    def _read(self, pieces: Iterator[str], *, inside: bool = False) -> _Group:
        """Inside brackets "|" divides phrases, outside the two words beside it."""
        phrases: list[list[list[Words | _Group]]] = [[]]
        beside = False
        for piece in pieces:
            if piece in ")]":
                break
            if piece == "|":
                if inside:
                    phrases.append([])
                beside = not inside
                continue
            options: list[Words | _Group]
            if piece in "([":
                group = self._read(pieces, inside=True)
                group.missing = piece == "["
                options = [group]
            elif piece[0] == "{":
                options = [(piece,)]
            else:
                stem, _, ending = piece.partition("~")
                texts = [stem + end for end in self.endings[ending]] if ending else [piece]
                words = [tuple(word for word in self.split(text) if word not in self.idle) for text in texts]
                self.words.update(*words)
                options = [*words]
            if beside:
                phrases[-1][-1] += options
            else:
                phrases[-1].append(options)
            beside = False
        return _Group(phrases, missing=False)


def _sequence(group: _Group, after: Node) -> Node:
    """Where ``group`` begins, if ``after`` follows it."""
    first = Node()
    for phrase in group.phrases:
        node = after
        for choice in reversed(phrase):
            node = _choice(choice, node)
        first.join(node)
    if group.missing:
        first.join(after)
    return first


def _choice(options: Sequence[Words | _Group], after: Node) -> Node:
    first = Node()
    for option in options:
        if isinstance(option, _Group):
            first.join(_sequence(option, after))
        elif not option:
            first.join(after)
        else:
            node = after
            for word in reversed(option[1:]):
                node, following = Node(), node
                node.lead(word, following)
            first.lead(option[0], node)
    return first


def say(template: str, captured: Sequence[tuple[str, str]]) -> str:
    """``template`` with what its slots captured: "{place|it}" is the first place, or "it" where there is none,
    "{place2}" the second."""
    values: dict[str, str] = {}
    for kind, english in captured:
        values[kind if kind not in values else f"{kind}2"] = english
    return " ".join(_SLOT.sub(lambda slot: values.get(slot[1]) or slot[2] or "", template).split())


def match(
    root: Node, sequence: Sequence[Token], start: int, found: Mapping[str, Phrases]
) -> Iterator[tuple[int, str]]:
    """The ends and the English of all phrases of a kind that begin at ``start``."""
    stack: list[tuple[Node, int, tuple[tuple[str, str], ...]]] = [(root, start, ())]
    ends: set[int] = set()
    while stack:
        node, at, captured = stack.pop()
        if node.says is not None and at not in ends and at > start:
            ends.add(at)
            yield at, say(node.says, captured)
        if at >= len(sequence) or at - start >= _LONGEST:
            continue
        for kind, branches in node.slots.items():
            for end, english in found[kind].get(at, {}).items():
                stack += [(branch, end, (*captured, (kind, english))) for branch in reversed(branches)]
        token = sequence[at]
        if token.kind != "quoted":
            stack += [(branch, at + 1, captured) for branch in reversed(node.words.get(token.text, ()))]
