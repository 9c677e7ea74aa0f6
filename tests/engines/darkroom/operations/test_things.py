from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retouch.engines.darkroom import assets
from retouch.engines.darkroom.operations.placing import marked_spots
from retouch.engines.darkroom.operations.things import insert
from retouch.engines.darkroom.scene import Scene
from retouch.errors import UnsupportedInstruction
from retouch.imaging.raster import U8, Raster

Photo = Callable[..., Raster]


def _changed(scene: Scene, out: Raster) -> U8:
    return np.asarray(np.abs(out.rgb.astype(int) - scene.picture.rgb).max(-1) > 24, np.uint8)


def _middle(changed: U8) -> tuple[float, float]:
    """As shares of width and height."""
    y, x = np.nonzero(changed)
    return float(x.mean()) / changed.shape[1], float(y.mean()) / changed.shape[0]


@pytest.fixture(scope="module")
def looked_at(photo: Photo) -> Scene:
    scene = Scene(photo("china", 512))
    assert scene.sky.confidence > 0.3
    assert scene.saliency.any()
    assert not scene.faces
    return scene


@pytest.fixture
def china(looked_at: Scene) -> Scene:
    scene = Scene(looked_at.picture)
    scene.learn_from(looked_at)
    return scene


def test_a_balloon_goes_into_the_sky(china: Scene) -> None:
    changed = _changed(china, insert(china, name="balloon"))
    assert 0.005 < changed.mean() < 0.1
    assert float((china.sky.alpha * changed).sum() / changed.sum()) > 0.8


def test_a_flamingo_stands_low_and_beside_the_subject(china: Scene) -> None:
    changed = _changed(china, insert(china, name="flamingo"))
    assert _middle(changed)[1] > 0.55
    assert float((china.saliency * changed).sum() / changed.sum()) < 0.5


def test_it_does_not_cover_a_face(photo: Photo) -> None:
    scene = Scene(photo("astronaut", 512))
    changed = _changed(scene, insert(scene, name="balloon", count=4))
    left, top, right, bottom = (int(edge) for edge in scene.faces[0].box)
    assert changed[top:bottom, left:right].sum() == 0


@pytest.mark.parametrize(
    ("position", "x", "y"), [("top-left", 0.2, 0.2), ("right", 0.8, 0.55), ("bottom", 0.5, 0.8)]
)
def test_it_goes_where_it_is_told_to(china: Scene, position: str, x: float, y: float) -> None:
    at = _middle(_changed(china, insert(china, name="red-heart", position=position)))
    assert abs(at[0] - x) < 0.12
    assert abs(at[1] - y) < 0.15


def test_sizes_differ(china: Scene) -> None:
    areas = [
        int(_changed(china, insert(china, name="red-heart", position="left", size=size)).sum())
        for size in ("small", "medium", "large")
    ]
    assert areas[0] * 1.8 < areas[1] < areas[2] / 1.6


def test_several_are_apart(photo: Photo) -> None:
    scene = Scene(photo("rocket", 512))
    one = _changed(scene, insert(scene, name="balloon")).sum()
    three = _changed(scene, insert(scene, name="balloon", count=3))
    assert three.sum() > 1.2 * one
    assert (
        np.flatnonzero(three.any(0)).size
        > 1.5 * np.flatnonzero(_changed(scene, insert(scene, name="balloon")).any(0)).size
    )


def test_it_fits_into_what_is_marked(china: Scene) -> None:
    weight = np.zeros(china.picture.rgb.shape[:2], np.float32)
    weight[200:300, 220:420] = 1
    china.weight = weight
    changed = _changed(china, insert(china, name="duck", count=2))
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    assert rows[0] >= 195
    assert rows[-1] <= 306
    assert columns[0] >= 210
    assert columns[-1] <= 430


def test_in_a_marked_area_its_shape_is_kept() -> None:
    weight = np.zeros((100, 200), np.float32)
    weight[10:90, 20:180] = 1
    (spot,) = marked_spots(weight, (30.0, 60.0), 1, stands=True)
    assert spot.width * 2 == pytest.approx(spot.height)
    assert 70 < spot.height <= 80
    assert spot.top + spot.height == pytest.approx(89, abs=2)
    assert marked_spots(np.zeros((10, 10), np.float32), (1.0, 1.0), 1, stands=True) == []


