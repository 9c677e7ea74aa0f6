from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from retouch.imaging.png_writer import write_png
from retouch.imaging.raster import Raster


def noise(width: int, height: int, *, alpha: bool = False) -> Raster:
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 4), np.uint8)
    return Raster(np.ascontiguousarray(pixels[..., :3]), np.ascontiguousarray(pixels[..., 3]) if alpha else None)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 700), st.integers(1, 400), st.booleans())
def test_every_pixel_comes_back(width: int, height: int, alpha: bool) -> None:
    given = noise(width, height, alpha=alpha)
    read = Image.open(io.BytesIO(write_png(given)))
    assert read.mode == ("RGBA" if alpha else "RGB")
    pixels = np.asarray(read)
    assert np.array_equal(pixels[..., :3], given.rgb)
    if given.alpha is not None:
        assert np.array_equal(pixels[..., 3], given.alpha)


@pytest.mark.parametrize("width", [64, 1000, 400_000])
def test_the_bytes_do_not_depend_on_how_many_cores_write_them(width: int) -> None:
    picture = noise(width, 1_200_000 // width)
    assert write_png(picture, threads=3) == write_png(picture)


def test_nothing_is_said_of_colour_time_or_author() -> None:
    file = write_png(noise(300, 300))
    assert [kind for kind in (b"IHDR", b"IDAT", b"IEND") if kind in file] == [b"IHDR", b"IDAT", b"IEND"]
    assert file.count(b"IDAT") == 1
    assert not any(kind in file for kind in (b"tEXt", b"tIME", b"sRGB", b"gAMA", b"iCCP", b"pHYs"))
