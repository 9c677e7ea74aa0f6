"""What people say is wrong with a picture: "the horizon is crooked", "there's a yellow cast", "too much grain".

A complaint is an order where its remedy is asked for, where it is to be mended without a word of how, or where it
stands alone and one harmless operation mends it. The words are in ``lexicon/complaints.toml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from retouch.engines.darkroom.understanding.faults import Fault, faults, verbs, words_for
from retouch.engines.darkroom.understanding.phrases import Phrases
from retouch.engines.darkroom.understanding.slant import without_degrees
from retouch.engines.darkroom.understanding.subjects import Subject, subject_of
from retouch.engines.darkroom.understanding.vocabulary import Vocabulary

LONGEST = 24
"""Words of a complaint; a longer one tells a story."""

_SUBJECT = 6
_BEHIND = ("from", "in", "on", "across", "over", "throughout", "around", "along")
_TO = ("see", "print", "use", "read", "post", "show", "recognise", "make", "frame", "sell")
_FARTHEST = 6
_PRONOUNS = ("", "it", "that", "they", "them")
_STOPS = {
    "half": 0.5,
    "one": 1.0,
    "a": 1.0,
    "two": 2.0,
    "three": 3.0,
    "1": 1.0,
    "2": 2.0,
    "3": 3.0,
    "0.5": 0.5,
    "1.5": 1.5,
}
_MILDLY = frozenset(
    {"bit", "little", "rather", "quite", "pretty", "kinda", "slightly", "somewhat", "tad", "touch"}
)
_ROUGHLY = ("by", "roughly", "about", "around", "approximately", "at", "least", "almost", "nearly", "full", "a")


@dataclass(frozen=True)
class Finding:
    """A fault that was complained of. ``fault``: None where no more was said than that a place displeases;
    ``region``: where; ``sure``: whether it was said so that it can't be a wish; ``noun``: whether it is a thing
    that can be removed; ``name``: what the subject is called; ``stops``: by how much the exposure is off;
    ``vague``: whether anything that is done to the place may be the answer."""

    fault: Fault | None
    region: str | None
    text: str
    sure: bool = True
    noun: bool = False
    stops: float | None = None
    name: str | None = None
    vague: bool = False


def findings(words: Sequence[str], lexicon: Vocabulary, *, ordered: bool = False) -> list[Finding]:
    """What ``words`` complain of; empty unless they do nothing else. ``ordered``: whether an order stands before
    them in the same sentence, which "the sky pale" may belong to."""
    if not 0 < len(words) <= LONGEST:
        return []
    words = without_degrees(words)
    at = _after(words_for("heads"), words, 0)
    return _nouns(words, at, lexicon) or _faults(words, at, lexicon, ordered=ordered)


def praises(words: Sequence[str], lexicon: Vocabulary) -> bool:
    """Whether ``words`` praise the picture: "it looks great already"."""
    at = _after(words_for("heads"), words, 0)
    for end in range(at, min(at + _SUBJECT, len(words))):
        looks = words_for("looks").match(words, end)
        if looks is None:
            continue
        subject = subject_of(words[at:end], lexicon)
        match = words_for("praising").match(words, _after(words_for("degrees"), words, looks[1]))
        ended = match is not None and _after(words_for("tails"), words, match[1]) == len(words)
        return ended and subject is not None and subject.picture
    return False


def mends(words: Sequence[str], found: Sequence[Finding]) -> str | None:
    """ "fix" or "remove" if ``words`` ask for no more than that what was ``found`` shall be mended, or be gone."""
    at = _after(words_for("asking"), words, 0)
    own = (finding.fault.verbs.match(words, at) for finding in found if finding.fault)
    match = verbs().match(words, at) or next(filter(None, own), None)
    if match is None:
        return None
    end = match[1]
    while end < len(words):
        after = max(_after(words_for("mended"), words, end), _after(words_for("asking"), words, end))
        if after == end:
            return None
        end = after
    return match[0]


def _nouns(words: Sequence[str], at: int, lexicon: Vocabulary) -> list[Finding]:
    """ "There is too much grain in the shadows"."""
    start = at
    there = words_for("there").match(words, at)
    at = there[1] if there else at
    much = at
    while match := words_for("much").match(words, at):
        at = match[1]
    for fault in faults():
        for begin in (much, at):  # "Too much contrast" is all of the noun.
            match = fault.words.match(words, begin)
            if match is None or match[0] != "noun":
                continue
            excess = (
                "too" in words[much : match[1]]
                or "enough" in words[much : match[1]]
                or "no" in words[much : match[1]]
            )
            natural = words[match[1] - 1] in ("fog", "mist", "grain")
            if not (excess or (there and not natural)):
                continue
            ended = _ended(words, match[1], lexicon)
            if ended is None or not (ended[0] is None or fault.places):
                continue
            return [Finding(fault, ended[0], " ".join(words[start:]), noun=True)]
    return []


def _faults(words: Sequence[str], at: int, lexicon: Vocabulary, *, ordered: bool) -> list[Finding]:
    """ "The picture is blurry and a bit too dark", "sky too bright", "underexposed"."""
    for end in range(at, min(at + _SUBJECT, len(words)) + 1):
        looks = words_for("looks").match(words, end)
        if end > at and looks is None and not _begins_fault(words, end):
            continue
        subject = subject_of(words[at:end], lexicon)
        if subject is None:
            continue
        behind = looks[1] if looks else end
        cued = looks is not None and words_for("cues").match(words, end) == ("", looks[1])
        past = words[end : end + 1] in (["was"], ["were"])
        found = _predicates(
            words, behind, subject, lexicon, cued=cued, past=past, bare=looks is None, ordered=ordered
        )
        if found:
            return found
    return []


def _begins_fault(words: Sequence[str], at: int) -> bool:
    after = _after(words_for("degrees"), words, at)
    return any(fault.words.match(words, after) for fault in faults())


def _predicates(
    words: Sequence[str],
    at: int,
    subject: Subject,
    lexicon: Vocabulary,
    *,
    cued: bool,
    past: bool,
    bare: bool,
    ordered: bool,
) -> list[Finding]:
    found: list[Finding] = []
    while True:
        begin = at
        at = _after(words_for("degrees"), words, at)
        told = cued or (not bare and not _MILDLY.isdisjoint(words[begin:at]))  # "It's a bit dark"
        too = "too" in words[begin:at] or told
        match = _predicate(words, at, subject, sure=too or cued)
        if match is None:
            return []
        finding, end = match
        stops, end = _measure(words, end)
        if stops is not None and finding.fault is not None:
            finding = replace(finding, stops=stops)
        if past or (ordered and subject.noun in _PRONOUNS):
            finding = replace(finding, sure=False)  # "It was too dark in there", "keep the sky, it is too dark"
        if bare and not (too or (finding.sure and finding.fault and finding.fault.never)):
            if not subject.noun or ordered:
                return []  # "Grainy" may be a wish.
            finding = replace(finding, sure=False)  # "Photo grainy" counts beside "fix it".
        found.append(finding)
        if end < len(words) and words[end] in ("and", ",", "but"):
            at = end + 1
            while at < len(words) and words[at] in ("and", ",", "also", "is"):
                at += 1
            if at < len(words) and _begins(words, at, subject):
                continue
        ended = _ended(words, end, lexicon)
        return found if ended is not None and ended[0] in (None, subject.region) else []


def _begins(words: Sequence[str], at: int, subject: Subject) -> bool:
    return _predicate(words, _after(words_for("degrees"), words, at), subject, sure=True) is not None


def _predicate(words: Sequence[str], at: int, subject: Subject, *, sure: bool) -> tuple[Finding, int] | None:
    """The longest fault that is said of ``subject`` from ``at`` on, and where it ends."""
    best: tuple[Finding, int] | None = None
    for fault in faults():
        table = fault.of_picture if subject.picture else fault.words
        match = table.match(words, at)
        if match is None or match[0] == "noun" or (best and match[1] <= best[1]) or not _fits(fault, subject):
            continue
        region = None if fault.casts and subject.region == "subject" else subject.region
        finding = Finding(fault, region, " ".join(words), sure=sure or match[0] == "fault", name=subject.name)
        best = finding, match[1]
    behind = subject.region in ("sky", "background")
    if behind or (best is None and subject.picture):
        match = words_for("displeasing").match(words, at) or (
            words_for("colourless").match(words, at) if behind else None
        )
        if match and best:
            best = replace(best[0], vague=True), best[1]
        elif match:
            best = Finding(None, subject.region, " ".join(words)), match[1]
    return best


def _fits(fault: Fault, subject: Subject) -> bool:
    if subject.noun in fault.about:
        return True
    if fault.only:
        return False
    if subject.region == "subject" and fault.casts:
        return not (subject.name or "").startswith("things/")  # "Everyone looks yellow"
    if subject.region is None:
        return subject.picture
    return fault.places and subject.region not in fault.not_places


def _ended(words: Sequence[str], at: int, lexicon: Vocabulary) -> tuple[str | None] | None:
    """The region that the words from ``at`` on say it is in; None if they say anything else."""
    at = _after(words_for("tails"), words, at)
    if at == len(words):
        return (None,)
    rest = words[at + 1 :]
    if words[at] == "to" and rest and rest[0] in _TO and len(rest) <= _FARTHEST:
        return (None,) if not _acts(rest[1:], lexicon) else None
    if words[at] not in _BEHIND or not 0 < len(rest) <= _FARTHEST or _acts(rest, lexicon):
        return None
    regions = [item.senses["region"] for item in lexicon.read(" ".join(rest)) if "region" in item]
    if words[at] == "from":
        return (None,)
    return (regions[0],) if len(regions) == 1 else (None,) if not regions else None


def _acts(words: Sequence[str], lexicon: Vocabulary) -> bool:
    """Whether ``words`` have an order or a wish among them."""
    senses = ("op.verbs", "op.whole", "keep", "verb.remove", "verb.replace", "denial", "sole", "literal")
    return any(sense in item for item in lexicon.read(" ".join(words)) for sense in senses)


def _measure(words: Sequence[str], at: int) -> tuple[float | None, int]:
    """ "By roughly one stop"."""
    end = at
    while end < len(words) and words[end] in _ROUGHLY and words[end + 1 : end + 2] != ["stop"]:
        end += 1
    stops = _STOPS.get(words[end]) if end < len(words) else None
    if stops is None:
        return None, at
    end += 1
    if words[end : end + 1] == ["a"]:
        end += 1
    return (stops, end + 1) if words[end : end + 1] in (["stop"], ["stops"]) else (None, at)


def _after(phrases: Phrases, words: Sequence[str], at: int) -> int:
    """Behind as many of ``phrases`` as follow upon each other from ``at`` on."""
    while match := phrases.match(words, at):
        at = match[1]
    return at