def test_its_main_colour_can_be_another(photo: Photo) -> None:
    scene = Scene(photo("rocket", 512))
    red = insert(scene, name="balloon", position="top").rgb.astype(int)
    blue = insert(scene, name="balloon", position="top", colour="blue").rgb.astype(int)
    assert ((red[..., 0] - red[..., 2] > 40) & (blue[..., 2] - blue[..., 0] > 40)).sum() > 500


def test_the_ground_darkens_under_it(photo: Photo) -> None:
    scene = Scene(Raster(np.full((400, 400, 3), 190, np.uint8)))
    vars(scene)["saliency"] = np.zeros((400, 400), np.float32)
    vars(scene)["faces"] = []
    out = insert(scene, name="elephant", position="bottom").rgb.astype(int)
    grey = np.ptp(out, axis=-1) < 14
    assert (grey & (out[..., 1] < 150)).sum() > 100


def test_a_rainbow_is_light_behind_the_subject(china: Scene) -> None:
    off = insert(china, name="rainbow").rgb.astype(int) - china.picture.rgb
    assert np.abs(off).max() > 15
    assert float(np.abs(off[china.sky.alpha < 0.02]).mean()) < 0.5


def test_the_same_seed_gives_the_same_picture_and_a_variation_another(china: Scene) -> None:
    first = insert(china, name="balloon").rgb
    assert np.array_equal(first, insert(china, name="balloon").rgb)
    china.variation = -0.8
    assert not np.array_equal(first, insert(china, name="balloon").rgb)


def test_on_a_transparent_picture_it_is_solid() -> None:
    alpha = np.zeros((300, 300), np.uint8)
    alpha[120:180, 120:180] = 255
    scene = Scene(Raster(np.full((300, 300, 3), 128, np.uint8), alpha))
    out = insert(scene, name="red-heart", position="left")
    assert out.alpha is not None
    assert (out.alpha == 255).sum() > 2 * (alpha == 255).sum() - 3000
    assert (out.alpha[:, :110] == 255).sum() > 500


def test_ones_own_cut_out_is_put_in(tmp_path: Path, china: Scene) -> None:
    pixels = np.zeros((60, 90, 4), np.uint8)
    pixels[5:55, 5:85] = (20, 200, 40, 255)
    Image.fromarray(pixels).save(tmp_path / "gnome.png")
    assets.use_folder(tmp_path)
    out = insert(china, name="own/gnome", position="right").rgb.astype(int)
    assert (out[..., 1] - out[..., 0] > 60).sum() > 1000
    (tmp_path / "gnome.png").unlink()
    assets.folder.read.cache_clear()
    with pytest.raises(UnsupportedInstruction, match="gnome"):
        insert(china, name="own/gnome")


@pytest.fixture(autouse=True)
def _no_folder_afterwards() -> Iterator[None]:
    yield
    assets.use_folder(None)


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"name": "unobtainium"}, "unobtainium"),
        ({"name": "balloon", "count": 0}, "0"),
        ({"name": "balloon", "count": 13}, "13"),
        ({"name": "balloon", "position": "inside"}, "inside"),
        ({"name": "balloon", "size": "gigantic"}, "gigantic"),
        ({"name": "balloon", "colour": "plaid"}, "plaid"),
    ],
)
def test_what_cannot_be_is_refused(china: Scene, params: dict[str, object], named: str) -> None:
    with pytest.raises(UnsupportedInstruction, match=named):
        insert(china, **params)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (40, 3), (16, 16)])
def test_tiny_pictures_are_no_crash(size: tuple[int, int]) -> None:
    scene = Scene(Raster(np.full((size[1], size[0], 3), 120, np.uint8)))
    vars(scene)["saliency"] = np.zeros((size[1], size[0]), np.float32)
    assert insert(scene, name="cat", count=2).size == size
    assert insert(scene, name="rainbow").size == size
