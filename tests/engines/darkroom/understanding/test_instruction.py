from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from retouch.engines.darkroom.operations import names
from retouch.engines.darkroom.recipe import REGIONS, Recipe, Step
from retouch.engines.darkroom.understanding.instruction import understand
from retouch.engines.darkroom.understanding.reading import MOST_STEPS
from retouch.engines.darkroom.understanding.vocabulary import Vocabulary, vocabulary
from retouch.engines.darkroom.understanding.words import words
from retouch.errors import UnsupportedInstruction

FIXTURES = Path(__file__).parents[3] / "data" / "instructions"
Case = dict[str, Any]
CASES: dict[str, list[Case]] = {
    file.stem: tomllib.loads(file.read_text("utf-8"))["instruction"] for file in sorted(FIXTURES.glob("*.toml"))
}
BATCH = 100
"""Phrases of a test: a test of its own for each of thousands takes longer than to read them."""


def having(key: str) -> list[Case]:
    return [case for cases in CASES.values() for case in cases if key in case]


def batches(key: str) -> list[Any]:
    """The cases that have ``key``, by their files and `BATCH` at most at once."""
    found = []
    for file, cases in CASES.items():
        chosen = [case for case in cases if key in case]
        starts = range(0, len(chosen), BATCH)
        found += [pytest.param(chosen[at : at + BATCH], id=f"{file}-{at // BATCH + 1}") for at in starts]
    return found


def name(case: Case) -> str:
    return f"{case['text']} [{case.get('sources', 1)}{', mask' if case.get('mask') else ''}]"


def read(case: Case) -> Recipe:
    return understand(case["text"], has_mask=case.get("mask", False), sources=case.get("sources", 1))


def one(prompt: str, *, has_mask: bool = False, sources: int = 1) -> Step:
    (step,) = understand(prompt, has_mask=has_mask, sources=sources).steps
    return step


@cache
def refusal(prompt: str, *, has_mask: bool = False, sources: int = 1) -> str:
    with pytest.raises(UnsupportedInstruction) as caught:
        understand(prompt, has_mask=has_mask, sources=sources)
    return caught.value.message


def refused(case: Case) -> str:
    return refusal(case["text"], has_mask=case.get("mask", False), sources=case.get("sources", 1))


def misread(case: Case) -> str | None:
    """How what was read of a case differs from what it wants; None if it does not."""
    wanted = tuple(Step(**{**step, "keep": tuple(step.get("keep", ()))}) for step in case["steps"])
    try:
        recipe = read(case)
    except UnsupportedInstruction as error:
        return f"refused: {error.message}"
    got = tuple(
        Step(s.op, params=dict(s.params), region=s.region, keep=s.keep, amount=s.amount) for s in recipe.steps
    )
    if got != wanted:
        return f"{got}, not {wanted}"
    if recipe.each is not case.get("each", False):
        return f"each: {recipe.each}"
    if len(recipe.notes) != case.get("notes", 0):
        return f"notes: {recipe.notes}"
    return None


def obeyed(case: Case) -> str | None:
    """What became of a case that must be refused with certain words; None if it was."""
    try:
        message = refused(case)
    except pytest.fail.Exception:
        return f"read as {read(case)}"
    return None if case["refused"].lower() in message.lower() else message


@pytest.mark.parametrize("cases", batches("steps"))
def test_what_people_write_becomes_its_recipe(cases: list[Case]) -> None:
    wrong = [f"{name(case)}: {fault}" for case in cases if (fault := misread(case)) is not None]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("cases", batches("refused"))
def test_what_is_half_understood_is_refused_by_name(cases: list[Case]) -> None:
    wrong = [f"{name(case)}: {fault}" for case in cases if (fault := obeyed(case)) is not None]
    assert not wrong, "\n".join(wrong)


def test_the_fixture_is_large_and_covers_every_operation() -> None:
    assert len(having("steps")) >= 150
    assert len(having("refused")) >= 50
    asked = {step["op"] for case in having("steps") for step in case["steps"]}
    assert asked == set(vocabulary().operations)


def test_every_operation_of_the_lexicon_exists() -> None:
    assert set(vocabulary().operations) <= set(names())
    for operation in vocabulary().operations.values():
        assert set(operation.against) <= set(names())


def test_every_example_is_understood() -> None:
    for operation in vocabulary().operations.values():
        steps = understand(operation.example, has_mask=operation.masked, sources=operation.sources).steps
        assert operation.name in {step.op for step in steps}


