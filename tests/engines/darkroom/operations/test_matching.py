from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.operations import matching
from retouch.engines.darkroom.operations.matching import match_colours, match_colours_needs
from retouch.engines.darkroom.scene import Scene
from retouch.errors import UnsupportedInstruction
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]


@pytest.fixture(scope="module")
def scene(photo: Photo) -> Scene:
    cat = photo("cat", 320)
    return Scene(cat, sources=(cat, photo("rocket", 320)))


def mean(picture: Raster) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(picture.rgb.reshape(-1, 3).mean(0))


def test_colours_come_closer_to_those_of_the_other_picture(scene: Scene) -> None:
    matched, goal = mean(match_colours(scene, image=2)), mean(scene.sources[1])
    assert np.abs(matched - goal).sum() < 0.8 * np.abs(mean(scene.picture) - goal).sum()


def test_more_is_more_and_nothing_is_nothing(scene: Scene) -> None:
    goal = mean(scene.sources[1])
    away = [np.abs(mean(match_colours(scene, image=2, amount=a)) - goal).sum() for a in (0.3, 1.0)]
    assert away[1] < away[0]
    assert match_colours(scene, image=2, amount=0) is scene.picture


def test_a_picture_matched_with_itself_hardly_changes(scene: Scene) -> None:
    same = match_colours(scene, image=1)
    assert np.abs(same.rgb.astype(int) - scene.picture.rgb).mean() < 4


def test_one_flat_colour_breaks_nothing(photo: Photo) -> None:
    flat = Raster(np.full((50, 50, 3), (200, 30, 90), np.uint8))
    for sources in ((photo("cat", 160), flat), (flat, photo("cat", 160))):
        assert match_colours(Scene(sources[0], sources=sources)).size == sources[0].size


def test_a_picture_that_was_not_sent_is_refused(scene: Scene) -> None:
    with pytest.raises(UnsupportedInstruction, match="image 4"):
        match_colours_needs(scene, None, image=4)


def test_people_keep_more_of_their_colour_than_what_is_around_them(
    photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = photo("astronaut", 320)
    scene = Scene(person, sources=(person, photo("rocket", 320)))
    left, top, right, bottom = (round(edge) for edge in scene.faces[0].box)
    face = np.s_[top:bottom, left:right]

    def warmth(picture: Raster) -> float:
        part = picture.rgb[face].astype(float)
        return float((part[..., 0] - part[..., 2]).mean())

    spared = warmth(match_colours(scene, image=2))
    monkeypatch.setattr(matching, "glimpsed", lambda *_: [])
    assert spared > warmth(match_colours(scene, image=2)) + 8
