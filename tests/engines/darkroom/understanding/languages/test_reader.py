from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from retouch.engines.darkroom.recipe import Recipe, Step
from retouch.engines.darkroom.understanding.instruction import understand
from retouch.engines.darkroom.understanding.languages import reader
from retouch.engines.darkroom.understanding.languages.language import LANGUAGES, Language
from retouch.engines.darkroom.understanding.languages.reader import read_in_any_language
from retouch.engines.darkroom.understanding.vocabulary import vocabulary
from retouch.errors import UnsupportedInstruction

DATA = Path(__file__).parents[4] / "data" / "instructions"
CASES: list[dict[str, Any]] = tomllib.loads((DATA / "languages.toml").read_text("utf-8"))["instruction"]
FOREIGN = ("mach es schwarzweiss", "haz que parezca vintage", "夕焼けにして")
FIRST = tomllib.loads((DATA / "first.toml").read_text("utf-8"))["instruction"]
ENGLISH = [case for case in FIRST if "steps" in case and "notes" not in case and case["text"] not in FOREIGN]


def one(prompt: str) -> Step:
    (step,) = understand(prompt, has_mask=False, sources=1).steps
    return step


def refusal(prompt: str) -> str:
    with pytest.raises(UnsupportedInstruction) as caught:
        understand(prompt, has_mask=False, sources=1)
    return caught.value.message


def test_every_language_has_many_cases_and_refusals() -> None:
    served = Counter(case["language"] for case in CASES if "steps" in case)
    refused = Counter(case["language"] for case in CASES if "refused" in case)
    assert all(served[code] >= 40 and refused[code] >= 5 for code in LANGUAGES)


def test_a_refusal_quotes_the_words_as_they_were_written() -> None:
    assert "'sonría'" in refusal("haz que sonría")
    assert "'Superhelden'" in refusal("Verwandle den Mann in einen Superhelden")
    assert "'sorcier'" in refusal("transforme l'homme en sorcier")
    for case in CASES:
        if "refused" in case:
            assert case["refused"] in refusal(case["text"])


def test_what_was_understood_but_cannot_be_done_is_refused_in_both_languages() -> None:
    message = refusal("写真をアニメ風にして")
    assert message.startswith(
        "Read as Japanese, '写真をアニメ風にして' is 'make it look like anime'. The darkroom"
    )


def test_what_english_understands_is_never_read_as_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*, spaced: bool) -> None:
        raise AssertionError("read as another language")

    monkeypatch.setattr(reader, "languages", never)
    for case in ENGLISH:
        understand(case["text"], has_mask=case.get("mask", False), sources=case.get("sources", 1))
    for prompt in ("make it anime", "do not", "remove the object"):
        assert "English" not in refusal(prompt)


@pytest.mark.parametrize("prompt", ["selective color", "Instagram vintage filter", "upscale 16x"])
def test_no_english_wording_is_claimed_by_another_language(prompt: str) -> None:
    message = refusal(prompt)
    assert "reading" not in message
    assert "Read as" not in message


def test_reasons_alone_ask_for_nothing() -> None:
    for prompt in ("la foto está torcida", "le bruit, il y a trop de grain", "damit man keinen erkennt"):
        assert "did not understand" in refusal(prompt)


def test_a_complaint_with_a_request_to_mend_it_is_mended() -> None:
    assert one("la foto está torcida, arréglalo").op == "straighten"
    assert one("la photo est trop sombre, corrige ça").op == "brighter"
    assert one("das Bild ist zu hell, mach was").op == "darker"
    assert one("写真が暗すぎるので直して").op == "brighter"


def test_a_description_in_english_may_not_leave_out_words_of_another_language() -> None:
    assert one("pop art, por favor no cambies el cielo").keep == ("sky",)
    assert one("Sepia-Filter, ohne den Hintergrund zu verändern").keep == ("background",)


def test_what_two_languages_read_differently_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def grammar(english: str) -> dict[str, Any]:
        return {"join": {}, "clause": {english: ["xu xa"]}, "tail": {}}

    both = [Language(name, [grammar(f"make it {name}")]) for name in ("warmer", "darker")]
    monkeypatch.setattr(reader, "languages", lambda spaced: both)

    def read(prompt: str) -> Recipe:
        return understand(prompt, has_mask=False, sources=1)

    with pytest.raises(UnsupportedInstruction) as caught:
        read_in_any_language("xu xa", read, vocabulary())
    assert "as warmer, 'make it warmer', and as darker, 'make it darker'" in caught.value.message
    monkeypatch.setattr(reader, "languages", lambda spaced: both[:1])
    assert read_in_any_language("xu xa", read, vocabulary()).steps[0].op == "warmer"


def test_accents_and_capitals_make_no_difference() -> None:
    for prompt in ("ANADE UN FILTRO VINTAGE", "añade un filtro vintage", "añade un filtro vintage"):
        assert one(prompt).op == "vintage"
    assert one("mach das Bild wärmer") == one("mach das bild waermer") == one("MACH DAS BILD WARMER")


def test_traditional_characters_are_read_as_simplified_ones() -> None:
    assert one("把紅色的車變成藍色") == one("把红色的车变成蓝色")


def test_quoted_text_stays_as_it_was_written() -> None:
    for prompt in (
        "añade el texto «¡Más BRILLANTE!»",
        "ajoute le texte « ¡Más BRILLANTE! »",
        "Füge den Text „¡Más BRILLANTE!“ hinzu",
        "「¡Más BRILLANTE!」という文字を入れて",
    ):
        assert one(prompt).params["text"] == "¡Más BRILLANTE!"


def test_a_short_ambiguous_word_is_not_taken_for_another_language() -> None:
    for word in ("largo", "salsa", "burro", "gold", "rosa"):
        assert "reading" not in refusal(word)


def test_clauses_need_a_joint_between_them() -> None:
    assert "Italian" in refusal("più luminosa più calda")
    assert len(understand("più luminosa e più calda", has_mask=False, sources=1).steps) == 2


def test_what_is_longer_than_an_instruction_is_refused() -> None:
    assert "up to 1000 characters" in refusal("haz el cielo más cálido y la cara más fría, " * 40)


LENGTH = 32_000
HOSTILE = [
    "haz el cielo más cálido y la cara más fría, ",
    "mach das ",
    "blanco y negro ",
    "把天空调得更暖，",
    "把",
    "空を青くして",
    "の",
    "«a ",
    "'a ",
    "1:1 ",
    "12:",
    "un poco más ",
    "de la de l' ",
    "quita todo menos el cielo ",
    "¿¡",
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_prompt_is_answered_at_once(piece: str) -> None:
    prompt = (piece * (LENGTH // len(piece) + 1))[:LENGTH]
    assert 0 < len(refusal(prompt)) < 600
