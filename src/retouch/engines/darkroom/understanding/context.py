"""What people tell around an order: reasons, purposes and statements about the picture and its making.

"It's for my shop", "shot at ISO 6400", "so that they can't be identified", "this is my dog" give no order. They
are set aside and told of, so that nothing is ignored in silence. Whatever may be a wish, a ban or a judgement is
left for the other readers, who refuse what they don't understand. The words are in ``lexicon/context.toml``.
"""

from __future__ import annotations

from collections.abc import Sequence

from retouch.engines.darkroom.understanding.clauses import joins
from retouch.engines.darkroom.understanding.purposes import Purpose
from retouch.engines.darkroom.understanding.remarks import named, phrases
from retouch.engines.darkroom.understanding.vocabulary import Item

LONGEST = 30
"""Words of what is set aside at once."""

_BE = ("is", "are")
_POINTING = ("this", "that", "it", "here", "these", "those", "he", "she", "they")
_OURSELVES = ("i", "we")
_OURS = ("my", "our", "his", "her", "their", "today", "yesterday", "tomorrow", "the", "a")
_ARTICLES = ("a", "an", "the", "my", "our", "his", "her", "their", "your", "this", "some")
_PICTURES = ("it", "this", "that", "them", "these", "picture", "photo", "image", "pictures", "photos", "images")
_AGES = ("years", "year", "months", "weeks", "days", "old", "today", "tomorrow", "now", "already")
_SUBJECT = 5


def is_context(items: Sequence[Item], *, ordered: bool, loose: bool = False) -> bool:
    """Whether ``items``, a piece of a sentence, tell something and ask for nothing. ``ordered``: whether an order
    stands before them in the same sentence, which a purpose may belong to; ``loose``: no order
    before them has a "for" of its own."""
    while items and joins(items[0]):
        items = items[1:]
    words = [word for item in items for word in item.text.split()]
    if not 1 < len(words) <= LONGEST:
        return False
    return _Context(items, words).tells(ordered=ordered, loose=loose)


def begins_aside(items: Sequence[Item], *, pause: bool) -> bool:
    """Whether a reason or a purpose may begin with the first of ``items``. ``pause``: a comma stands before it."""
    words = [word for item in items[:8] for word in item.text.split()]
    if words[:2] in (["as", "a"], ["as", "an"]):
        return any(phrases("uses").match(words, at) for at in (2, 3))
    match = phrases("reasons").match(words, 0)
    if match:
        return pause or words[0] != "as"
    if phrases("befores").match(words, 0):
        return True
    return words[0] in ("so", "for", "like", "to", "in", "hence", "such") and (
        words[0] != "in" or words[:2] == ["in", "order"]
    )


class _Context(Purpose):
    def tells(self, *, ordered: bool, loose: bool) -> bool:
        at = 0
        while match := phrases("openings").match(self.words, at):
            if self.words[at] == "so" and at == 0:
                break
            at = match[1]
        if at + 1 >= len(self.words):
            return False
        if match := phrases("reasons").match(self.words, at):
            start = match[1] - 2 if self.words[at] == "as" else match[1]
            return self.is_reason(max(start, at + 1))
        if match := phrases("befores").match(self.words, at):
            return self.is_using(match[1]) or self.is_harmless(match[1], len(self.words), people=True)
        if match := phrases("results").match(self.words, at):
            if not ordered:
                return self.is_statement(match[1])
            return self.is_outcome(match[1])
        if ordered and self.words[at] == "like":
            return self.is_likeness(at + 1)
        if (self.words[at] == "for" or ordered) and (self.is_use(at) or (ordered and self.is_using(at))):
            return True
        return self.is_statement(at) or (loose and (self.is_any_use(at) or self.is_going(at)))

    def is_statement(self, at: int) -> bool:
        words = self.words
        if words[at : at + 1] in (["was"], ["were"]) and named("made") & set(words[at + 1 : at + 2]):
            at += 1  # "Was made at night with my phone"
        if (
            self.is_stray(at)
            or self.is_purpose(at)
            or (words[at : at + 1] and words[at] in _PICTURES and self.is_pointing(at))
        ):
            return True
        if words[at : at + 1] and words[at] in named("made"):
            behind = at + 2 if words[at + 1 : at + 2] and words[at + 1] in _PICTURES else at + 1
            return self.is_report(behind)
        if not phrases("subjects").match(words, at) and "name" not in self.owner[min(at, len(words) - 1)]:
            return False
        return self.is_past(at) or self.is_living(at) or self.is_pointing(at)

    def is_report(self, at: int) -> bool:
        """ "(Taken) in Rome", "(shot) at ISO 6400"."""
        if not (self.words[at : at + 1] and self.words[at] in named("circumstances")):
            return False
        return self.is_harmless(at + 1, len(self.words), past=True, people=True)

    def is_past(self, at: int) -> bool:
        """ "The photo was taken against the light", "I took it in Rome", "it was a grey day in Scotland"."""
        for verb in range(at + 1, min(at + _SUBJECT, len(self.words) - 1)):
            if self.words[verb] in named("making"):
                behind = verb + 1
                if self.words[at] in _OURSELVES and self.words[behind : behind + 1] in (["not"], ["no"]):
                    behind += 1
                    return self.is_harmless(behind, len(self.words), past=True, people=True)
                if self.words[verb] in ("could", "did"):
                    return False
                return self.is_harmless(at, verb, past=True, people=True) and self.is_harmless(
                    behind, len(self.words), past=True, people=True
                )
        return False

    def is_living(self, at: int) -> bool:
        """ "My kids love dinosaurs", "my mum turns 70 tomorrow", "I am a photographer"."""
        words = self.words
        if self.is_age(at) or words[at + 1 : at + 3] == ["name", "is"]:
            return True
        if words[at] in _OURSELVES:
            match = phrases("ourselves").match(words, at + 1)
            return match is not None and self.is_harmless(match[1], len(words), people=True)
        if words[at] not in _OURS and "name" not in self.owner[at]:
            return False
        for verb in range(at + 1, min(at + _SUBJECT, len(words))):
            if match := phrases("living").match(words, verb):
                return self.is_harmless(at, verb, people=True) and self.is_harmless(
                    match[1], len(words), people=True
                )
        return False

    def is_age(self, at: int) -> bool:
        """ "My daughter is 5 years old"."""
        verb = next((at for at in range(at + 1, len(self.words)) if self.words[at] in _BE), None)
        if verb is None or not self.is_harmless(at, verb, people=True):
            return False
        age = self.words[verb + 1 :]
        return bool(age) and age[0].isdecimal() and len(age) > 1 and all(word in _AGES for word in age[1:])

    def is_pointing(self, at: int) -> bool:
        """ "This is my dog", "it's a photo of my grandparents"."""
        words = self.words
        if words[at] not in _POINTING or words[at + 1 : at + 2] not in (["is"], ["are"]):
            return False
        if words[at] == "it" and words[at + 2 : at + 3] == ["the"]:
            return False  # "It's the dog that ..."
        if words[at + 2 : at + 3] and words[at + 2] in (*_ARTICLES, "me", "us", "from", "one", "just"):
            return self.is_harmless(at + 2, len(words), people=True)
        return False