def test_regions_are_those_that_a_recipe_may_name() -> None:
    for region in REGIONS:
        where = f"{region} half" if region in ("left", "right", "top", "bottom") else region
        assert one(f"make the {where} warmer").region == region


@pytest.mark.parametrize("prompt", ["", "   ", "\n\t", "...", "please", "Hello!", "!!!", "thanks, please"])
def test_a_prompt_without_an_instruction_is_refused(prompt: str) -> None:
    assert "asks for no edit" in refusal(prompt)


def test_a_refusal_gives_the_reason_first_and_then_what_it_understood_and_what_not() -> None:
    message = refusal("make it black and white and add a lens flare")
    assert message.startswith("The darkroom has no such look")
    assert message.endswith("It understood 'turn the picture black and white', but not 'lens flare'.")


def test_abilities_are_told_only_where_nothing_else_can_be_said() -> None:
    assert "It knows looks" in refusal("do something")
    for prompt in ("make it anime", "vinatge filter", "make it warmer and shiny", "make the wall darker"):
        assert "It knows looks" not in refusal(prompt)
    assert len(refusal("do something")) < 320


def test_a_refusal_promises_nothing_of_another_engine() -> None:
    for case in having("refused"):
        message = refused(case)
        assert "engine" not in message, name(case)
        assert len(message) < 600, name(case)


def test_a_thing_that_has_no_name_here_is_told_how_to_be_meant() -> None:
    assert "cannot find 'wall' by name: say 'the subject', or send a mask" in refusal("make the wall darker")
    assert "send a mask" not in refusal("make the wall darker", has_mask=True)


def test_a_refusal_of_something_known_gives_the_reason() -> None:
    assert "ask for a cartoon" in refusal("make it anime")
    assert "cannot change what someone does" in refusal("make her smile")


def test_a_slip_of_the_pen_is_not_obeyed_but_asked_about() -> None:
    assert "Did you mean 'vintage'?" in refusal("vinatge filter")
    assert "Did you mean" not in refusal("make her smile")


def test_a_language_that_is_not_read_is_told_which_are() -> None:
    assert "reads English, Chinese, French, German" in refusal("сделай фото теплее")
    assert one("夕焼けにして").op == "sunset"


def test_removing_without_a_mask_says_that_a_mask_is_needed() -> None:
    assert "needs a mask" in refusal("remove the object")
    assert one("remove the object", has_mask=True).op == "fill"


def test_speaking_of_a_mask_without_one_is_refused() -> None:
    assert "needs a mask" in refusal("make the masked area darker")


def test_opposites_are_refused_unless_they_are_in_different_places() -> None:
    assert "at once" in refusal("make it warmer and cooler")
    steps = understand("make the person warmer and the background cooler", has_mask=False, sources=1).steps
    assert [(step.op, step.region) for step in steps] == [("warmer", "subject"), ("cooler", "background")]


def test_what_must_stay_may_not_be_what_changes() -> None:
    assert "keep the sky as it is" in refusal("make the sky warmer but don't touch the sky")
    assert "keep the face as it is" in refusal("add sunglasses but keep the face unchanged")


def test_preservation_counts_for_every_step_of_colour() -> None:
    steps = understand("make it warmer, then darker, but keep the face", has_mask=False, sources=1).steps
    assert [step.keep for step in steps] == [("face",), ("face",)]


def test_a_strength_outside_0_to_200_percent_is_refused() -> None:
    assert one("sepia at 200%").amount == 2.0
    assert "up to 200 %" in refusal("sepia at 201%")
    assert "up to 200 %" in refusal("sepia at 0%")
    assert one("12.5 % sepia").amount == 0.125


def test_unused_pictures_are_told_of() -> None:
    two = understand("make it warmer", has_mask=False, sources=2)
    assert two.notes == ("The other picture was not used: the instruction speaks of one picture.",)
    assert "The other 3 pictures were not used" in understand("sepia", has_mask=False, sources=4).revised_prompt()


def test_the_revised_prompt_tells_strength_place_and_what_stays() -> None:
    recipe = understand("make the background 30% black and white but keep the face", has_mask=False, sources=1)
    assert recipe.revised_prompt() == "Turn the background except the face black and white (strength 30%)."
    glasses = understand("add red aviator sunglasses", has_mask=False, sources=1)
    assert glasses.revised_prompt() == "Put red aviator sunglasses on each face."


