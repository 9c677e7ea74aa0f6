from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.operations import headgear
from retouch.engines.darkroom.operations.head import crown_of, head_of
from retouch.engines.darkroom.scene import Scene
from retouch.errors import TargetNotFound, UnsupportedInstruction
from retouch.imaging.raster import U8, Raster

Photo = Callable[..., Raster]

ON_HEADS = ("crown", "cat_ears", "bunny_ears", "devil_horns", "halo", "flower_crown")
IN_FACES = ("moustache", "beard", "clown_nose", "eye_patch", "monocle", "headphones", "bow_tie")


@pytest.fixture(scope="module")
def looked_at(photo: Photo) -> Scene:
    """With room above the head."""
    rgb = photo("astronaut", 640).rgb
    scene = Scene(Raster(np.ascontiguousarray(np.concatenate([np.repeat(rgb[:1], 140, 0), rgb]))))
    assert scene.faces
    return scene


@pytest.fixture
def person(looked_at: Scene) -> Scene:
    scene = Scene(looked_at.picture)
    scene.learn_from(looked_at)
    return scene


def _changed(scene: Scene, out: Raster) -> U8:
    """Where more has changed than grain would."""
    off = np.abs(out.rgb.astype(int) - scene.picture.rgb).max(-1)
    return np.asarray(off > 24, np.uint8)


@pytest.mark.parametrize("style", headgear.HATS)
def test_a_hat_covers_the_top_of_the_head_and_spares_the_face(person: Scene, style: str) -> None:
    changed = _changed(person, headgear.hat(person, style=style))
    left, top, right, bottom = person.faces[0].box
    height = bottom - top
    above = changed[int(top - 0.45 * height) : int(top - 0.1 * height), int(left) : int(right)]
    assert above.mean() > 0.3
    assert changed[int(top + 0.55 * height) :].sum() < 0.02 * changed.sum()


@pytest.mark.parametrize("name", ON_HEADS)
def test_what_is_worn_on_the_head_stays_above_the_eyes(person: Scene, name: str) -> None:
    changed = _changed(person, getattr(headgear, name)(person))
    assert changed.sum() > 300
    eyes = int(person.faces[0].frame.origin[1])
    assert changed[eyes + 10 :].sum() < 0.02 * changed.sum()


@pytest.mark.parametrize("name", IN_FACES)
def test_what_is_worn_in_the_face_is_seen_near_it(person: Scene, name: str) -> None:
    changed = _changed(person, getattr(headgear, name)(person))
    assert changed.sum() > 60
    left, top, right, bottom = person.faces[0].box
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    assert rows[0] > top - 1.0 * (bottom - top)
    assert rows[-1] < bottom + 0.8 * (bottom - top)
    assert columns[0] > left - 0.5 * (right - left)
    assert columns[-1] < right + 0.5 * (right - left)


@pytest.mark.parametrize("style", ["handlebar", "walrus", "chevron", "pencil", "horseshoe"])
def test_a_moustache_darkens_the_upper_lip(person: Scene, style: str) -> None:
    out = headgear.moustache(person, style=style)
    lip = (person.faces[0].mesh[164, :2] + person.faces[0].mesh[0, :2]) / 2
    x, y = round(float(lip[0])) + 6, round(float(lip[1])) + 1
    patch = np.s_[y - 3 : y + 4, x - 3 : x + 4]
    assert out.rgb[patch].mean() < 0.75 * person.picture.rgb[patch].mean()


def test_a_hat_takes_the_colour_that_was_asked_for(person: Scene) -> None:
    green = headgear.hat(person, style="beanie", colour="green").rgb.astype(int)
    plain = headgear.hat(person, style="beanie").rgb.astype(int)
    assert ((green[..., 1] - green[..., 0] > 25) & (plain[..., 0] > plain[..., 1])).sum() > 500


def test_another_variation_is_another_hat(person: Scene) -> None:
    plain = headgear.hat(person, style="cap").rgb
    assert np.array_equal(plain, headgear.hat(person, style="cap").rgb)
    person.variation = 0.7
    assert (headgear.hat(person, style="cap").rgb != plain).mean() > 0.02


def test_an_animal_wears_it_on_top_of_its_head(photo: Photo) -> None:
    scene = Scene(photo("cat", 512))
    assert not scene.faces
    changed = _changed(scene, headgear.hat(scene, style="beret"))
    rows = np.flatnonzero(changed.any(1))
    assert changed.sum() > 1000
    assert rows.mean() < 0.4 * scene.picture.height


def test_ears_do_not_raise_the_top_of_a_head() -> None:
    rgb = np.full((300, 300, 3), 90, np.uint8)
    scene = Scene(Raster(rgb))
    y, x = np.mgrid[0:300, 0:300].astype(np.float32)
    matte = (np.hypot(x - 150, y - 160) < 60) | ((np.hypot(x - 150, (y - 290) * 0.6) < 75) & (y > 160))
    matte |= (np.abs(x - 105) < 8) & (y > 60) & (y < 140)
    vars(scene)["matte"] = matte.astype(np.float32)
    head = crown_of(scene)
    assert head is not None
    line = head.frame.project(np.array([[0, head.line, 0]], np.float32))[0]
    assert abs(line[0] - 150) < 12
    assert 85 < line[1] < 135


def test_without_a_subject_there_is_no_head() -> None:
    scene = Scene(Raster(np.full((64, 64, 3), 90, np.uint8)))
    vars(scene)["matte"] = np.zeros((64, 64), np.float32)
    vars(scene)["faces"] = []
    assert crown_of(scene) is None
    with pytest.raises(TargetNotFound, match="no head"):
        headgear.hat(scene)
    with pytest.raises(TargetNotFound, match="no face"):
        headgear.moustache(scene)


def test_a_hat_on_a_cut_out_is_solid(person: Scene) -> None:
    top = int(person.faces[0].box[1])
    alpha = np.full(person.picture.rgb.shape[:2], 255, np.uint8)
    alpha[: top - 10] = 0
    cut = Scene(Raster(person.picture.rgb, alpha))
    vars(cut)["faces"] = person.faces
    out = headgear.hat(cut, style="top")
    assert out.alpha is not None
    assert (out.alpha[: top - 20] == 255).sum() > 2000
    assert not alpha[: top - 10].any()


def test_a_marked_area_without_a_head_is_refused(person: Scene) -> None:
    mask = np.zeros(person.picture.rgb.shape[:2], np.float32)
    mask[-40:] = 1
    with pytest.raises(TargetNotFound, match="marked"):
        headgear.hat_needs(person, mask)
    mask[:] = 1
    headgear.hat_needs(person, mask)


@pytest.mark.parametrize(("name", "style"), [("hat", "fez"), ("moustache", "dali"), ("beard", "viking")])
def test_a_style_that_there_is_not_is_refused(person: Scene, name: str, style: str) -> None:
    with pytest.raises(UnsupportedInstruction, match=style):
        getattr(headgear, name)(person, style=style)


def test_no_colour_is_refused(person: Scene) -> None:
    with pytest.raises(UnsupportedInstruction, match="plaid"):
        headgear.hat(person, colour="plaid")


def test_a_head_is_as_wide_as_its_face_at_least(person: Scene) -> None:
    head = head_of(person.faces[0])
    assert 0.9 <= head.half <= 1.2
    assert -1.2 < head.line < -0.4
