from __future__ import annotations

import numpy as np

from retouch.engines.darkroom.operations import brush, tessellation
from retouch.imaging.raster import F32


def ramp() -> F32:
    return np.repeat(np.linspace(0, 1, 120, dtype=np.float32)[None, :, None], 90, 0).repeat(3, 2)


def test_every_piece_has_about_its_share_of_the_plane() -> None:
    image = np.full((90, 120, 3), 0.5, np.float32)
    cells = tessellation.stones(image, brush.find_flow(image, 2.0), 15, np.random.default_rng(0))
    assert cells.count == 6 * 8
    sizes = np.bincount(cells.labels.ravel(), minlength=cells.count)
    assert sizes.min() > 0.4 * 225
    assert sizes.max() < 2 * 225


def test_a_pieces_mean_is_the_mean_of_its_pixels() -> None:
    image = ramp()
    cells = tessellation.panes(image, 20, np.random.default_rng(0))
    means = cells.means(image)
    piece = cells.labels == cells.labels[40, 60]
    assert np.allclose(means[cells.labels[40, 60]], image[piece].mean(0), atol=1e-5)


def test_the_rim_is_nothing_at_a_border() -> None:
    image = ramp()
    cells = tessellation.panes(image, 20, np.random.default_rng(0))
    across = cells.labels[:, 1:] != cells.labels[:, :-1]
    assert cells.rim[:, 1:][across].max() < 1.5
    assert cells.rim.max() > 6


def test_only_the_chosen_pieces_are_split() -> None:
    image, rng = ramp(), np.random.default_rng(0)
    cells = tessellation.panes(image, 30, rng)
    which = np.arange(cells.count) == cells.labels[40, 60]
    split = cells.split(tessellation.panes(image, 10, rng), which)
    inside = which[cells.labels]
    assert len(np.unique(split.labels[inside])) > 4
    assert len(np.unique(split.labels[~inside])) == len(np.unique(cells.labels[~inside]))
    assert np.array_equal(split.rim[~inside], cells.rim[~inside])
    assert split.rim[inside].max() < cells.rim[inside].max()


def test_triangles_cover_the_picture() -> None:
    rgb = np.full((80, 100, 3), 100, np.uint8)
    pieces = tessellation.triangles(rgb, np.ones((80, 100), np.float32), 60, np.random.default_rng(1))

    def area(piece: F32) -> float:
        one, other = piece[1] - piece[0], piece[2] - piece[0]
        return abs(float(one[0] * other[1] - one[1] * other[0])) / 2

    assert sum(area(piece) for piece in pieces) > 0.97 * 79 * 99
