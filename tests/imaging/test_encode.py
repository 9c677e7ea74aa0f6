from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from retouch.errors import ImageTooLarge
from retouch.imaging.composite import flatten
from retouch.imaging.decode import decode
from retouch.imaging.encode import Format, encode
from retouch.imaging.limits import PixelLimits
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]
NAMES = ["astronaut", "cat", "coffee", "china", "rocket", "flower"]


def load(data: bytes) -> Raster:
    return decode(io.BytesIO(data), limits=PixelLimits(), position=1)


def fading(raster: Raster) -> Raster:
    """The photograph under an alpha that runs from nothing to full, its colours kept."""
    ramp = np.linspace(0, 255, raster.width).round().astype(np.uint8)
    return Raster(raster.rgb, np.broadcast_to(ramp, (raster.height, raster.width)).copy())


def chunks(png: bytes) -> list[bytes]:
    at, kinds = 8, []
    while at < len(png):
        kinds.append(png[at + 4 : at + 8])
        at += 12 + int.from_bytes(png[at : at + 4], "big")
    return kinds


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("format_", ["png", "webp"])
def test_lossless_formats_give_every_bit_back(photo: Photo, name: str, format_: Format) -> None:
    for picture in (photo(name, 240), fading(photo(name, 240))):
        again = load(encode(picture, format_, 100))
        assert np.array_equal(again.rgb, picture.rgb)
        if picture.alpha is None:
            assert again.alpha is None
        else:
            assert again.alpha is not None
            assert np.array_equal(again.alpha, picture.alpha)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("format_", "compression"), [("jpeg", 95), ("jpeg", 60), ("webp", 95), ("webp", 60)])
def test_lossy_formats_stay_near(photo: Photo, name: str, format_: Format, compression: int) -> None:
    picture = photo(name, 240)
    again = load(encode(picture, format_, compression))
    noise = np.mean((again.rgb.astype(float) - picture.rgb) ** 2)
    assert noise < (40 if compression == 95 else 200)


@pytest.mark.parametrize("format_", ["jpeg", "webp"])
def test_less_quality_is_fewer_bytes(photo: Photo, format_: Format) -> None:
    sizes = [len(encode(photo("china", 300), format_, quality)) for quality in (0, 30, 60, 89, 99)]
    assert sizes == sorted(sizes)
    assert sizes[0] * 3 < sizes[-1]


def test_a_jpeg_keeps_full_chroma_from_ninety_up(photo: Photo) -> None:
    for quality, factors in ((90, (1, 1)), (100, (1, 1)), (89, (2, 2))):
        image: Any = Image.open(io.BytesIO(encode(photo("flower", 100), "jpeg", quality)))
        assert image.layer[0][1:3] == factors


def test_a_jpeg_lies_on_white(photo: Photo) -> None:
    picture = fading(photo("rocket", 200))
    again = load(encode(picture, "jpeg", 98))
    assert again.rgb[:, 0].min() > 250
    assert np.mean((again.rgb.astype(float) - flatten(picture).rgb) ** 2) < 10


def test_a_lossy_webp_keeps_its_alpha(photo: Photo) -> None:
    picture = fading(photo("cat", 200))
    again = load(encode(picture, "webp", 80))
    assert picture.alpha is not None
    assert again.alpha is not None
    assert np.array_equal(again.alpha, picture.alpha)


def test_files_carry_no_metadata_and_no_profile(photo: Photo) -> None:
    picture = photo("coffee", 120)
    assert set(chunks(encode(picture, "png"))) == {b"IHDR", b"IDAT", b"IEND"}
    for format_ in ("png", "jpeg", "webp"):
        for quality in (100, 70):
            image = Image.open(io.BytesIO(encode(picture, format_, quality)))
            assert not image.getexif()
            assert not {"icc_profile", "comment", "xmp", "exif", "gamma", "srgb"} & set(image.info)


def test_a_png_is_not_much_larger_than_the_slow_way(photo: Photo) -> None:
    for name in NAMES:
        picture = photo(name)
        slow = io.BytesIO()
        Image.fromarray(picture.rgb).save(slow, "PNG", compress_level=6)
        assert len(encode(picture, "png")) < 1.3 * len(slow.getvalue())


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1)])
@pytest.mark.parametrize("format_", ["png", "jpeg", "webp"])
def test_the_smallest_pictures_can_be_written(size: tuple[int, int], format_: Format) -> None:
    picture = Raster(np.full((size[1], size[0], 3), 90, np.uint8))
    for quality in (0, 100):
        assert load(encode(picture, format_, quality)).size == size


def test_a_side_that_the_format_cannot_hold_is_refused() -> None:
    wide = Raster(np.zeros((1, 16_384, 3), np.uint8))
    assert load(encode(wide, "png")).width == 16_384
    with pytest.raises(ImageTooLarge, match="WEBP holds at most 16383 pixels a side, but got 16384"):
        encode(wide, "webp")


def test_unknown_formats_and_qualities_are_refused(photo: Photo) -> None:
    with pytest.raises(ValueError, match="unknown format 'gif'"):
        encode(photo("cat", 20), "gif")  # type: ignore[arg-type]
    for quality in (-1, 101):
        with pytest.raises(ValueError, match=r"0\.\.100"):
            encode(photo("cat", 20), "jpeg", quality)
