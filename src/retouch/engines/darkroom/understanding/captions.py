"""What people call the picture, and how they take their leave: "my late husband's portrait", "best wishes, Anna".

Neither gives an order. The words are in ``lexicon/context.toml``.
"""

from __future__ import annotations

from collections.abc import Sequence

from retouch.engines.darkroom.understanding.clauses import joins
from retouch.engines.darkroom.understanding.labels import is_use
from retouch.engines.darkroom.understanding.remarks import Remark, named, phrases
from retouch.engines.darkroom.understanding.vocabulary import Item

LONGEST = 16
_MOST = 5
"""Words before the noun of a caption, and behind a farewell."""

_OWNERS = ("my", "our", "his", "her", "their", "this", "the", "your", "these")
_ARTICLES = (*_OWNERS, "a", "an")
_BEHIND = ("of", "from", "with", "at", "in", "on", "by", "showing", "for", "taken")

_VIBES = ("vibe", "vibes", "feel", "ready", "material", "worthy", "time")
_TAME = ("polite", "glue", "definite", "join", "from")


def is_caption(items: Sequence[Item]) -> bool:
    """Whether ``items`` only name the picture: whose it is, what it is for, and who is in it."""
    caption = _caption(items)
    return caption is not None and caption.names_picture()


def is_farewell(items: Sequence[Item]) -> bool:
    """Whether ``items`` are a greeting with names: "many thanks from Finland"."""
    caption = _caption(items)
    return caption is not None and caption.greets()


def _caption(items: Sequence[Item]) -> _Caption | None:
    while items and joins(items[0]):
        items = items[1:]
    words = [word for item in items for word in item.text.split()]
    return _Caption(items, words) if 0 < len(words) <= LONGEST else None


class _Caption(Remark):
    def names_picture(self) -> bool:
        words = self.words
        if self._is_vibe() or self._is_someone():
            return True
        start = 0
        while opening := phrases("openings").match(words, start):
            start = opening[1]
        at = start = match[1] if (match := phrases("presented").match(words, start)) else 0
        owned = False
        while at < min(len(words), start + _MOST):
            owned = owned or words[at] in _OWNERS or "name" in self.owner[at]
            if words[at] in named("pictures"):
                return self._is_picture(at + 1, owned=owned)
            used = phrases("uses").match(words, at)
            told = words[at] in _ARTICLES and at > start and words[start] not in _ARTICLES  # "I took this photo"
            if told or not (used or words[at] in named("aged") or self._is_mark(at)):
                return False
            owned = owned or used is not None
            at = used[1] if used and words[used[1] - 1] not in named("pictures") else at + 1
        return False

    def _is_vibe(self) -> bool:
        """ "Insta vibes (please), ...", "Christmas card, ...": what it shall do for."""
        words = [word for word, item in zip(self.words, self.owner, strict=True) if "polite" not in item]
        if words[-1:] and words[-1] in _VIBES:
            words = words[:-1]
        plain = all(not any(sense.startswith("op.") for sense in item.senses) for item in self.owner)
        return bool(words) and plain and len(self.words) > 1 and all(map(is_use, words))

    def _is_someone(self) -> bool:
        """ "My dog at the beach, ...": who is in the picture, and where that was."""
        words = self.words
        owned = words[0] in _OWNERS[:5] or words[0] in ("me", "us")
        at = 0 if words[0] in ("me", "us") else 1
        while owned and at < len(words) and ("name" in self.owner[at] or words[at] in ("and", *_OWNERS[:5])):
            at += 1
        if not owned or at < 1 or at + 1 >= len(words) or words[at] not in ("at", "in", "from", "during"):
            return False
        if "name" not in self.owner[at - 1] or not named("telling_apart").isdisjoint(words):
            return False
        return self.is_harmless(at + 1, len(words), people=True)

    def _is_mark(self, at: int) -> bool:
        """Whether a word before the noun tells which picture is meant: an owner, or what we have no name for."""
        item = self.owner[at]
        if means := [sense for sense in item.senses if sense not in ("name", "region", "image")]:
            return means == ["definite"] or self.words[at] in _ARTICLES
        return self.is_harmless(at, at + 1, people=True)

    def _is_picture(self, at: int, *, owned: bool) -> bool:
        """Whether it ends here, or goes on with who is in it: "(a photo) of my cat"."""
        words = self.words
        if at == len(words):
            return owned
        if words[at] not in _BEHIND:
            return False
        known = words[at + 1 : at + 2] and (words[at + 1] in _OWNERS or "name" in self.owner[at + 1])
        return bool(owned or known) and self.is_harmless(at + 1, len(words), past=True, people=True)

    def greets(self) -> bool:
        match = phrases("farewells").match(self.words, 0)
        if match is None or len(self.words) > match[1] + _MOST or all("polite" in item for item in self.owner):
            return False
        return all(
            joins(item) or not item.senses or any(sense in item for sense in _TAME) or "name" in item
            for item in self.owner[match[1] :]
        )
