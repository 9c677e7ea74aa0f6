from __future__ import annotations

import tomllib
from importlib import resources

import numpy as np
import pytest

from retouch.engines.darkroom import assets
from retouch.engines.darkroom.assets.pack import pack, packed_names
from retouch.engines.darkroom.operations.vector import render


@pytest.mark.parametrize(
    ("phrase", "name"),
    [
        ("car", "automobile"),
        ("the cars", "automobile"),
        ("Gift", "wrapped-gift"),
        ("two-hump camel", "two-hump-camel"),
        ("mice", "mouse"),
        ("cups of coffee", "hot-beverage"),
        ("a bunch of flowers", "bouquet"),
        ("puppies", "dog"),
        ("blue heart", "blue-heart"),
    ],
)
def test_a_thing_is_found_by_what_people_call_it(phrase: str, name: str) -> None:
    assert assets.find(phrase) == name


@pytest.mark.parametrize("phrase", ["", "the", "democracy", "carx", "car park", "woman"])
def test_what_there_is_not_is_not_guessed(phrase: str) -> None:
    assert assets.find(phrase) is None


def test_every_name_has_a_drawing_and_every_drawing_a_name() -> None:
    assert set(assets.names()) == packed_names()
    assert len(assets.names()) > 700


def test_every_phrase_leads_to_a_thing() -> None:
    assert set(assets.phrases().values()) <= set(assets.names())


def test_no_form_is_listed_twice() -> None:
    text = (resources.files("retouch.engines.darkroom") / "assets" / "things.toml").read_text("utf-8")
    forms = [form for lines in tomllib.loads(text).values() for line in lines for form in line.split("|")]
    assert len(forms) == len(set(forms))


@pytest.mark.parametrize("name", ["balloon", "automobile", "1st-place-medal", "zebra"])
def test_a_drawing_shows_something(name: str) -> None:
    cover = render(assets.load(name), 64)[..., 3]
    assert cover.shape == (64, 64)
    assert 0.1 < float((cover > 128).mean()) < 0.95


def test_a_thing_knows_its_place() -> None:
    assert assets.thing("full-moon").place == "heavens"
    assert assets.thing("balloon").place == "air"
    assert (assets.thing("elephant").place, assets.thing("elephant").size) == ("ground", "large")
    with pytest.raises(KeyError):
        assets.thing("unobtainium")
    with pytest.raises(KeyError):
        assets.load("unobtainium")


def test_packing_is_the_same_every_time() -> None:
    drawings = {f"n{k}": f"<path d='{np.random.default_rng(k).integers(0, 9, 20).tolist()}'/>" for k in range(100)}
    assert pack(drawings) == pack(dict(reversed(list(drawings.items()))))
