"""Phrases looked up word by word, the longest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from retouch.engines.darkroom.understanding.tree import slots


class Phrases:
    """Phrases, in the patterns of the lexicon, and the value that each stands for; of two with the same words
    the first counts."""

    def __init__(self, table: Mapping[str, Iterable[str]]) -> None:
        self._values: dict[tuple[str, ...], str] = {}
        for value, patterns in table.items():
            for pattern in patterns:
                for parts in product(*slots(pattern)):
                    phrase = tuple(" ".join(parts).split())
                    if phrase:
                        self._values.setdefault(phrase, value)
        self._longest: dict[str, int] = {}
        for phrase in self._values:
            self._longest[phrase[0]] = max(len(phrase), self._longest.get(phrase[0], 0))
        self.words = frozenset(word for phrase in self._values for word in phrase)
        """Every word of any of them."""

    def match(self, words: Sequence[str], at: int) -> tuple[str, int] | None:
        """The value of the longest phrase that begins at ``at``, and where it ends; None if none does."""
        longest = self._longest.get(words[at], 0) if at < len(words) else 0
        for end in range(min(len(words), at + longest), at, -1):
            if (value := self._values.get(tuple(words[at:end]))) is not None:
                return value, end
        return None
