"""What of an instruction is an order, what a complaint and what only background, told apart before it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from retouch.engines.darkroom.understanding.captions import is_caption, is_farewell
from retouch.engines.darkroom.understanding.clauses import joins, opens
from retouch.engines.darkroom.understanding.complaints import Finding, findings, mends, praises
from retouch.engines.darkroom.understanding.context import begins_aside, is_context
from retouch.engines.darkroom.understanding.insertion import thing_at
from retouch.engines.darkroom.understanding.observations import observed, points_back
from retouch.engines.darkroom.understanding.vocabulary import Item, Vocabulary
from retouch.engines.darkroom.understanding.words import HARD, SOFT

MOST_ITEMS = 400
"""Longer instructions are read as they are: nobody who has so much to say can be heard out."""

_PIECES = 4
"""Pieces of a sentence that may be one statement."""

_REQUESTS = ("please", "can", "could", "would", "will", "i", "kindly", "we", "help")
_DOERS = (
    "i",
    "we",
    "you",
    "it",
    "this",
    "that",
    "they",
    "he",
    "she",
    "people",
    "one",
    "nobody",
    "everyone",
    "everybody",
)
_GOING_ON = (
    "in",
    "on",
    "at",
    "from",
    "during",
    "when",
    "while",
    "by",
    "near",
    "a",
    "bit",
    "and",
    "too",
    "very",
    "quite",
)
_RELATIVE = ("which", "who", "whose", "that", "where", "with", "without")
_TRAILING = ("for", "to", "like", "as")
_QUOTED = 120
_TRADING = frozenset(
    {"exchange", "trade", "swap", "look", "looking", "aim", "aiming", "go", "going", "space", "room"}
)
_INTO = frozenset({"to", "into"})
_FORMS = ("op.looks", "op.verbs", "op.whole")


@dataclass
class Heard:
    """``orders``: what is left to be read. ``findings``: what is said to be wrong; ``mending``: whether that shall
    be mended, without a word of how: "fix", "remove" or "". ``asides``: what was set aside, as it was said;
    ``names``: who these say is in the picture; ``plain``: whether the whole of it may be read as orders, too: a
    complaint is never a wish, nor is what is told of the weather a picture was taken in."""

    orders: list[Item] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    mending: str = ""
    asides: list[str] = field(default_factory=list)
    names: list[set[str]] = field(default_factory=list)
    plain: bool = True
    observed: list[tuple[str, Sequence[Item]]] = field(default_factory=list)
    """What is told of things, and which: what "it" may mean in an order."""

    @property
    def note(self) -> str:
        told = ", ".join(f"“{text if len(text) <= _QUOTED else text[:_QUOTED] + '…'}”" for text in self.asides)
        return f"Taken as background, not as an order: {told}."


def listen(items: Sequence[Item], lexicon: Vocabulary, *, label: str = "") -> Heard | None:
    """``items`` taken apart; None if all of them may be orders. ``label``: what they were headed with. Linear in
    their number."""
    heard = Heard(asides=[label] if label else [])
    if len(items) > MOST_ITEMS:
        return None
    for sentence in _sentences(items):
        _hear(sentence, heard, lexicon)
    alone = not heard.orders or mends(_words_of(_trimmed(heard.orders[:-1])), ()) is not None
    for thing, piece in heard.observed:
        if alone or (thing and points_back(heard.orders)):
            heard.orders += [*piece, Item(HARD)]  # Nothing that is asked for does without it.
    if not (heard.findings or heard.asides):
        return None
    _point(heard)
    return heard


def _sentences(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    start = 0
    for at, item in enumerate(items):
        if item.text == HARD:
            yield items[start : at + 1]
            start = at + 1
    if start < len(items):
        yield items[start:]


def _hear(sentence: Sequence[Item], heard: Heard, lexicon: Vocabulary) -> None:
    edges = [*_edges(sentence), len(sentence) - (sentence[-1].text == HARD)]
    left: list[Item] = []
    at = 0
    while at < len(edges) - 1:
        for last in range(min(at + _PIECES, len(edges) - 1), at, -1):
            if not _goes_on(sentence, edges[at + 1 : last]) or _trails(sentence, edges[last]):
                continue
            piece = sentence[edges[at] : edges[last]]
            alone = last == at + 1 or not any(
                _complains(sentence[edges[one] : edges[one + 1]], lexicon) for one in range(at, last)
            )
            loose = not _takes_for([*heard.orders, *left], lexicon)
            if _take(piece, heard, lexicon, ordered=_asks(left), tells=alone, loose=loose):
                at = last
                break
        else:
            left += sentence[edges[at] : edges[at + 1]]
            at += 1
    while left and joins(left[0]):
        del left[0]
    while left and joins(left[-1]):
        del left[-1]
    heard.orders += [*left, Item(HARD)] if left else []


def _edges(sentence: Sequence[Item]) -> Iterator[int]:
    """Where its pieces begin: at joints, courtesies, reasons and purposes."""
    yield 0
    for at in range(1, len(sentence)):
        before = sentence[at - 1]
        if joins(before):
            continue
        item = sentence[at]
        pause = at == 0 or joins(before)
        asks = "polite" in item and item.text.split()[0] in _REQUESTS and before.text not in _DOERS
        if joins(item) or asks or begins_aside(sentence[at : at + 8], pause=pause):
            yield at


def _goes_on(sentence: Sequence[Item], joints: Sequence[int]) -> bool:
    """Whether what stands behind each joint can go on with a statement, and begins no order."""
    for at in joints:
        ahead = at
        while ahead < len(sentence) and joins(sentence[ahead]):
            ahead += 1
        if ahead == len(sentence) or opens(sentence[ahead]):
            return False
        if "polite" in sentence[ahead] and not sentence[ahead].text.startswith("for "):
            return False
    return True


def _trails(sentence: Sequence[Item], end: int) -> bool:
    """Whether what stands behind a piece belongs to it: "we were told | to add a hat", "my site, which ..."."""
    begin = end
    while end < len(sentence) and joins(sentence[end]):
        end += 1
    if end >= len(sentence) or sentence[end].text == HARD:
        return False
    first = sentence[end].text.split()[0]
    return first in _RELATIVE or (begin == end and first in _TRAILING)


def _asks(items: Sequence[Item]) -> bool:
    """Whether there is an order among ``items``."""
    return any(opens(item) or "op.looks" in item for item in items)


def _takes_for(items: Sequence[Item], lexicon: Vocabulary) -> bool:
    """Whether a "for" may belong to an order among ``items``: "swap it for ...", "add a hat for ...", and "it" be
    a thing that is put in."""
    words = _words_of(items)
    if any("verb.replace" in item for item in items) or not _TRADING.isdisjoint(words):
        return True
    if "change" in words and _INTO.isdisjoint(words):
        return True
    if any(lexicon.operations[item.senses[form]].thing for item in items for form in _FORMS if form in item):
        return True
    adds = any("verb.apply" in item for item in items)
    return adds and any(thing_at(words, at) for at in range(len(words)))


def _take(
    piece: Sequence[Item], heard: Heard, lexicon: Vocabulary, *, ordered: bool, tells: bool, loose: bool
) -> bool:
    """Whether ``piece`` is no order, and noted as what it is. ``ordered``: one stands before it in the sentence;
    ``tells``: it may be background, and no part of it is a complaint of its own; ``loose``: no "for" in it can be
    part of an order."""
    piece = _trimmed(piece)
    words = _words_of(piece)
    if not words or any("literal" in item for item in piece):
        return False
    if is_farewell(piece) or (tells and not ordered and is_caption(piece)):
        heard.asides.append(" ".join(words))
        names = {item.senses["name"] for item in piece if "name" in item}
        heard.names += [names] if names else []
        return True
    if found := findings(words, lexicon, ordered=ordered):
        heard.findings += found
        heard.plain = False
        heard.names += [{finding.name} for finding in found if finding.name]
        return True
    if heard.findings and (how := mends(words, heard.findings)):
        heard.mending = how
        return True
    if praises(words, lexicon):
        heard.plain = False  # It looks good: it is not to be made so.
        heard.asides.append(" ".join(words))
        return True
    if any(word == SOFT for word in words) and not _is_whole(piece):
        return False
    if not (tells and is_context(piece, ordered=ordered, loose=loose)):
        thing = observed(piece) if tells else None
        if thing is None:
            return False
        heard.observed.append((thing, piece))
        heard.plain = False  # "The room looks gloomy" wishes for no gloom.
        heard.asides.append(" ".join(words))
        return True
    heard.asides.append(" ".join(words))
    heard.plain = heard.plain and not any("op.looks" in item and "glue" not in item for item in piece)
    if words[0] in ("this", "it", "here", "these", "that"):
        names = {item.senses["name"] for item in piece if "name" in item}
        heard.names += [names] if names else []
    return True


def _complains(piece: Sequence[Item], lexicon: Vocabulary) -> bool:
    return bool(findings(_words_of(_trimmed(piece)), lexicon, ordered=True))


def _trimmed(piece: Sequence[Item]) -> Sequence[Item]:
    """``piece`` without the joints at its ends."""
    while piece and joins(piece[0]):
        piece = piece[1:]
    while piece and joins(piece[-1]):
        piece = piece[:-1]
    return piece


def _words_of(piece: Sequence[Item]) -> list[str]:
    return [word for item in piece for word in item.text.split()]


def _is_whole(piece: Sequence[Item]) -> bool:
    """Whether what stands behind every comma of a statement only tells where or when."""
    return all(
        item.text != SOFT or piece[at + 1].text.split()[0] in _GOING_ON for at, item in enumerate(piece[:-1])
    )


def _point(heard: Heard) -> None:
    """Have "replace it with a nicer one" mean what was complained of: a sky or a background."""
    regions = {finding.region for finding in heard.findings}
    if len(regions) != 1 or (region := regions.pop()) not in ("sky", "background"):
        return
    named = Item(region, {"region": region})
    for at, item in enumerate(heard.orders):
        replaces = at and ("verb.replace" in heard.orders[at - 1] or heard.orders[at - 1].text == "change")
        if (item.text == "it" and replaces) or (
            item.text == "one" and any("verb.replace" in other for other in heard.orders[:at])
        ):
            heard.orders[at] = named
