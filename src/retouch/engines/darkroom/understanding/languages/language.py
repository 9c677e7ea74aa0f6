"""One language: its grammar, read from ``lexicon/languages``, and how a text is parsed with it.

The grammar is synchronous: every pattern of the language stands beside the English that it means. Phrases
are found kind by kind in the order of the file, so that a kind may be made of those before it; of the last,
``clause`` and ``tail``, an instruction is made. ``{any}`` stands for a few words that the language doesn't have,
``{own}`` for such behind a possessive, where they can only say what a picture is of or is wanted for.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any

from retouch.engines.darkroom.understanding.languages.patterns import Node, Patterns, Phrases, Words, match
from retouch.engines.darkroom.understanding.languages.tokens import PAUSE, STOP, Token, tokens

LANGUAGES = {
    "es": "Spanish",
    "fr": "French",
    "de": "German",
    "pt": "Portuguese",
    "it": "Italian",
    "zh": "Chinese",
    "ja": "Japanese",
}
_UNSPACED = ("zh", "ja")
LONGEST = 1000
"""Characters of an instruction; longer ones tell stories."""

_HIRAGANA = re.compile("[\u3041-\u309f]")
_PLAIN = re.compile("[a-z]+")
_CHARACTERS = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc\u4e00-\u9fff]+")

_SETTINGS = ("settings", "endings", "spelling")
_LITERAL = ("number", "ratio", "quoted")
_STRANGERS = 3
"""Words of an ``any`` or an ``own``."""
_WORDS = ("word", "ideograph")


@dataclass
class Parse:
    """``clauses``: in English; ``unknown``: the pieces of the text that no clause explains, and ``strange`` those
    of their words that the language's grammar does not have; ``share``: of its words that it has."""

    clauses: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    share: float = 0.0

    @property
    def english(self) -> str:
        """The clauses as an instruction: one that begins with "&" goes on with the verb of the one before it
        ("make it" where that only keeps something); what stands between two "^" goes to the end of its clause."""
        text = ""
        for at, clause in enumerate(self.clauses):
            goes_on = clause.startswith("&")
            if goes_on and at and self.clauses[at - 1].startswith("but keep "):
                clause, goes_on = f"make it {clause[1:]}", False
            main, *moved = clause.removeprefix("&").split("^")
            clause = " ".join(" ".join([main, *moved[1::2], *moved[0::2]]).split())
            joint = " and " if goes_on else (" " if clause.startswith("but ") else ". ")
            text += (joint if text else "") + (clause if text else clause.removeprefix("but "))
        return text


