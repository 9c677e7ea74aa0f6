from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision import faces, saliency, sky
from retouch.engines.darkroom.vision.sky import Sky
from retouch.imaging.raster import F32, U8, Raster

Photo = Callable[..., Raster]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Every look that is taken, and at how many pixels across; nothing is found."""
    taken: list[tuple[str, int]] = []

    def nothing(rgb: U8) -> F32:
        return np.zeros(rgb.shape[:2], np.float32)

    def look(name: str, found: Callable[[U8], object]) -> Callable[..., object]:
        def seen(rgb: U8, *, hasty: bool = False) -> object:
            taken.append((f"{'hasty ' if hasty else ''}{name}", rgb.shape[1]))
            return found(rgb)

        return seen

    monkeypatch.setattr(saliency, "find_saliency", look("saliency", nothing))
    monkeypatch.setattr(saliency, "glance", look("glance", nothing))
    monkeypatch.setattr(sky, "find_sky", look("sky", lambda rgb: Sky(nothing(rgb), 0.0)))
    monkeypatch.setattr(faces, "find_faces", look("faces", lambda rgb: []))
    return taken


def look_around(scene: Scene) -> None:
    _ = scene.saliency, scene.sky, scene.faces


def pair(photo: Photo) -> tuple[Scene, Scene]:
    return Scene(photo("cat", 128)), Scene(photo("cat", 256))


def test_a_small_scene_sees_through_the_eyes_of_a_large_one(photo: Photo, looks: list[tuple[str, int]]) -> None:
    small, large = pair(photo)
    small.share_with(large)
    look_around(small)
    look_around(large)
    assert looks == [("saliency", 256), ("sky", 256), ("faces", 256)]


def test_in_haste_a_small_scene_only_glances_and_leaves_the_large_one_its_own_look(
    photo: Photo, looks: list[tuple[str, int]]
) -> None:
    small, large = pair(photo)
    small.share_with(large, hasty=True)
    look_around(small)
    assert looks == [("glance", 256), ("sky", 128), ("hasty faces", 128)]
    large.learn_from(small)
    looks.clear()
    look_around(large)
    assert looks == [("saliency", 256), ("sky", 256), ("faces", 256)]


def test_in_haste_what_has_been_seen_closely_is_used(photo: Photo, looks: list[tuple[str, int]]) -> None:
    small, large = pair(photo)
    look_around(large)
    looks.clear()
    small.share_with(large, hasty=True)
    look_around(small)
    assert looks == []
    assert small.sky.alpha.shape == small.saliency.shape == (small.original.height, small.original.width)


def test_what_was_decided_about_the_subject_is_decided_once(photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    from retouch.engines.darkroom.vision import doubt

    widths: list[int] = []

    def settled(rgb: U8, map_: F32) -> F32:
        widths.append(rgb.shape[1])
        return map_

    monkeypatch.setattr(doubt, "settled", settled)
    small, large = pair(photo)
    small.share_with(large)
    assert small.matte.shape == small.decided.shape
    _ = large.matte
    larger = Scene(photo("cat", 300))
    larger.learn_from(large)
    _ = larger.matte
    assert widths == [256]


def test_what_a_glance_makes_certain_is_looked_at_closely_only_later(
    photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    find = saliency.find_saliency

    def counting(rgb: U8) -> F32:
        looked.append(rgb.shape[1])
        return find(rgb)

    monkeypatch.setattr(saliency, "find_saliency", counting)
    hurried, patient = Scene(photo("flower", 256), hurried=True), Scene(photo("flower", 256))
    assert hurried.stands_out
    assert looked == []
    assert patient.stands_out
    assert looked == [256]
    hurried.make_sure()
    np.testing.assert_array_equal(hurried.saliency, patient.saliency)


def test_a_glance_that_doubts_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def doubtful(rgb: U8) -> F32:
        return np.full(rgb.shape[:2], 0.6, np.float32)

    monkeypatch.setattr(saliency, "glance", doubtful)
    plain = Raster(np.full((64, 64, 3), 128, np.uint8))
    scene = Scene(plain, hurried=True)
    assert not scene.stands_out
    assert "saliency" in vars(scene)


def test_large_faces_are_found_in_haste_and_scaled_to_a_smaller_scene(photo: Photo) -> None:
    small, large = Scene(photo("astronaut", 256)), Scene(photo("astronaut", 512))
    small.share_with(large)
    assert [face.box for face in small.portraits] == [face.scaled(0.5).box for face in large.portraits]
    assert len(small.portraits) == 1
