from __future__ import annotations

import tomllib
from importlib import resources

from retouch.engines.darkroom.understanding.clauses import Clause, split
from retouch.engines.darkroom.understanding.sentences import LONGEST, Said, fitting
from retouch.engines.darkroom.understanding.structured import MEANINGS
from retouch.engines.darkroom.understanding.vocabulary import vocabulary


def clause(text: str) -> Clause:
    (one,) = split(vocabulary().read(text))
    return one


def meant(text: str) -> list[Said]:
    return list(fitting(clause(text)))


def test_every_sentence_has_a_meaning() -> None:
    folder = resources.files("retouch.engines.darkroom") / "lexicon"
    table = tomllib.loads((folder / "sentences.toml").read_text("utf-8"))
    assert set(table) - {"macros"} == set(MEANINGS)


def test_articles_and_courtesies_are_no_part_of_a_sentence() -> None:
    plain, polite = meant("make car blue")[0], meant("please make the car blue")[0]
    assert (
        (plain.means, dict(plain.slots))
        == (polite.means, dict(polite.slots))
        == (
            "recolour",
            {"thing": "car", "colour1": "blue"},
        )
    )


def test_an_amount_is_taken_out_of_a_sentence_that_has_no_place_for_it() -> None:
    amounts = [said.amount for said in meant("give it a slight blue tint") if said.means == "tint"]
    assert amounts[-1] == 0.55


def test_a_word_too_many_is_no_match() -> None:
    assert not [said for said in meant("rotate it 90 degrees purple") if said.means == "rotate"]


def test_a_slot_that_is_filled_twice_holds_one_thing() -> None:
    fits = [said["thing"] for said in meant("give the cat a blue background behind the dog")]
    assert "cat" not in fits


def test_a_long_clause_is_not_compared() -> None:
    assert meant("make the " + "very " * LONGEST + "red car blue") == []