def test_a_percentage_of_brightness_is_a_share_of_the_light() -> None:
    assert one("30% brighter").params == {"exposure": 0.3785}
    assert one("50% darker").params == {"exposure": -1.0}
    assert one("brighten at 30% strength") == one("brighten at 30% intensity")
    assert one("brighten at 30% strength").amount == 0.3
    said = understand("make the sky 30% darker", has_mask=False, sources=1).revised_prompt()
    assert said == "Darken the sky by 30% (-0.51 stops)."


def test_a_symbol_in_the_place_of_a_word_is_no_decoration() -> None:
    assert one("Make it warmer!!! 😀").op == "warmer"
    assert one("✨ sepia ❤️ 👩‍👩‍👧‍👦").op == "sepia"
    assert "'🎩'" in refusal("make it warmer and add a 🎩")
    assert "reads English" not in refusal("add a 🎩")


def test_what_a_step_before_an_exception_changes_is_not_excepted() -> None:
    brighter, darker = understand(
        "Brighten her face and make everything except her darker", has_mask=False, sources=1
    ).steps
    assert (brighter.region, brighter.keep) == ("face", ())
    assert (darker.region, darker.keep) == (None, ("subject",))


def test_a_recipe_survives_json() -> None:
    recipe = understand("add red sunglasses and make the sky slightly warmer", has_mask=False, sources=1)
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_spelling_case_and_punctuation_make_no_difference() -> None:
    plain = understand("black and white", has_mask=False, sources=1).steps
    for prompt in ("BLACK-AND-WHITE!!", "“Black & White”", "  black\tand\nwhite", "b&w", "*black and white*"):
        if "\n" not in prompt:
            assert understand(prompt, has_mask=False, sources=1).steps == plain, prompt


def test_a_numbered_list_is_read_line_by_line() -> None:
    steps = understand("1. Make it warmer\n2. Darken the sky", has_mask=False, sources=1).steps
    assert [(step.op, step.region) for step in steps] == [("warmer", None), ("darker", "sky")]


def test_too_many_steps_are_refused() -> None:
    lines = [f"sepia at {share}%" for share in range(1, MOST_STEPS + 2)]
    assert len(understand(". ".join(lines[:-1]), has_mask=False, sources=1).steps) == MOST_STEPS
    assert f"at most {MOST_STEPS} steps" in refusal(". ".join(lines))


LENGTH = 32_000
HOSTILE = {
    "one letter": "a",
    "words": "make it ",
    "glue": "of the in a ",
    "regions": ", sky",
    "joints": "and ,",
    "edits": "make the sky warmer and the face cooler, ",
    "keeps": "but keep the face ",
    "half a phrase": "do not ",
    "long phrases cut short": "make it have a transparent ",
    "negation": "without changing the ",
    "quotes": "'\"",
    "apostrophes": "'a",
    "digits": "9",
    "dots": ".",
    "numbers": "1.1.",
    "percents": "30% ",
    "brackets": "([{",
    "new lines": "\n1. ",
    "spaces": " ",
    "emoji": "😀",
    "joined emoji": "👩‍👩‍👧‍👦",
    "combining": "é́́",
    "right to left": "\u202eabc ",
    "null": "\x00",
    "unknown words": "qwertz asdfgh ",
    "near words": "vintagee ",
    "refusals": "anime smile hat ",
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("has_mask", [False, True])
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_prompt_is_answered_at_once(kind: str, has_mask: bool) -> None:
    prompt = (HOSTILE[kind] * (LENGTH // len(HOSTILE[kind]) + 1))[:LENGTH]
    try:
        said = understand(prompt, has_mask=has_mask, sources=1).revised_prompt()
    except UnsupportedInstruction as error:
        said = error.message
    assert 0 < len(said) < 2500


def test_reading_looks_at_each_word_a_bounded_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0

    class Counted(str):
        def __hash__(self) -> int:
            nonlocal looks
            looks += 1
            return super().__hash__()

    def counted(*args: Any) -> list[str]:
        return [Counted(word) for word in words(*args)]

    monkeypatch.setattr("retouch.engines.darkroom.understanding.vocabulary.words", counted)
    lexicon: Vocabulary = vocabulary()
    counts = []
    for repeats in (200, 400):
        looks = 0
        lexicon.read("make it have a transparent " * repeats)
        counts.append(looks)
    assert counts[1] <= 2.1 * counts[0]
