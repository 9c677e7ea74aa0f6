"""An instruction as a sequence of plain words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

HARD = "."
"""Ends a clause whatever follows."""

SOFT = ","
"""Ends a clause if another one begins after it."""

_TYPOGRAPHY = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "ʼ": "'",
        "`": "'",
        "–": ",",
        "—": ",",
        "‐": " ",
        "‑": " ",
        "-": " ",
        "_": " ",
        "*": " ",
        '"': " ",
        "“": " ",
        "”": " ",
        "«": " ",
        "»": " ",
        "\r": "\n",
    }
)
# Each alternative begins with a class of characters that no other begins with, so a scan never backs up.
_TOKEN = re.compile(
    r"(?P<ratio>\d{1,4}(?: ?: ?|[x×])\d{1,4}(?![\w:]))|(?P<number>[⁺⁻]?\d+(?:[.,]\d+)?)"
    r"|(?P<colour>#(?:[0-9a-f]{6}|[0-9a-f]{3})(?!\w))|(?P<word>[^\W\d]+(?:'[^\W\d]+)*)|(?P<mark>[^\s\w'])"
)
_MARKS = {".": HARD, ";": HARD, "!": HARD, "?": HARD, ",": SOFT, "(": SOFT, ")": SOFT, "/": SOFT, ":": SOFT}

_LEANING = re.compile(
    "an?|the|my|his|her|their|and|or|with|without|into|to|of|add|put|insert|wear|give|like|as|some|by|for|on|in"
)
"""Words that no sentence ends with: a symbol behind one of them stands for a word."""

_SIGN = re.compile(r"(?<![^\s(,:])[+−-](?=\d)")
"""A sign before a number, and no dash between two of them."""

_ITS = re.compile(r"\bits(?= (?:a|an|my|his|her|our|their|for|too|so|very|just|really|way|been|snowing|raining) )")
"""Where "its" is "it's"."""

_SHORT = (
    (re.compile(r"(?<=\d) ?°(?! ?[cf]\b)"), " degrees "),
    (
        re.compile(
            r"(?<=\bfor )((?:an?|the|my|our|this|his|her|their) [a-z]+)-(?:style|type|like|esque|ish|inspired) "
        ),
        r"\1 ",
    ),
    (re.compile(r"(?<=[a-z)\d]) (?:n|'n'|'n|n') (?=[a-z\d])"), " and "),
    (re.compile(r"\b(?:pl+[sz]{2,}|ple+a+s+e{2,}|ple{2,}a+s+e+)\b"), "please"),
    (re.compile(r"\bth(?:x{2,}|an+x{2,}|nx+)\b"), "thanks"),
    (re.compile(r"\bw/(?!o\b)"), "with "),
    (re.compile(r"\bw/o\b"), "without"),
    (re.compile(r"\bincl?\. "), "and "),
    (re.compile(r"\b(?:approx|ca)\. ?(?=\d)"), "about "),
    (re.compile(r"\bb ?/ ?w\b"), "black and white"),
    (re.compile(r" ?(?:->|=>|→) ?"), " to "),
    (re.compile(r"\bnice (?:and|n|'n'|&) (?=[a-z])"), ""),
    (re.compile(r"\bf ?/ ?(?=\d)"), "f "),
    (re.compile(r"\bid(?= (?:card|photo|photograph|picture|pic|document|badge|size|format|style)\b)"), "identity"),
)
_THIRDS = re.compile(r"\b([12])/([2-4])(?: of an?| an?)? ?(?=(?:f )?(?:stop|ev))")
"""Fractions of a stop."""

_COUNTED = {
    "one and a half": 1.5,
    "two and a half": 2.5,
    "a couple of": 2,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "ten": 10,
    "fifteen": 15,
    "twenty": 20,
    "twenty five": 25,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_NUMERALS = "|".join(sorted(_COUNTED, key=len, reverse=True))
_COUNTS = re.compile(rf"\b({_NUMERALS})(?=[ -](?:percent|per cent|points?|notches|times|fold|x)\b)")
"""Numbers in words before what is measured with them."""

_ROUGHLY = re.compile(
    r"\baround(?= (?:[+−-]?\d|half a|a (?:third|quarter|half|stop)|two|twenty|thirty|forty|fifty))"
)
"""Where "around" is no place."""

_POINTS = re.compile(r"(?<=\d)(?: (?:points?|units?|pts)|ish)\b")
"""What a setting is counted in."""

_RANGE = re.compile(r"\b(\d{1,3}) ?(?:-|–|to|or) ?(\d{1,3})(?= ?(?:%|percent))")
_BETWEEN = re.compile(
    r"\b(shadows|highlights|whites|blacks|midtones|contrast|colours|colors|saturation) (\d{1,3} ?(?:%|percent)) "
    r"(lighter|brighter|darker|deeper|stronger|softer|weaker|higher|lower|(?:more|less) \w+)\b"
)
"""An amount inside what is said of a tone: "make the shadows 20 % lighter"."""

_PLUS = re.compile(r"\b(plus|minus) (?=\d)|(?<= )\+ (?=\d{1,3} ?%?(?:$|,| and ))")

_FORMATS = {
    "2.35": "47:20",
    "2.39": "12:5",
    "2.4": "12:5",
    "2.40": "12:5",
    "1.85": "37:20",
    "1.91": "21:11",
    "1.78": "16:9",
}
_FILMS = re.compile(r"(?<![\d.,])(" + "|".join(map(re.escape, _FORMATS)) + r") ?: ?1(?![\d:])")
"""The shapes of films, as they are spoken of and in whole numbers."""

_ORDINALS = {"st": ("1", "first"), "nd": ("2", "second"), "rd": ("3", "third")}

_BULLET = re.compile(r"[ \t]{0,16}(?:\d{1,2}[.)]|•)[ \t]")


def _middle(said: re.Match[str]) -> str:
    """Half-way between "15-20 %", where that goes upwards."""
    low, high = int(said[1]), int(said[2])
    return f"{(low + high) / 2:g}" if low < high else said[0]


def _bullet(line: str) -> int:
    """Where the text of a line begins, behind the number that it may have in a list."""
    match = _BULLET.match(line)
    return match.end() if match else 0


def _decorates(mark: str, found: list[str]) -> bool:
    """Whether ``mark`` is an emoji or another symbol that only sets off the words before it."""
    if not (unicodedata.category(mark) in ("So", "Sk", "Cf", "Me") or "\ufe00" <= mark <= "\ufe0f"):
        return False
    return not (found and _LEANING.fullmatch(found[-1]))


def words(text: str, contractions: Mapping[str, str], spelling: Mapping[str, str]) -> list[str]:
    """``text`` in lower-case words, numbers ("30", "+1"), ratios ("16:9"), colours ("#ff8800"), `HARD` and `SOFT`
    marks and single odd characters.

    Hyphens, quotation marks, "#" and emoji separate words and leave no trace, but an emoji in the place of a word
    ("add a 🎩") is one; ``contractions`` are spelt out ("don't" →
    "do not", any other "'s" falls away) and each word takes its ``spelling``. Linear in the length of the text.
    """
    found: list[str] = []
    signed = _RANGE.sub(_middle, text.lower())
    signed = _PLUS.sub(lambda sign: "-" if sign[1] == "minus" else "+", signed)
    signed = _SIGN.sub(lambda sign: "⁺" if sign.group() == "+" else "⁻", signed)
    signed = _ITS.sub("it is", signed)
    for short, spelt in _SHORT:
        signed = short.sub(spelt, signed)
    signed = _ROUGHLY.sub("about", signed)
    signed = _COUNTS.sub(lambda said: str(_COUNTED[said[1]]), signed)
    signed = _BETWEEN.sub(r"\1 \3 \2", _POINTS.sub("", signed))
    signed = _THIRDS.sub(lambda part: f"{int(part[1]) / int(part[2]):.2f} ", signed)
    signed = _FILMS.sub(lambda shape: _FORMATS[shape[1]], signed)
    for line in signed.translate(_TYPOGRAPHY).split("\n"):
        for match in _TOKEN.finditer(line, _bullet(line)):
            piece = match.group()
            if piece in _ORDINALS and found[-1:] == [_ORDINALS[piece][0]]:
                found[-1] = _ORDINALS[piece][1]
            elif match.lastgroup == "number":
                found.append(piece.replace(",", ".").replace("⁺", "+").replace("⁻", "-"))
            elif match.lastgroup == "ratio":
                found.append(re.sub("[^0-9]+", ":", piece))
            elif match.lastgroup == "colour":
                found.append(piece if len(piece) == 7 else "#" + "".join(2 * digit for digit in piece[1:]))
            elif piece == "#":
                continue
            elif match.lastgroup == "mark":
                if _decorates(piece, found):
                    continue
                found.append("and" if piece in "&+" else _MARKS.get(piece, piece))
            else:
                spelt = contractions.get(piece) or piece.removesuffix("'s")
                found.extend(spelling.get(word, word) for word in spelt.split())
        if found and found[-1] != HARD:
            found.append(HARD)
    return found
