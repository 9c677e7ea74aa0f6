from __future__ import annotations

import io
import struct
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageCms

from retouch.imaging.colour import to_srgb
from retouch.imaging.container import MAX_PROFILE_BYTES
from retouch.imaging.decode import decode
from retouch.imaging.limits import PixelLimits
from retouch.imaging.raster import Raster

Photo = Callable[..., Raster]
Save = Callable[..., io.BytesIO]

SRGB_COLUMNS = (
    (0.4360747, 0.2225045, 0.0139322),
    (0.3850649, 0.7168786, 0.0971045),
    (0.1430804, 0.0606169, 0.7141733),
)
P3_COLUMNS = ((0.515102, 0.241182, -0.001050), (0.291965, 0.692236, 0.041882), (0.157153, 0.066582, 0.784378))


def s15(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def profile(space: bytes, columns: tuple[tuple[float, ...], ...], curve: bytes, name: str) -> bytes:
    """An ICC profile of version 2 made by hand: a matrix and one curve, or for grey the curve alone."""
    white = b"XYZ \0\0\0\0" + s15(0.9642) + s15(1.0) + s15(0.8249)
    text = b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name.encode() + bytes(1 + 8 + 3 + 67)
    tags = {b"desc": text, b"wtpt": white, b"cprt": b"text\0\0\0\0none\0"}
    if space == b"GRAY":
        tags[b"kTRC"] = curve
    else:
        for letter, column in zip("rgb", columns, strict=True):
            tags[f"{letter}XYZ".encode()] = b"XYZ \0\0\0\0" + b"".join(s15(value) for value in column)
            tags[f"{letter}TRC".encode()] = curve
    table, data, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, body in tags.items():
        table += tag + struct.pack(">II", offset + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    size = offset + len(data)
    header = struct.pack(">I4sI4s4s4s", size, b"none", 0x02400000, b"mntr", space, b"XYZ ")
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + s15(0.9642) + s15(1.0) + s15(0.8249)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data


def gamma(value: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


def srgb_curve() -> bytes:
    x = np.linspace(0, 1, 1024)
    y = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    return b"curv\0\0\0\0" + struct.pack(">I", 1024) + (y * 65535).round().astype(">u2").tobytes()


P3 = profile(b"RGB ", P3_COLUMNS, srgb_curve(), "Display P3 by hand")
HAND_SRGB = profile(b"RGB ", SRGB_COLUMNS, srgb_curve(), "another name")
GREY_18 = profile(b"GRAY", (), gamma(1.8), "Grey 1.8")
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def load(file: io.BytesIO) -> Raster:
    return decode(file, limits=PixelLimits(), position=1)


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("icc", [SRGB, HAND_SRGB], ids=["srgb", "srgb-by-another-name"])
def test_an_srgb_profile_changes_no_bit(photo: Photo, save: Save, format_: str, icc: bytes) -> None:
    picture = photo("flower", 150).rgb
    assert np.array_equal(load(save(picture, format_, icc_profile=icc)).rgb, load(save(picture, format_)).rgb)


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
def test_a_wide_profile_is_converted(photo: Photo, save: Save, format_: str) -> None:
    picture = photo("flower", 150).rgb
    plain, converted = load(save(picture, format_)).rgb, load(save(picture, format_, icc_profile=P3)).rgb
    assert np.abs(plain.astype(int) - converted).max() > 20


def test_a_known_colour_of_p3_lands_where_it_should(save: Save) -> None:
    """By the matrices: P3 (200, 100, 50) is sRGB (214, 97, 34); greys are the same in both."""
    linear = np.where((c := np.array([200, 100, 50]) / 255) <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    light = np.linalg.inv(np.array(SRGB_COLUMNS).T) @ np.array(P3_COLUMNS).T @ linear
    expected = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.abs(light) ** (1 / 2.4) - 0.055)
    patch = np.full((2, 2, 3), (200, 100, 50), np.uint8)
    patch[1] = 128
    decoded = load(save(patch, "PNG", icc_profile=P3)).rgb
    assert np.abs(decoded[0, 0] - expected).max() < 1.5
    assert np.abs(decoded[1, 0].astype(int) - 128).max() <= 1


def test_a_wide_profile_leaves_alpha_alone(photo: Photo, save: Save) -> None:
    picture = np.dstack([photo("cat", 80).rgb, np.full((photo("cat", 80).height, 80), 77, np.uint8)])
    alpha = load(save(picture, "PNG", icc_profile=P3)).alpha
    assert alpha is not None
    assert (alpha == 77).all()


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_grey_profile_changes_a_grey_picture(save: Save, mode: str) -> None:
    image = Image.linear_gradient("L").convert(mode)
    decoded = load(save(image, "PNG", icc_profile=GREY_18)).rgb
    assert np.array_equal(decoded[..., 0], decoded[..., 1])
    assert np.abs(decoded[..., 0].astype(int) - np.asarray(image.convert("L"))).max() > 10


def test_a_grey_picture_with_an_rgb_profile_lies_on_its_grey_axis() -> None:
    grey = np.arange(256, dtype=np.uint8)[None]
    assert np.array_equal(to_srgb(grey, P3), np.repeat(grey[..., None], 3, axis=2))
    dark = profile(b"RGB ", SRGB_COLUMNS, gamma(1.0), "linear")
    assert to_srgb(grey, dark)[0, 128].tolist() == pytest.approx([188] * 3, abs=1)


@pytest.mark.parametrize(
    "icc",
    [b"", b"\0" * 200, P3[:200], P3[:-900] + bytes(900), GREY_18, b"acsp" * 100],
    ids=["empty", "zeros", "cut", "hollow", "grey-in-rgb", "noise"],
)
def test_a_broken_or_foreign_profile_is_ignored(icc: bytes) -> None:
    picture = np.random.default_rng(3).integers(0, 256, (9, 9, 3), np.uint8)
    result = to_srgb(picture, icc)
    assert result.shape == picture.shape
    if icc[:200] != P3[:200] or len(icc) < 300:
        assert np.array_equal(result, picture)


def test_a_profile_over_the_limit_is_not_looked_at(photo: Photo, save: Save) -> None:
    picture = photo("cat", 60).rgb
    file = save(picture, "PNG", icc_profile=P3 + bytes(MAX_PROFILE_BYTES))
    assert np.array_equal(load(file).rgb, picture)


def test_a_jpeg_profile_with_a_missing_part_is_ignored(photo: Photo, save: Save) -> None:
    picture = photo("cat", 60).rgb
    data = save(picture, "JPEG", icc_profile=P3).getvalue()
    place = data.index(b"ICC_PROFILE\0") + 13
    damaged = data[:place] + b"\x02" + data[place + 1 :]
    assert np.array_equal(load(io.BytesIO(damaged)).rgb, load(save(picture, "JPEG")).rgb)


def test_inks_mix_to_paper_and_black() -> None:
    inks = np.array([[[0, 0, 0, 0], [0, 0, 0, 255], [255, 0, 0, 0], [0, 0, 0, 128]]], np.uint8)
    assert to_srgb(inks, None).tolist() == [[[255, 255, 255], [0, 0, 0], [0, 255, 255], [127, 127, 127]]]
