from __future__ import annotations

import hashlib
import re
from importlib import resources

import pytest

from retouch.engines.darkroom import typeface
from retouch.engines.darkroom.typeface import LONGEST, Typeface, check, cleaned
from retouch.errors import UnsupportedInstruction

FONTS = resources.files("retouch.engines.darkroom") / "fonts"


def test_the_fonts_are_those_of_the_sources_page_and_come_with_their_licence() -> None:
    page = (FONTS / "SOURCES.md").read_text("utf-8")
    sums = dict(re.findall(r"`([\w.-]+\.xz)`.*\b([0-9a-f]{64})\b", page))
    assert sums
    for name, wanted in sums.items():
        assert hashlib.sha256((FONTS / name).read_bytes()).hexdigest() == wanted
    assert "SIL OPEN FONT LICENSE" in (FONTS / "OFL.txt").read_text("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "Hello, World! 100 % “quoted” – it's fine…",
        "Łódź, žluťoučký kůň, Ağrı, þorn, naïve café",
        "Ελληνικά, Γειά σου κόσμε",
        "Съешь ещё этих мягких французских булок; Україна, Ђорђе",
        "Tiếng Việt",
        "5 € → £4 · © ™ ★ ♥ ½ ×",
    ],
)
def test_latin_greek_and_cyrillic_are_set(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Party 🎉", "🎉"),
        ("שלום", "ש"),
        ("مرحبا", "م"),
        ("हिन्दी", "ह"),
        ("สวัสดี", "ส"),
        ("", "no letters"),
        ("\u200b\u00ad", "no letters"),
        ("x" * (LONGEST + 1), str(LONGEST)),
    ],
)
def test_what_would_come_out_wrong_is_refused_by_name(text: str, named: str) -> None:
    with pytest.raises(UnsupportedInstruction) as caught:
        check(text)
    assert named in caught.value.message


def test_east_asian_text_is_refused_where_the_machine_has_no_font_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    typeface._has.cache_clear()
    monkeypatch.setattr(typeface, "_east_asian", lambda: None)
    with pytest.raises(UnsupportedInstruction, match="中 文"):
        check("中文")
    typeface._has.cache_clear()


def test_accents_are_composed_and_blanks_are_single() -> None:
    assert cleaned(" cafe\u0301  au\tlait \n x ") == "café au lait\nx"


def test_pairs_of_letters_are_kerned() -> None:
    face = Typeface(100)
    assert face.width("AV") < face.width("A") + face.width("V") - 4
    assert face.width("HH") == pytest.approx(2 * face.width("H"))
