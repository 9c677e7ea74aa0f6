"""Clauses that want something written: 'add the text "SALE" at the top in red'."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from retouch.engines.darkroom.understanding.clauses import Clause
from retouch.engines.darkroom.understanding.literals import LONGEST
from retouch.engines.darkroom.understanding.phrases import Phrases
from retouch.engines.darkroom.understanding.placing import colours, positions, sizes, tables, words_of
from retouch.engines.darkroom.understanding.reading import NO_MASK, Reading
from retouch.engines.darkroom.understanding.vocabulary import Item, Vocabulary

_REWRITES = (
    "cannot rewrite, translate or restyle lettering that is in the picture: have it removed with a mask, then add "
    "the new text"
)
_NO_WORDS = (
    'needs the words that it shall write: put them in quotation marks, as in: add the text "SALE" at the top'
)
_CHANGES = words_of("text", "changes")
_WRITES = words_of("text", "writes")
_NOUNS = words_of("text", "nouns")
_LINKS = words_of("text", "links")
_USUAL: dict[str, dict[str, str]] = {
    "title": {"size": "large"},
    "caption": {"position": "bottom"},
    "watermark": {"position": "bottom-right", "size": "small"},
}
"""Where and how large each kind of text is unless it is said. A title has no place of its own: at the top it would
often lie over a face, and the operation looks for room."""


@cache
def _words() -> Phrases:
    table = tables()["text"]
    order = ("corner", "title", "caption", "watermark", "saying", "write", "add", "noun", "senseless")
    return Phrases({kind: table[kind] for kind in order})


def read_text(clause: Clause, found: Reading, lexicon: Vocabulary) -> bool:
    """Read a clause that has something written; others are left alone."""
    items = [item for item in clause.items if "polite" not in item]
    written = [at for at, item in enumerate(items) if "literal" in item]
    plain = [word for item in items if "literal" not in item for word in item.text.split()]
    if clause.kind in ("keep", "remove", "fill") or not plain:
        return False
    speaks = bool(_NOUNS & set(plain))
    if speaks and plain[0] in _CHANGES and "image" not in plain[:4]:
        found.doubt(_REWRITES)
        found.unknown.append(clause.text)
        return True
    if not written:
        if {"room", "space"} & set(plain) and "for" in plain:
            return False  # "More space on the left for a headline"
        if not (plain[0] in _WRITES or (speaks and _words().match(plain, 0) == ("add", 1))):
            return False
        if any("op.verbs" in item or "op.looks" in item for item in items):
            return False
        found.doubt(_NO_WORDS)
        found.unknown.append(clause.text)
        return True
    for part in _parts(items, written):
        _Inscription(part, found, verbal=not clause.continues).read()
    return True


def _parts(items: Sequence[Item], written: Sequence[int]) -> list[Sequence[Item]]:
    """``items`` cut into parts with one text each, at the last comma or "and" between two of them."""
    cuts = [0]
    for before, after in pairwise(written):
        joints = [at for at in range(before + 1, after) if items[at].text in (",", "and")]
        if len(joints) > 1 and joints[-1] == after - 1:
            del joints[-1]  # "Top: ..., bottom: ..."
        cuts.append(joints[-1] if joints else after)
    return [items[start:end] for start, end in zip(cuts, [*cuts[1:], len(items)], strict=True)]


class _Inscription:
    """One text, and the words that say where and how."""

    def __init__(self, items: Sequence[Item], found: Reading, *, verbal: bool) -> None:
        self.items = items
        self.found = found
        self.kind = ""
        self.params: dict[str, str] = {}

    def read(self) -> None:
        words: list[str] = []
        for item in self.items:
            if "literal" in item:
                self._take(words)
                words = []
                self._say(item.senses["literal"])
            elif "area" in item:
                if not self.found.has_mask:
                    self.found.doubt(NO_MASK)
            else:
                words += item.text.split()
        self._take(words)
        for name, usual in _USUAL.get(self.kind, {}).items():
            if not (name == "position" and self.found.has_mask):
                self.params.setdefault(name, usual)
        self.found.add("text", params=self.params)

    def _say(self, text: str) -> None:
        if not text:
            self.found.doubt("has nothing to write there: the text is empty")
        elif len(text) > LONGEST:
            self.found.doubt(f"writes at most {LONGEST} characters at once, and was given {len(text)}")
        self.params["text"] = text

    def _take(self, words: Sequence[str]) -> None:
        at = 0
        while at < len(words):
            matches = [
                (kind, *match)
                for kind, table in (
                    ("position", positions()),
                    ("size", sizes()),
                    ("colour", colours()),
                    ("word", _words()),
                )
                if (match := table.match(words, at))
            ]
            if words[at].startswith("#"):
                matches.append(("colour", words[at], at + 1))
            if matches:
                kind, value, at = max(matches, key=lambda match: match[2])
                self._note(kind, value)
                continue
            if words[at] not in _LINKS and words[at] not in (",", "and"):
                self.found.puzzle(Item(words[at]))
            at += 1

    def _note(self, kind: str, value: str) -> None:
        if kind == "word":
            self.kind = value if value in _USUAL else self.kind
            if value == "corner":
                self.params.setdefault("position", "bottom-right")
        elif self.params.setdefault(kind, value) != value:
            self.found.doubt(f"takes one {kind} for a text: either {self.params[kind]} or {value}")
