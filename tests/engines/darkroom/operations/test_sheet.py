from __future__ import annotations

import numpy as np
import pytest

from retouch.engines.darkroom.operations.sheet import Place, lay_out, natural_size, sheet
from retouch.imaging.raster import Raster

Sizes = list[tuple[int, int]]
LANDSCAPES: Sizes = [(1500, 1000)] * 6
MIXED: Sizes = [(1500, 1000), (800, 1200), (1000, 1000), (1600, 900), (900, 1600), (2400, 800), (1024, 768)]
SETS = [
    *(MIXED[:count] for count in range(1, 8)),
    *(LANDSCAPES[:count] for count in range(2, 7)),
    (MIXED * 3)[:16],
]


def picture(size: tuple[int, int], colour: tuple[int, int, int]) -> Raster:
    return Raster(np.full((size[1], size[0], 3), colour, np.uint8))


def overlap(one: Place, other: Place) -> bool:
    return (
        min(one.x + one.width, other.x + other.width) > max(one.x, other.x) + 1e-6
        and min(one.y + one.height, other.y + other.height) > max(one.y, other.y) + 1e-6
    )


@pytest.mark.parametrize("sizes", SETS)
@pytest.mark.parametrize("paper", [(1024, 1024), (1536, 1024), (1024, 1536)])
def test_pictures_are_whole_unstretched_apart_and_on_the_paper(sizes: Sizes, paper: tuple[int, int]) -> None:
    places = lay_out(sizes, paper)
    assert len(places) == len(sizes)
    for place, (width, height) in zip(places, sizes, strict=True):
        assert place.width / place.height == pytest.approx(width / height, rel=1e-6)
        assert min(place.x, place.y) > 0.03 * 1024
        assert place.x + place.width < paper[0] - 0.03 * 1024
        assert place.y + place.height < paper[1] - 0.03 * 1024
    assert not any(overlap(one, other) for i, one in enumerate(places) for other in places[:i])


@pytest.mark.parametrize("sizes", SETS)
def test_the_pictures_fill_a_good_part_of_their_natural_sheet(sizes: Sizes) -> None:
    size = natural_size(sizes)
    area = sum(place.width * place.height for place in lay_out(sizes, size))
    assert size[0] * size[1] == pytest.approx(1_500_000, rel=0.01)
    assert area > 0.60 * size[0] * size[1]


def test_the_margins_of_a_natural_sheet_are_even() -> None:
    size = natural_size(MIXED)
    places = lay_out(MIXED, size)
    left, top = min(place.x for place in places), min(place.y for place in places)
    assert left == pytest.approx(top, abs=3)


def test_pictures_of_one_shape_stand_in_a_grid_with_a_centred_last_row() -> None:
    places = lay_out(LANDSCAPES[:5], (1536, 1024))
    assert len({round(place.width, 3) for place in places}) == 1
    last = [place for place in places if place.y == max(p.y for p in places)]
    assert (last[0].x + last[-1].x + last[-1].width) / 2 == pytest.approx(1536 / 2, abs=0.01)


def test_rows_of_different_shapes_reach_from_margin_to_margin() -> None:
    rows: dict[float, list[Place]] = {}
    for place in lay_out(MIXED, (1536, 1024)):
        rows.setdefault(round(place.y, 3), []).append(place)
    assert len(rows) > 1
    assert len({round(row[0].x, 3) for row in rows.values()}) == 1
    assert len({round(row[-1].x + row[-1].width, 3) for row in rows.values()}) == 1


def test_pictures_keep_their_order() -> None:
    places = lay_out(MIXED, (1200, 1200))
    assert [(place.y, place.x) for place in places] == sorted((place.y, place.x) for place in places)


def test_a_sheet_shows_each_picture_at_its_place_on_its_paper() -> None:
    colours = [(200, 30, 30), (30, 200, 30), (30, 30, 200)]
    sizes: Sizes = [(300, 200), (200, 300), (250, 250)]
    raster = sheet(
        [picture(s, c) for s, c in zip(sizes, colours, strict=True)], (900, 600), background=(240, 240, 230)
    )
    assert raster.size == (900, 600)
    assert raster.alpha is None
    assert raster.rgb[3, 3].tolist() == [240, 240, 230]
    for place, colour in zip(lay_out(sizes, (900, 600)), colours, strict=True):
        middle = raster.rgb[round(place.y + place.height / 2), round(place.x + place.width / 2)]
        assert middle.tolist() == list(colour)


def test_a_white_picture_has_a_hairline_around_it() -> None:
    raster = sheet([picture((300, 200), (255, 255, 255))], (600, 400))
    assert 200 < raster.rgb.min() < 240


def test_transparent_pixels_show_the_paper_and_not_their_hidden_colour() -> None:
    hidden = Raster(np.full((200, 300, 3), (255, 0, 0), np.uint8), np.zeros((200, 300), np.uint8))
    raster = sheet([hidden], (600, 400), background=(10, 20, 30))
    assert raster.rgb[200, 300].tolist() == [10, 20, 30]


def test_no_picture_makes_no_sheet() -> None:
    with pytest.raises(ValueError, match="at least one picture"):
        natural_size([])
    with pytest.raises(ValueError, match="at least one picture"):
        sheet([], (100, 100))
