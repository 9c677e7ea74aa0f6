from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retouch.engines.darkroom.operations.lettering import WHERE, text, text_needs
from retouch.engines.darkroom.scene import Scene
from retouch.errors import UnsupportedInstruction
from retouch.imaging.raster import F32, Raster

Photo = Callable[..., Raster]
LONG = (
    "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness"
)


def plain(level: int = 128, size: tuple[int, int] = (400, 300)) -> Raster:
    return Raster(np.full((size[1], size[0], 3), level, np.uint8))


def ink(before: Raster, after: Raster) -> np.ndarray:
    """Where the letters themselves are: the strongest of what changed."""
    changed = np.abs(after.rgb.astype(int) - before.rgb).max(2)
    return np.asarray(changed > 0.6 * changed.max())


@pytest.mark.parametrize("position", WHERE)
def test_a_text_stands_where_it_is_asked_for_and_off_the_edge(position: str) -> None:
    source = plain()
    drawn = ink(source, text(Scene(source), text="Hey", position=position))
    rows, columns = np.flatnonzero(drawn.any(1)), np.flatnonzero(drawn.any(0))
    across, down = WHERE[position]
    x, y = (columns[0] + columns[-1]) / 2 / source.width, (rows[0] + rows[-1]) / 2 / source.height
    assert round(2 * x) == round(2 * across) or abs(x - across) < 0.3
    assert abs(x - across) < 0.3
    assert abs(y - down) < 0.3
    assert min(rows[0], columns[0], source.height - 1 - rows[-1], source.width - 1 - columns[-1]) >= 8


@pytest.mark.parametrize("size", [(400, 300), (300, 400), (1000, 90), (60, 500), (64, 64)])
@pytest.mark.parametrize("words", ["Hi", LONG, "Donaudampfschifffahrtsgesellschaft", "a\nb\nc"])
def test_no_text_is_cut_off(size: tuple[int, int], words: str) -> None:
    source = plain(size=size)
    drawn = ink(source, text(Scene(source), text=words, size="large", position="centre"))
    assert drawn.any()
    assert not drawn[[0, -1]].any()
    assert not drawn[:, [0, -1]].any()


@pytest.mark.parametrize("level", [0, 60, 128, 200, 255])
def test_the_letters_can_be_read_on_any_ground(level: int) -> None:
    source = plain(level)
    result = text(Scene(source), text="Hello")
    assert np.abs(result.rgb.astype(int) - level).max() >= 110


def test_no_face_is_written_on_unless_it_is_asked_for(photo: Photo) -> None:
    source = photo("astronaut")
    scene = Scene(source)
    left, top, right, bottom = (int(edge) for edge in scene.faces[0].box)
    drawn = ink(source, text(scene, text="Hello, World"))
    assert not drawn[top:bottom, left:right].any()


def test_a_text_is_fitted_into_what_may_change() -> None:
    source = plain(size=(500, 400))
    y, x = np.mgrid[:400, :500]
    disc: F32 = (np.hypot(x - 300, y - 150) < 90).astype(np.float32)
    drawn = ink(source, text(Scene(source, weight=disc), text="A text in a circle"))
    assert drawn.any()
    assert not drawn[disc == 0].any()


def test_a_colour_by_name_is_the_colour_of_the_letters() -> None:
    source = plain(30)
    result = text(Scene(source), text="III", colour="red", size="large")
    drawn = ink(source, result)
    red, green, blue = result.rgb[drawn].mean(0)
    assert red > green + 80
    assert red > blue + 80


def test_sizes_differ() -> None:
    source = plain(size=(600, 600))
    areas = [
        ink(source, text(Scene(source), text="Hey", size=size, position="centre")).sum()
        for size in ("small", "medium", "large")
    ]
    assert areas[0] * 2 < areas[1]
    assert areas[1] * 2 < areas[2]


def test_letters_on_transparent_ground_are_opaque() -> None:
    source = Raster(np.zeros((200, 300, 3), np.uint8), np.zeros((200, 300), np.uint8))
    result = text(Scene(source), text="Hey", size="large")
    assert result.alpha is not None
    assert result.alpha.max() == 255
    assert 0.005 < (result.alpha > 127).mean() < 0.3


def test_what_would_come_out_wrong_is_refused_before_anything_is_promised() -> None:
    with pytest.raises(UnsupportedInstruction):
        text_needs(Scene(plain()), None, text="Party 🎉", position="top")