class Language:
    """``name``: in English; ``spaced``: whether its words stand apart."""

    def __init__(self, name: str, grammars: Sequence[Mapping[str, Any]]) -> None:
        self.name = name
        settings: dict[str, Any] = {}
        kinds: dict[str, list[tuple[str, list[str]]]] = {}
        self._endings: dict[str, list[str]] = {}
        self._spelling: dict[str, Words] = {}
        for grammar in grammars:
            settings |= grammar.get("settings", {})
            self._endings |= grammar.get("endings", {})
            for word, spelt in grammar.get("spelling", {}).items():
                self._spelling[word] = tuple(spelt.split())
        for grammar in reversed(grammars):
            for kind, table in grammar.items():
                if kind not in _SETTINGS:
                    kinds.setdefault(kind, []).extend(table.items())
        self.spaced: bool = settings.get("spaced", True)
        self._run_on = frozenset(settings.get("run_on", ()))
        exchanged = settings.get("exchange", ["", ""])
        self._characters = dict(zip(map(ord, exchanged[0]), exchanged[1], strict=True))
        self._kinds: dict[str, Node] = {"idle": Node()}
        patterns = Patterns(self._endings, self._split)
        for english, phrases in kinds.pop("idle", []):
            for phrase in phrases:
                patterns.grow(self._kinds["idle"], phrase, english or " ")
        alone = {
            word
            for word, nodes in self._kinds["idle"].words.items()
            if any(node.says is not None for node in nodes)
        }
        polite = patterns.words
        patterns, purposes = (Patterns(self._endings, self._split, frozenset(alone)) for _ in range(2))
        for kind, entries in kinds.items():
            root = self._kinds[kind] = Node()
            for english, phrases in entries:
                for phrase in phrases:
                    (purposes if kind == "use" else patterns).grow(root, phrase, english or " ")
        self._telltale = patterns.words
        self._words = patterns.words | purposes.words
        self._owning = frozenset(settings.get("owning", ()))
        self._telling = (self._words | polite).difference(settings.get("anywhere", ()))

    def tells(self, word: str) -> bool:
        """Whether ``word`` shows that a text is in this language."""
        return any(part in self._telling for part in self._split(word))

    def _split(self, text: str) -> Words:
        if _PLAIN.fullmatch(text):  # Most of a grammar: what `tokens` would make of it, at once.
            return self._spelling.get(text, (text,))
        if _CHARACTERS.fullmatch(text) and not self._spelling:
            return tuple(text.translate(self._characters))
        return tuple(token.text for token in tokens(text, self._spelling, self._characters))

    def parse(self, text: str) -> Parse:
        """``text`` as far as the grammar explains it, with as few words left over as can be. Takes time linear in
        its length."""
        text = unicodedata.normalize("NFC", text)[:LONGEST]
        sequence = self._without_idle(tokens(text, self._spelling, self._characters))
        found = Parse()
        if not (words := [token for token in sequence if token.kind in _WORDS]):
            return found
        known = sum(token.text in self._words for token in words)
        if known * 3 < len(words):
            return found
        phrases = self._phrases(sequence)
        covered = self._covered(sequence, phrases)
        has = sum(known for token, known in zip(sequence, covered, strict=True) if token.kind in _WORDS)
        found.share = has / len(words)
        self._read(text, sequence, phrases, covered, found)
        return found

    def _without_idle(self, sequence: list[Token]) -> list[Token]:
        """What is left when the polite words and the articles are gone."""
        root = self._kinds["idle"]
        left: list[Token] = []
        at, owned = 0, False
        while at < len(sequence):
            nodes, end = [root], at
            for ahead in range(at, len(sequence)):
                token = sequence[ahead]
                nodes = [on for node in nodes for on in node.words.get(token.text, ()) if token.kind != "quoted"]
                if not nodes:
                    break
                if any(node.says for node in nodes):
                    end = ahead + 1
            if end == at:
                left.append(replace(sequence[at], owned=owned))
                at += 1
            owned = end > at and sequence[end - 1].text in self._owning
            at = max(at, end)
        return left

    def _phrases(self, sequence: Sequence[Token]) -> dict[str, Phrases]:
        found: dict[str, Phrases] = {kind: {} for kind in _LITERAL}
        for at, token in enumerate(sequence):
            if token.kind in _LITERAL:
                english = f'"{token.text}"' if token.kind == "quoted" else token.text
                found[token.kind][at] = {at + 1: english}
        found["any"] = dict(self._strangers(sequence)) if self.spaced else {}
        found["own"] = {at: ends for at, ends in found["any"].items() if sequence[at].owned}
        for kind, root in self._kinds.items():
            if kind != "idle":
                found[kind] = {}
                heads = [found[slot] for slot in root.slots]
                for at, token in enumerate(sequence):
                    if token.text not in root.words and not any(at in head for head in heads):
                        continue
                    if ends := dict(match(root, sequence, at, found)):
                        found[kind][at] = ends
        return found

    def _strangers(self, sequence: Sequence[Token]) -> Iterator[tuple[int, dict[int, str]]]:
        """Where words begin that could tell of no edit, and where they may end."""
        for at in range(len(sequence)):
            size = 0
            for token in sequence[at : at + _STRANGERS]:
                if token.kind != "word" or token.text in self._telltale:
                    break
                size += 1
            if size:
                yield at, {at + ahead: "" for ahead in range(1, size + 1)}

    def _covered(self, sequence: Sequence[Token], phrases: Mapping[str, Phrases]) -> list[bool]:
        """Of each token whether the grammar has it: as a word, or where words aren't apart, in a phrase."""
        if self.spaced:
            return [token.text in self._words or token.kind != "word" for token in sequence]
        covered = [token.kind not in _WORDS for token in sequence]
        for starts in phrases.values():
            for start, ends in starts.items():
                for at in range(start, max(ends)):
                    covered[at] = True
        return covered

    def _read(
        self,
        text: str,
        sequence: Sequence[Token],
        phrases: Mapping[str, Phrases],
        covered: Sequence[bool],
        found: Parse,
    ) -> None:
        """The way through ``sequence`` that leaves the fewest tokens over, then the one of the fewest clauses. A
        clause begins at a joint, behind a tail, or where the words run on; a tail anywhere."""
        start, size = (0, True), len(sequence)
        best: dict[tuple[int, bool], tuple[int, int]] = {start: (0, 0)}
        came: dict[tuple[int, bool], tuple[tuple[int, bool], str | None]] = {}
        for at in range(size):
            for fresh in (True, False):
                here = (at, fresh)
                if here not in best:
                    continue
                left, clauses = best[here]
                for cost, step, there, what in self._steps(here, sequence, phrases):
                    total = (left + cost, clauses + step)
                    if there not in best or total < best[there]:
                        best[there] = total
                        came[there] = (here, what)
        here = min(((size, fresh) for fresh in (True, False) if (size, fresh) in best), key=lambda end: best[end])
        unknown: list[int] = []
        clauses_read: list[str] = []
        while here != start:
            before, what = came[here]
            if what is None:
                unknown.append(before[0])
            elif what:
                clauses_read.append(what)
            here = before
        found.clauses = clauses_read[::-1]
        if not found.clauses:  # Reasons alone ask for nothing.
            unknown = [at for at, token in reversed(list(enumerate(sequence))) if token.kind in _WORDS]
        found.unknown = _pieces(text, sequence, unknown[::-1])
        found.strange = _pieces(text, sequence, [at for at in unknown[::-1] if not covered[at]])
        if not self.spaced and any(len(piece) < 2 or _HIRAGANA.search(piece) for piece in found.strange):
            found.strange = []  # Pieces of words, and not words.

    def _steps(
        self, here: tuple[int, bool], sequence: Sequence[Token], phrases: Mapping[str, Phrases]
    ) -> Iterator[tuple[int, int, tuple[int, bool], str | None]]:
        """What can come at ``here``: tokens left over, clauses, where it leads, and its English."""
        at, fresh = here
        if sequence[at].text in (STOP, PAUSE) and sequence[at].kind == "mark":
            yield 0, 0, (at + 1, True), ""
        else:
            yield 1, 0, (at + 1, False), None
        for end in phrases["join"].get(at, ()):
            yield 0, 0, (end, True), ""
        for kind in ("clause", "tail"):
            if fresh or kind == "tail":
                for end, english in phrases[kind].get(at, {}).items():
                    runs_on = kind == "tail" or sequence[end - 1].text in self._run_on
                    yield 0, 1, (end, runs_on), english


def _pieces(text: str, sequence: Sequence[Token], places: Sequence[int]) -> list[str]:
    """The parts of ``text`` at ``places``, neighbours together."""
    found: list[str] = []
    last = -2
    begin = 0
    for at in places:
        if at != last + 1:
            begin = sequence[at].start
            found.append("")
        found[-1] = text[begin : sequence[at].end]
        last = at
    return found


def languages(*, spaced: bool) -> tuple[Language, ...]:
    """All but English whose words stand apart, or don't."""
    return tuple(_language(code) for code in LANGUAGES if (code not in _UNSPACED) is spaced)


@cache
def _language(code: str) -> Language:
    """The language of the grammar ``code``, read once, when an instruction first needs it."""
    folder = resources.files("retouch.engines.darkroom") / "lexicon" / "languages"
    grammars = [tomllib.loads((folder / f"{name}.toml").read_text("utf-8")) for name in ("shared", code)]
    return Language(LANGUAGES[code], grammars)
