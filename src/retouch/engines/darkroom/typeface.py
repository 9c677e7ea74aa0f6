"""The letters that text is set in."""

from __future__ import annotations

import io
import lzma
import os
import unicodedata
from functools import cache
from importlib import resources
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from retouch.errors import UnsupportedInstruction

LONGEST = 400
"""Characters; more than that is no lettering any more."""

_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
)
_EAST_ASIAN = (
    "NotoSansCJK",
    "NotoSansSC",
    "NotoSansJP",
    "NotoSansKR",
    "SourceHanSans",
    "PingFang",
    "Hiragino",
    "wqy-zenhei",
    "wqy-microhei",
    "DroidSansFallback",
    "TakaoPGothic",
)
"""How the files of fonts for Chinese, Japanese and Korean begin, the better ones first."""
_EAST_ASIAN_NAMES = ("CJK ", "HIRAGANA ", "KATAKANA", "HANGUL SYLLABLE ", "FULLWIDTH ", "IDEOGRAPHIC ")
_LEFT_TO_RIGHT = ("LATIN ", "GREEK ", "CYRILLIC ")
"""The alphabets whose letters stand one after the other as they are, once accents are composed."""


def _unpacked(name: str) -> bytes:
    file = resources.files("retouch.engines.darkroom") / "fonts" / f"inter-semibold.{name}.xz"
    return lzma.decompress(file.read_bytes())


@cache
def _own() -> bytes:
    return _unpacked("otf")


@cache
def _kerning() -> dict[str, float]:
    """By how much of the font's size the second letter of a pair moves toward the first (below 0) or away."""
    pairs: dict[str, float] = {}
    for line in _unpacked("kerning").decode().splitlines():
        shift, first, seconds = line.split(" ")
        pairs.update({first + second: int(shift) / 1000 for second in seconds})
    return pairs


@cache
def _east_asian() -> Path | None:
    """A font of this machine's for Chinese, Japanese and Korean; all such in one are too large to be bundled."""
    found: dict[str, Path] = {}
    for folder in _FOLDERS:
        for root, _, files in os.walk(Path(folder).expanduser()):
            for name in files:
                stem = next((stem for stem in _EAST_ASIAN if name.startswith(stem)), None)
                if stem and name.endswith((".ttf", ".otf", ".ttc")) and "Serif" not in name:
                    found.setdefault(stem, Path(root) / name)
    return next((found[stem] for stem in _EAST_ASIAN if stem in found), None)


@cache
def _load(east_asian: bool, size: int) -> ImageFont.FreeTypeFont:
    # Always the simple layout: the other one is not built in everywhere, and a text must not depend on that.
    layout = ImageFont.Layout.BASIC
    path = _east_asian() if east_asian else None
    return ImageFont.truetype(str(path) if path else io.BytesIO(_own()), size, layout_engine=layout)


def _is_east_asian(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_EAST_ASIAN_NAMES)


@cache
def _has(character: str, east_asian: bool) -> bool:
    """Whether the font draws ``character`` as something else than what it draws for a missing one."""
    if east_asian and _east_asian() is None:
        return False
    font = _load(east_asian, 32)
    missing, drawn = font.getmask("\uffff"), font.getmask(character)
    return drawn.size != missing.size or bytes(drawn) != bytes(missing)


def cleaned(text: str) -> str:
    """``text`` with accents composed, blanks single, and nothing invisible in it but line ends."""
    composed = unicodedata.normalize("NFC", text.replace("\ufe0f", ""))
    lines = composed.replace("\r\n", "\n").split("\n")
    visible = [
        "".join(" " if c.isspace() else c for c in line if c.isprintable() or c.isspace()) for line in lines
    ]
    return "\n".join(" ".join(line.split()) for line in visible).strip()


def check(text: str) -> None:
    """Raise `UnsupportedInstruction` for a text that would come out wrong: no letters, too many, characters that
    no font here has, or scripts that are written from the right or join their letters."""
    text = cleaned(text)
    if not text:
        raise UnsupportedInstruction("There are no letters in the text to write. Put it in quotation marks.")
    if len(text) > LONGEST:
        raise UnsupportedInstruction(f"The text to write has {len(text)} characters; at most {LONGEST} are set.")
    joined, absent, asian = [], [], []
    for character in dict.fromkeys(text.replace("\n", "").replace(" ", "")):
        name = unicodedata.name(character, "")
        if _is_east_asian(character):
            asian += [] if _has(character, True) else [character]
        elif unicodedata.category(character)[0] in "LM" and not name.startswith(_LEFT_TO_RIGHT):
            joined += [] if _has(character, False) and unicodedata.category(character)[0] == "L" else [character]
        elif not _has(character, False):
            absent.append(character)
    for characters, why in (
        (joined, "are of a script that is not set here: Latin, Greek and Cyrillic are"),
        (asian, "need a font for Chinese, Japanese or Korean, and this machine has none that is known here"),
        (absent, "are not in the font, which has no emoji"),
    ):
        if characters:
            shown = " ".join(characters[:12])
            raise UnsupportedInstruction(f"These characters of the text {why}: {shown}")


class Typeface:
    """The font at ``size`` pixels; lengths are in pixels."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.ascent, self.descent = _load(False, size).getmetrics()

    def width(self, line: str) -> float:
        return self._starts(line)[-1]

    def draw(self, sheet: Image.Image, line: str, left: float, baseline: float) -> None:
        """Draw ``line`` onto ``sheet`` (mode L) at its left end and baseline."""
        pen = ImageDraw.Draw(sheet)
        for letter, start in zip(line, self._starts(line)[:-1], strict=True):
            pen.text((left + start, baseline), letter, font=self._font(letter), fill=255, anchor="ls")

    def _starts(self, line: str) -> list[float]:
        """Where each letter starts, and where the last one ends."""
        pairs = _kerning()
        starts = [0.0]
        for at, letter in enumerate(line):
            kern = pairs.get(line[at : at + 2], 0.0) * self.size
            starts.append(starts[-1] + self._font(letter).getlength(letter) + kern)
        return starts

    def _font(self, letter: str) -> ImageFont.FreeTypeFont:
        return _load(_is_east_asian(letter), self.size)
