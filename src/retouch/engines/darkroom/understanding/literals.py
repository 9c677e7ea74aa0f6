"""The words that an instruction wants written into the picture, kept exactly as they stand in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from retouch.engines.darkroom.understanding.placing import trim_placing
from retouch.engines.darkroom.understanding.shouting import pointed_at, says_where, shouted
from retouch.engines.darkroom.understanding.vocabulary import Item, Vocabulary

MOST = 24
"""More texts than that are not told apart from the instruction around them."""

_MOST_QUOTES = 4 * MOST

LONGEST = 200
"""Characters of one text."""

_FIRST = 0xE000
"""Stand-ins are private characters, which are no word of anybody's; a prompt's own ones are replaced first."""

_PRIVATE = re.compile("[\ue000-\uf8ff]")

_QUOTES = {
    '"': '"',
    "“": "”",
    "„": "“",
    "«": "»",
    "»": "«",
    "「": "」",
    "『": "』",
    "‘": "’",
    "'": "'",
    "`": "`",
}
_PLAIN = "\"'`"
_CLOSERS = {
    **{mark: re.compile(closer) for mark, closer in _QUOTES.items()},
    "“": re.compile('[”"]'),
    "„": re.compile('[“”"]'),
    "‘": re.compile(r"(?<=\S)[’'](?!\w)"),
    "'": re.compile(r"(?<=\S)'(?!\w)"),
}
_OPENER = re.compile("[" + "".join(_QUOTES) + "]")

_NOUN = (
    r"(?:texts?|words?|names?|wording|letters|lettering|phrase|slogan|message|watermark|logo|caption|captions|title|"
    r"subtitle|headline|heading|label|inscription|tagline|date|quote|sentence|signature|greeting|stamp|credit|"
    r"copyright(?: notice)?|hash ?tag|capitals)"
)
_VERB = (
    r"(?:write|writes|writing|written|print|type|spell|caption|captioned|label|labell?ed|titled|engrave|"
    r"sign (?:it|this))"
)
_SAYING = (
    r"(?:saying|says?|reading|reads?|stating|states|with the (?:words?|text|name|message|inscription)|which says)"
)
_CUE = re.compile(rf"\b(?:{_NOUN}|{_VERB}|{_SAYING})\b", re.I)
_ADD = (
    r"(?:add|adding|put|place|insert|overlay|include|draw|set|give (?:it|this|the \w+)|create|make|slap|stick|"
    r"stamp|paste|superimpose|have|want|need|show|display|print)"
)
_ADDING = re.compile(rf"\b{_ADD}(?: (?:the|a|an|in|big|bold|large|small|huge|white|black|red))*\s*$", re.I)
_AFTER = re.compile(
    r"\s*(?:(?:as|in)\b[^.!?\n]{0,40}?\b(?:text|letters|lettering|font|title|caption|watermark|heading|headline|"
    r"label|type|typeface|writing|script|characters)\b|(?:text|caption|title|watermark|lettering)\b)",
    re.I,
)
_LETTERS = re.compile(r"\b(?:letters|lettering|capitals|caps|font|typeface)\b", re.I)
_PLACED = re.compile(
    r"\s*,?\s*(?:(?:at|in|on|across|over)\s+(?:the\s+)?(?:very\s+)?(?:top|bottom|middle|cent(?:re|er)|upper|lower|left|"
    r"right|it\b|this\b|(?:the |this |my )?(?:photo|picture|image)\b)|(?:top|bottom|upper|lower)\b)",
    re.I,
)
_LABELLED = re.compile(
    r"^(?:.*,|.*\band)?\s*(?:(?:at|on|in)\s+)?(?:the\s+)?(?:top|bottom|left|right|middle|cent(?:re|er)|upper|lower)"
    r"(?:\s(?:text|line|left|right|half|corner))?\s*:?\s*$",
    re.I,
)
_MODIFIERS = (
    r"(?:(?:big|bold|large|small|huge|tiny|short|simple|nice|white|black|red|blue|green|yellow|pink|orange|purple|"
    r"gold|golden|grey|gray|silver|new|little)\s+)*"
)
_UNQUOTED = (
    # "Put © 2024 Tom in small letters bottom left"
    re.compile(r"^[^©]{0,60}?(?P<text>©.+)"),
    re.compile(r"(?P<text>\bcopyright\s+\d{4}.*)", re.I),
    re.compile(r"\bhash ?tag\s+(?P<text>#?\w+)", re.I),
    # "I want it to say Happy Birthday Mum"
    re.compile(
        r"\b(?:it|this|the (?:picture|photo|image|card|poster)) (?:to|should|must|shall) (?:say|read):?\s+"
        r"(?P<text>.+)",
        re.I,
    ),
    # "Text SALE -30% top right, red": what is shouted is the text
    re.compile(
        rf"\b(?i:{_NOUN}|{_VERB})\s+(?P<text>(?=[^a-z]{{0,80}}?[A-Z]{{2}})"
        r"[^\sa-z,.]{1,40}(?: [^\sa-z,.]{1,40}){0,11})(?=[\s,.]|$)"
    ),
    # "Add a caption at the bottom saying Happy New Year", "Add a title: My Trip"
    re.compile(
        rf"\b(?:{_NOUN}|{_VERB})\b[^.!?\n:]{{0,80}}?(?:\b(?:that |which )?{_SAYING}\b:?|:)\s*(?P<text>.+)", re.I
    ),
    re.compile(
        # "Print it on a mug" is what somebody means to do with the picture.
        r"\b(?:write|(?<!it )(?<!to )(?<!we )(?<!the )(?<!for )(?<! a )print"
        r"(?!\s+(?:it|this|that|them|these|the (?:picture|photo|image))\b)|type|"
        rf"spell out|engrave)\s+(?:out\s+)?(?:(?:the|a)\s+{_NOUN}\s+)?(?P<text>.+)",
        re.I,
    ),
    re.compile(rf"\b{_ADD}\s+(?:the|a|an|some|my)?\s*{_MODIFIERS}{_NOUN}\s+(?P<text>.+)", re.I),
    re.compile(
        r"\b(?:caption|label|title|sign)\s+(?:it|this|(?:the|this|my)\s+(?:image|photo|picture|photograph))"
        r"(?:\s+(?:as|with))?\s+(?P<text>.+)",
        re.I,
    ),
)
# What a text stands in or has: "... Summer in a red box" is not all text.
_ADORNED = re.compile(
    r"\s(?:in|on|with|inside|over) an? (?:[a-z]+ ){0,3}(?:box|bubble|banner|badge|ribbon|bar|strip|background|"
    r"shadow|outline|border|frame|circle|font|sticker|scroll|plaque)\b.*$"
)
_SENTENCE = re.compile(r"[^\n.!?;]*(?:[.!?;](?!\s|$)[^\n.!?;]*)*[.!?;\n]*", re.S)
_NEXT_EDIT = re.compile(
    r"(?:,|\band\b|\bthen\b|;)\s*(?:then\s+|also\s+|and\s+)?(?:make|turn|change|apply|add|put|give|remove|blur|"
    r"crop|brighten|darken|convert|replace|keep|set|place|sharpen|rotate|flip|write|resize)\s+(?:it|the|a|an|to|in|"
    r"this|him|her|them|some)\b",
    re.I,
)
_NOTHING = re.compile(
    r"(?:some|any|no|a|the|my|more)? ?(?:something|anything|texts?|words?|it|this|that|here|name|message)|"
    r"(?:some|any)thing .+|whatever .+|(?:our|his|her|their|my) names?|(?:today's|the|a|the current) date|"
    r"lower|higher|up|down|there|away|back|again|instead|larger|bigger|smaller|bolder|thicker|brighter|darker|"
    r"an? (?:nice|funny|good|cool|short|cute|inspiring|motivational|fitting) .+",
    re.I,
)
_NO_TEXT = re.compile(
    r"(?:(?:at|on|in|into|to|onto|over|for|with|from|about|of|near|under|above|below|across|by|as|that|which|using|"
    r"more|less|bigger|smaller|larger|should|and|please|here|is|was|are)\b|$)",
    re.I,
)


@dataclass(frozen=True)
class Prompt:
    """``text``: a prompt with a stand-in for each of its literals; ``literals``: those by their stand-ins."""

    text: str
    literals: Mapping[str, str]


def read_items(prompt: str, lexicon: Vocabulary) -> list[Item]:
    """``prompt`` as `Vocabulary.read` gives it, each of its literals as an item with the sense "literal"."""

    def asks(said: str) -> bool:
        return any(sense.startswith("op.") for item in lexicon.read(said) for sense in item.senses)

    taken = take_literals(prompt, asks=asks)
    return [
        Item(f'"{said}"', {"literal": said}) if (said := taken.literals.get(item.text)) is not None else item
        for item in lexicon.read(taken.text)
    ]


def take_literals(prompt: str, *, asks: Callable[[str], bool]) -> Prompt:
    """``prompt`` with what it wants written taken out.

    Quotation marks alone make no literal: words that speak of writing must stand near them, or a verb that adds
    something stands right before them and ``asks`` says that what they hold is no edit. Without quotation marks
    it is what follows "write", "saying" or so up to the end of the sentence, less the words at its end that say
    where and how. Linear in the length of the prompt.
    """
    prompt = _PRIVATE.sub("\ufffd", prompt)
    literals: dict[str, str] = {}
    pieces: list[str] = []
    done = 0
    for start, end in islice(_quotations(prompt), _MOST_QUOTES):
        said = prompt[start + 1 : end - 1]
        before, after = prompt[max(done, start - 160) : start], prompt[end : end + 80]
        if len(literals) < MOST and _is_written(before, said, after, asks, goes_on=done > 0):
            pieces += [prompt[done:start], _stand_in(said.strip(), literals)]
            done = end
    pieces.append(prompt[done:])
    text = "".join(pieces)
    if not literals and (pointed := pointed_at(text)):
        said, verb, rest = pointed
        text = f"{verb} {_stand_in(said, literals)}{rest}"
    elif _CUE.search(text) or "©" in text:
        text = "".join(_unquoted(sentence, literals) for sentence in _sentences(text))
    if not (literals or text.isupper()):
        text = "".join(_unshouted(sentence, literals, asks) for sentence in _sentences(text))
    return Prompt(text, literals)


def _stand_in(text: str, literals: dict[str, str]) -> str:
    mark = chr(_FIRST + len(literals))
    literals[mark] = text
    return f" {mark} "


def _quotations(prompt: str) -> Iterator[tuple[int, int]]:
    """Where quotations begin and end, their marks included."""
    hopeless: set[str] = set()
    at = 0
    while match := _OPENER.search(prompt, at):
        at = match.end()
        mark = match.group()
        before = prompt[match.start() - 1 : match.start()]
        if mark in hopeless or (mark in _PLAIN and before.isalnum()):
            continue  # inches, or an apostrophe
        end = _closing(prompt, mark, at)
        if end is None:
            hopeless.add(mark)
        else:
            yield match.start(), end
            at = end


def _closing(prompt: str, mark: str, start: int) -> int | None:
    """Behind the mark that closes a quotation; an apostrophe within a word closes none."""
    match = _CLOSERS[mark].search(prompt, start)
    return match.end() if match else None


def _is_written(before: str, said: str, after: str, asks: Callable[[str], bool], *, goes_on: bool) -> bool:
    """``goes_on``: ``before`` follows another literal: 'put "Anna" at the top and "Ben" at the bottom'."""
    earlier, *later = re.split(r"[.!?\n;](?=\s)", before)
    sentence = later[-1] if later else earlier
    following = re.split(r"[.!?\n;]", after)[0]
    lettered = _LETTERS.search(following) and _ADDING.search(sentence)  # "Put ... at the top in big red letters"
    if lettered or _CUE.search(sentence) or _AFTER.match(following):
        return True
    placed = (not sentence.strip() and (_PLACED.match(following) or says_where(following))) or _LABELLED.match(
        sentence
    )
    return bool(placed or _ADDING.search(sentence) or (goes_on and not later)) and not asks(said)


def _sentences(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        match = _SENTENCE.match(text, at)
        end = match.end() if match and match.end() > at else at + 1
        yield text[at:end]
        at = end


def _unshouted(sentence: str, literals: dict[str, str], asks: Callable[[str], bool]) -> str:
    """``sentence`` with a text in capitals, if nothing else is asked for in it, taken out."""
    found = None if literals else shouted(sentence, asks)
    if found is None:
        return sentence
    start, end = found
    return f"write {_stand_in(sentence[start:end], literals)} {sentence[:start]} {sentence[end:]}"


def _unquoted(sentence: str, literals: dict[str, str]) -> str:
    """``sentence`` with the text that it wants written, if it has one without quotation marks, taken out."""
    if (
        len(literals) >= MOST
        or any(mark in sentence for mark in literals)
        or not (_CUE.search(sentence) or "©" in sentence)
    ):
        return sentence
    for pattern in _UNQUOTED:
        match = pattern.search(sentence)
        if match is None or _NO_TEXT.match(match["text"].strip()):
            continue
        rest = match["text"]
        following = _NEXT_EDIT.search(rest)
        tail = rest[following.start() :] if following else ""
        said, placing = trim_placing(rest[: following.start()] if following else rest)
        if around := _ADORNED.search(said):
            said, placing = said[: around.start()], said[around.start() :] + placing
        said = said.strip().rstrip(".;,").strip()
        if said and not _NOTHING.fullmatch(said):
            stop = sentence[-1] if sentence[-1] in ".;!?\n" else ""
            after = sentence[match.end("text") :]
            return f"{sentence[: match.start('text')]}{_stand_in(said, literals)}{placing} {tail}{after}{stop}"
    return sentence
