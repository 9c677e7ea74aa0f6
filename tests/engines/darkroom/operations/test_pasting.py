from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.operations.pasting import paste, paste_needs, take, take_size
from retouch.engines.darkroom.scene import Scene
from retouch.errors import TargetNotFound, UnsupportedInstruction
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]


@pytest.fixture(scope="module")
def scene(photo: Photo) -> Scene:
    china = photo("china", 480)
    return Scene(china, sources=(china, photo("flower", 320), photo("cat", 320)))


def changed(scene: Scene, picture: Raster) -> tuple[float, float, float]:
    """The middle of what changed, across and down, and how much of the picture that is."""
    off = np.abs(picture.rgb.astype(int) - scene.picture.rgb).max(2) > 30
    rows, columns = np.nonzero(off)
    return float(columns.mean()) / off.shape[1], float(rows.mean()) / off.shape[0], float(off.mean())


def test_turning_to_another_picture_gives_that_picture(scene: Scene) -> None:
    assert take(scene, image=2).rgb is scene.sources[1].rgb
    assert take_size((10, 10), [(10, 10), (30, 20)], image=2) == (30, 20)
    with pytest.raises(UnsupportedInstruction, match="image 9"):
        take(scene, image=9)


def test_the_subject_of_another_picture_stands_in_this_one(scene: Scene) -> None:
    pasted = paste(scene, image=2)
    across, down, share = changed(scene, pasted)
    assert pasted.size == scene.picture.size
    assert 0.2 < across < 0.8
    assert down > 0.5
    assert 0.03 < share < 0.4


def test_it_stands_where_and_as_large_as_it_is_told(scene: Scene) -> None:
    left, right = (changed(scene, paste(scene, image=2, position=p)) for p in ("left", "right"))
    assert left[0] < 0.4 < 0.6 < right[0]
    small, large = (changed(scene, paste(scene, image=2, size=s)) for s in ("small", "large"))
    assert small[2] < large[2]


def test_with_a_mask_it_is_fitted_into_the_mask_s_box(scene: Scene) -> None:
    weight = np.zeros((scene.picture.height, scene.picture.width), np.float32)
    weight[20:120, 300:420] = 1
    masked = Scene(scene.picture, weight=weight, sources=scene.sources)
    across, down, _ = changed(scene, paste(masked, image=2))
    assert 300 < across * 480 < 420
    assert 20 < down * scene.picture.height < 140


def test_it_casts_a_shadow_on_the_ground() -> None:
    ground = Raster(np.full((300, 400, 3), 190, np.uint8))
    thing = np.zeros((100, 100), np.uint8)
    thing[10:90, 30:70] = 255
    cut = Raster(np.full((100, 100, 3), 120, np.uint8), thing)
    pasted = paste(Scene(ground, sources=(ground, cut)), image=2)
    foot = int(0.93 * 300)
    below = pasted.rgb[foot + 1 : foot + 5, 190:210].mean()
    assert below < 170
    assert pasted.rgb[5, 5].tolist() == [190, 190, 190]


def test_a_subject_cut_off_at_its_head_would_float(scene: Scene) -> None:
    for act in (lambda: paste(scene, image=3), lambda: paste_needs(scene, None, image=3)):
        with pytest.raises(TargetNotFound, match="image 3 is cut off"):
            act()


def test_a_picture_without_a_subject_lends_none(photo: Photo) -> None:
    noise = Raster(np.random.default_rng(3).integers(100, 150, (200, 200, 3), dtype=np.uint8))
    with pytest.raises(TargetNotFound, match="in image 2"):
        paste_needs(Scene(photo("china", 160), sources=(noise, noise)), None, image=2)


def test_it_stands_beside_what_stands_out_already(photo: Photo) -> None:
    place = photo("china", 320)
    seen = Scene(place, sources=(place, photo("flower", 320)))
    changed = np.abs(paste(seen, image=2).rgb.astype(int) - place.rgb).max(2) > 24
    across = float(np.flatnonzero(changed.any(0)).mean()) / place.width
    assert across > 0.6, "the pagoda stands left of the middle"
