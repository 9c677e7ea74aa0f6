"""What is told of things that no operation finds: "the windows are blown out", "the viewing is on Saturday".

Nothing is done about them by themselves. They count as background where other words order something that has no
need of them: with "the floor is too dark" before it, "brighten it" would be the floor's.
"""

from __future__ import annotations

from collections.abc import Sequence

from retouch.engines.darkroom.understanding.clauses import joins
from retouch.engines.darkroom.understanding.remarks import Remark, named, phrases
from retouch.engines.darkroom.understanding.vocabulary import Item

LONGEST = 16
_ARTICLES = ("a", "an", "the", "my", "our", "his", "her", "their", "your", "this", "that", "these", "its", "all")
_PICTURES = ("it", "this", "picture", "photo", "photograph", "image", "shot", "scan", "pictures", "photos")
_WE = ("i", "we", "he", "she", "they", "you")
_SUBJECT = 6
_ASKING = (
    "keep", "denial", "sole", "rest", "nothing", "literal", "area", "verb.remove", "verb.fill", "verb.replace",
    "verb.structured", "op.whole", "kept", "verb.apply",
)  # fmt: skip
_WHAT_IT_IS = ("it", "that", "them", "those", "one", "ones", "they", "its", "there", "these")


def observed(items: Sequence[Item]) -> str | None:
    """What ``items``, a piece of a sentence, tell something of, if they tell anything and order nothing: "" for
    the picture, a place in general, or what is no part of it."""
    while items and joins(items[0]):
        items = items[1:]
    words = [word for item in items for word in item.text.split()]
    if not 2 < len(words) <= LONGEST:
        return None
    return _Observation(items, words).subject()


def points_back(items: Sequence[Item]) -> bool:
    """Whether orders may speak of what was told of before: "brighten it"."""
    return any(word in _WHAT_IT_IS for item in items for word in item.text.split())


class _Observation(Remark):
    def subject(self) -> str | None:
        at = 0
        while (match := phrases("openings").match(self.words, at)) and self.words[at] != "so":
            at = match[1]
        for verb in range(at + 1, min(at + _SUBJECT, len(self.words) - 1)):
            match = phrases("copulas").match(self.words, verb)
            if match is None:
                continue
            noun = [word for word in self.words[at:verb] if word not in _ARTICLES]
            if not self._names(at, verb) or not self._judges(match[1]):
                return None
            if self.words[at] in _PICTURES and self.words[match[1]] == "the":
                return None  # "It's the dog that ..."
            of_picture = not noun or noun[-1] in _PICTURES or all(word in named("scenes") for word in noun[-1:])
            return "" if of_picture or noun[0] in _WE else " ".join(noun)
        return None

    def _names(self, start: int, end: int) -> bool:
        """Whether the words from ``start`` to ``end`` name something, and no place that an edit may be about."""
        for at in range(start, end):
            item = self.owner[at]
            if not self.words[at].isalpha() or self.words[at] == "so":
                return False
            if any(sense in item for sense in (*_ASKING, "verb.make", "op.verbs", "op.looks", "colour", "amount")):
                return False
            if "region" in item and "name" not in item:
                return False
            if self.words[at] not in _WE and phrases("orders").match(self.words[: at + 1], at):
                return False
        return True

    def _judges(self, start: int) -> bool:
        """Whether the words behind the verb only judge or report."""
        at = start
        while at < len(self.words):
            if match := phrases("judged").match(self.words, at):
                at = match[1]
            elif self.is_harmless(at, at + 1, past=False, people=True):
                at += 1
            else:
                return False
        return at > start
