"""Phrases as a tree of words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

Split = Callable[[str], Sequence[str]]


class Tree:
    """What the phrases mean that begin with the words which lead here.

    A branch grows when somebody first looks along it. Whoever reads one instruction looks along few, and the
    patterns of the lexicon stand for hundreds of thousands of phrases. ``split`` makes words of a pattern's piece.
    """

    __slots__ = ("_branches", "_known", "_senses", "_split", "_waiting")

    def __init__(self, split: Split) -> None:
        self._split = split
        self._known: dict[str, Sequence[str]] = {}
        self._branches: dict[str, Tree] = {}
        self._senses: dict[str, str] = {}
        self._waiting: list[tuple[Sequence[str], str, str, str]] = []

    def learn(self, pattern: str, kind: str, value: str) -> None:
        """That every phrase of ``pattern``, as in `slots`, can mean ``kind`` and its ``value``; of two values for
        one kind the first counts."""
        self._waiting.append(((), pattern.strip(), kind, value))

    @property
    def senses(self) -> Mapping[str, str]:
        """What a phrase that ends here can mean: kinds and their values."""
        self._grow()
        return self._senses

    def branch(self, word: str) -> Tree | None:
        """Where ``word`` leads from here; None if no phrase goes on with it."""
        self._grow()
        return self._branches.get(word)

    def _grow(self) -> None:
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        for head, rest, kind, value in waiting:
            self._place(head, rest, kind, value)

    def _place(self, head: Sequence[str], rest: str, kind: str, value: str) -> None:
        """Put the phrases that begin with the words ``head`` and go on as the pattern ``rest`` into the branches
        that they belong to."""
        if head:
            branch = self._branches.get(head[0])
            if branch is None:
                branch = self._branches[head[0]] = Tree(self._split)
                branch._known = self._known
            branch._waiting.append((head[1:], rest, kind, value))
        elif rest:
            options, rest = first_slot(rest)
            for option in options:
                words = self._known.get(option)
                if words is None:
                    words = self._known[option] = self._split(option)
                self._place(words, rest, kind, value)
        else:
            self._senses.setdefault(kind, value)


def first_slot(pattern: str) -> tuple[list[str], str]:
    """The options of a pattern's first part, and the rest of it: "a|b" is a choice of words, "(a b|c)" of phrases,
    and "[a b|c]" may also be missing."""
    if pattern[0] in "[(":
        optional = pattern[0] == "["
        inner, _, rest = pattern[1:].partition("]" if optional else ")")
        return [*([""] if optional else []), *inner.split("|")], rest.strip()
    word, _, rest = pattern.partition(" ")
    return word.split("|"), rest.strip()


def slots(pattern: str) -> Iterator[list[str]]:
    """A pattern's parts in order, each as its options, see `first_slot`."""
    rest = pattern.strip()
    while rest:
        options, rest = first_slot(rest)
        yield options
