"""Why something is asked, and what a picture is for: "because they are minors", "for my shop"."""

from __future__ import annotations

from retouch.engines.darkroom.understanding.remarks import Remark, named, phrases

_ARTICLES = ("a", "an", "the", "my", "our", "his", "her", "their", "your", "this", "some")
_PICTURES = ("it", "this", "that", "them", "these", "picture", "photo", "image", "pictures", "photos", "images")
_PLACING = ("for", "on", "in", "as", "to", "onto", "at", "with")
_TIMES = ("this", "next", "tomorrow", "today", "tonight", "and", "of", "later", "soon")
_SEEING = (("you", "we", "i", "one", "people", "they"), ("see", "recognise", "recognize", "read"))
_STRAYING = ("it", "this", "that", "they", "these", "those", "he", "she")
_FARTHEST = 6
_ADJECTIVES = 3
_ANYTHING = 9
_TAME = ("definite", "glue", "polite", "relative")


class Purpose(Remark):
    """A remark that may be a reason or a purpose."""

    def is_reason(self, at: int) -> bool:
        if self.words[at : at + 1] in (["when"], ["what"], ["how"]):
            return False
        if self.is_want(at) or self.is_stray(at):
            return True
        return len(self.words) > at and (
            self.is_purpose(at) or self.is_harmless(at, len(self.words), past=True, people=True)
        )

    def is_want(self, at: int) -> bool:
        """ "(Because) my boss wants it like that"."""
        for verb in range(at + 1, min(at + _FARTHEST, len(self.words))):
            if phrases("wanting").match(self.words, verb) == ("", len(self.words)):
                return self.is_harmless(at, verb, people=True)
        return False

    def is_stray(self, at: int) -> bool:
        """ "(Remove this,) it is not part of the jacket", "it does not belong there"."""
        if self.words[at : at + 1] and self.words[at] in _STRAYING:
            match = phrases("strays").match(self.words, at + 1)
            return match is not None and self.is_harmless(match[1], len(self.words), people=True)
        return False

    def is_any_use(self, at: int) -> bool:
        """ "For the spring catalogue", "for above the fireplace": whatever it is, if it can be no wish."""
        end = len(self.words)
        return (
            self.words[at] == "for"
            and at + 1 < end <= at + _ANYTHING
            and all(map(self._is_tame, range(at + 1, end)))
        )

    def _is_tame(self, at: int) -> bool:
        word, item = self.words[at], self.owner[at]
        if phrases("orders").match(self.words, at) or not self.is_plain(word):
            return False
        if word in phrases("uses").words or word in named("persons"):
            return True
        if not item.senses:
            return word.isalpha() and word not in named("wished_for")
        told = item.senses.get("op.looks") in named("reported") and at + 1 < len(self.words)
        return told or "name" in item or all(sense in _TAME for sense in item.senses)

    def is_going(self, at: int) -> bool:
        """ "It goes into our newsletter", "(it) is going on the fridge"."""
        words = self.words
        while at < len(words) and words[at] in (*_PICTURES, *_ARTICLES):
            at += 1
        match = phrases("going").match(words, at) if at else None
        if match is None:
            return False
        start = match[1]
        while start < len(words) and words[start] in _ARTICLES:
            start += 1
        return start < len(words) <= match[1] + _ANYTHING and all(map(self._is_tame, range(start, len(words))))

    def is_outcome(self, at: int) -> bool:
        """ "(So that) they can't be identified", "(so) it looks good on my wall"."""
        words = self.words
        if phrases("denied_outcomes").match(words, at) == ("", len(words)):
            return True
        start = at
        while start < len(words) and words[start] in _ARTICLES:
            start += 1
        if start >= len(words) or not (words[start] in named("actors") or "region" in self.owner[start]):
            return False
        if self.is_elsewhere(start):
            return False
        verb = start + 1
        if phrases("denied_outcomes").match(words, verb) == ("", len(words)):
            return True
        if words[verb : verb + 1] in (["can"], ["could"]) and words[start] in _SEEING[0]:
            seeing = verb + 1
            while words[seeing : seeing + 1] and words[seeing] in ("actually", "still", "better", "clearly"):
                seeing += 1
            if words[seeing : seeing + 1] and words[seeing] in _SEEING[1]:
                end = len(words) - (words[-1] in ("better", "clearly", "well"))
                return end > seeing + 1 and self.is_harmless(seeing + 1, end, people=True, faces=True)
        if match := phrases("liking").match(words, verb):
            return match[1] == len(words)
        if words[verb : verb + 1] in (["can"], ["could"], ["will"]):
            then = verb + 2 if words[verb + 1 : verb + 2] == ["be"] else verb + 1
            return self.is_using(then)
        if words[verb : verb + 1] and words[verb] in ("looks", "look", "is", "are", "comes", "come", "really"):
            verb += 1
        if match := phrases("outcomes").match(words, verb):
            return match[1] == len(words) or (
                words[match[1]] in _PLACING and self.is_harmless(match[1] + 1, len(words), places=True)
            )
        return (
            words[start] in named("actors") and len(words) > start + 2 and self.is_harmless(start + 1, len(words))
        )

    def is_elsewhere(self, at: int) -> bool:
        """Whether it speaks of a part of the picture: an effect on that is a wish."""
        region = self.owner[at].senses.get("region", "subject")
        return region != "subject"

    def is_likeness(self, at: int) -> bool:
        """ "(Like) a portrait lens would do"."""
        while self.words[at : at + 1] and self.words[at] in (
            "all",
            "those",
            "the",
            "these",
            "most",
            "many",
            "other",
        ):
            at += 1
        for end in range(at + 1, min(len(self.words), at + _FARTHEST) + 1):
            if phrases("likenesses").match(self.words, end) == ("", len(self.words)):
                return self.is_harmless(at, end)
        return False

    def is_use(self, at: int, *, persons: bool = False) -> bool:
        """ "For my Amazon listing", "as a gift for my mum"."""
        words = self.words
        if words[at : at + 1] not in (["for"], ["as"], ["on"], ["in"]):
            return False
        start = at + 1
        while start < len(words) and words[start] in _ARTICLES:
            start += 1
        for end in range(start, min(start + _ADJECTIVES, len(words) - 1) + 1):
            match = phrases("uses").match(words, end)
            if match is None and persons:
                match = phrases("persons").match(words, end)
            if match and self.is_harmless(start, end):
                while after := phrases("uses").match(words, match[1]):
                    match = after
                return self.is_place_or_time(match[1])
        return False

    def is_place_or_time(self, at: int) -> bool:
        if at == len(self.words):
            return True
        if len(self.words) - at > _FARTHEST or self.words[at] not in (*_PLACING, *_TIMES):
            return False
        return self.is_use(at, persons=True) or self.is_harmless(at + 1, len(self.words))

    def is_using(self, at: int) -> bool:
        """ "(To) print it", "(can) use it on our website", "(be) printed on a mug"."""
        words = self.words
        if words[at : at + 2] == ["in", "order"]:
            at += 2
        if words[at : at + 1] == ["to"]:
            at += 1
        if phrases("used").match(words, at):
            return self.is_after_use(at + 1)
        if match := phrases("gestures").match(words, at):
            return match[1] < len(words) and self.is_harmless(match[1], len(words), people=True)
        if not phrases("using").match(words, at):
            return False
        end = at + 1
        while end < len(words) and words[end] in (*_PICTURES, *_ARTICLES, "up", "out"):
            end += 1
        return end > at + 1 and self.is_after_use(end)

    def is_after_use(self, at: int) -> bool:
        return at == len(self.words) or self.is_use(at, persons=True) or self.is_place_or_time(at)

    def is_purpose(self, at: int) -> bool:
        """ "It's for my shop", "we need it for a brochure", "I want to print it", "it'll be printed on a mug"."""
        words = self.words
        if words[at : at + 1] and words[at] in _PICTURES + _ARTICLES:
            while at < len(words) and words[at] in (*_PICTURES, *_ARTICLES):
                at += 1
            if words[at : at + 1] not in (["is"], ["are"], ["will"], ["shall"]):
                return False
            at += 1
            while at < len(words) and words[at] in (
                "be",
                "going",
                "to",
                "all",
                "just",
                "meant",
                "intended",
                "needed",
                "used",
            ):
                at += 1
            return self.is_use(at, persons=True) or self.is_using(at)
        if words[at : at + 1] not in (["i"], ["we"], ["she"], ["he"], ["they"]):
            return False
        match = phrases("plans").match(words, at + 1)
        if match is None:
            return False
        if words[match[1] - 1] == "to":
            return self.is_using(match[1])
        end = match[1]
        while end < len(words) and words[end] in (*_PICTURES, "the"):
            end += 1
        return end > match[1] and words[end : end + 1] == ["for"] and self.is_use(end, persons=True)
