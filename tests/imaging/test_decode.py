from __future__ import annotations

import contextlib
import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from retouch.errors import ImageTooLarge, InvalidImageFile
from retouch.imaging.decode import check_total, decode
from retouch.imaging.limits import PixelLimits
from retouch.imaging.raster import Raster
from retouch.imaging.sniff import Header, read_header

LIMITS = PixelLimits()
Photo = Callable[..., Raster]
Save = Callable[..., io.BytesIO]
MakePng = Callable[..., bytes]
Chunk = Callable[[bytes, bytes], bytes]


def load(data: bytes | io.BytesIO, limits: PixelLimits = LIMITS, position: int = 1) -> Raster:
    return decode(data if isinstance(data, io.BytesIO) else io.BytesIO(data), limits=limits, position=position)


def ramp(width: int, height: int) -> np.ndarray:
    return np.broadcast_to(np.linspace(0, 255, width).round().astype(np.uint8), (height, width)).copy()


def rgba(raster: Raster) -> np.ndarray:
    return np.dstack([raster.rgb, ramp(*raster.size)])


# Formats and modes.


@pytest.mark.rule("A.6/srgb")
@pytest.mark.parametrize("name", ["astronaut", "cat", "coffee", "china", "rocket", "flower"])
def test_a_photograph_in_png_comes_back_bit_for_bit(photo: Photo, save: Save, name: str) -> None:
    picture = photo(name, 300)
    decoded = load(save(picture.rgb, "PNG"))
    assert np.array_equal(decoded.rgb, picture.rgb)
    assert decoded.alpha is None
    assert decoded.rgb.flags.c_contiguous


@pytest.mark.parametrize("options", [{}, {"subsampling": 0}, {"subsampling": 1}, {"progressive": True}])
def test_a_jpeg_decodes_to_the_bits_that_pillow_gives(photo: Photo, save: Save, options: dict[str, Any]) -> None:
    for name in ("china", "cat"):
        for side in (301, 64, 17):
            file = save(photo(name, side).rgb, "JPEG", quality=85, **options)
            assert np.array_equal(load(file).rgb, np.asarray(Image.open(file)))


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_alpha_comes_apart_and_colours_under_it_stay(photo: Photo, save: Save, format_: str) -> None:
    picture = rgba(photo("flower", 200))
    options: dict[str, Any] = {} if format_ == "PNG" else {"lossless": True, "exact": True}
    decoded = load(save(picture, format_, **options))
    assert np.array_equal(decoded.rgb, picture[..., :3])
    assert decoded.alpha is not None
    assert np.array_equal(decoded.alpha, picture[..., 3])


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_alpha_that_is_opaque_everywhere_is_none(photo: Photo, save: Save, format_: str) -> None:
    picture = rgba(photo("flower", 100))
    picture[..., 3] = 255
    assert load(save(picture, format_)).alpha is None


@pytest.mark.parametrize("lossless", [False, True])
def test_a_webp_decodes_to_the_bits_that_pillow_gives(photo: Photo, save: Save, lossless: bool) -> None:
    file = save(photo("coffee", 200).rgb, "WEBP", lossless=lossless)
    assert np.array_equal(load(file).rgb, np.asarray(Image.open(file)))


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_mode_of_png_decodes_as_pillow_converts_it(
    photo: Photo, save: Save, mode: str, interlaced: bool
) -> None:
    image = Image.fromarray(photo("astronaut", 120).rgb)
    image = image.quantize(200) if mode == "P" else image.convert(mode)
    decoded = load(save(image, "PNG", interlace=interlaced))
    assert np.array_equal(decoded.rgb, np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_grey_of_few_bits_is_spread_over_the_whole_range(make_png: MakePng, depth: int) -> None:
    top = (1 << depth) - 1
    samples = [0, 1, top // 2, top]
    bits = "".join(f"{sample:0{depth}b}" for sample in samples).ljust(8, "0")
    row = int(bits, 2).to_bytes(len(bits) // 8, "big")
    decoded = load(make_png((4, 1), depth, 0, [row]))
    assert decoded.rgb[0, :, 0].tolist() == [sample * 255 // top for sample in samples]
    assert np.array_equal(decoded.rgb[..., 0], decoded.rgb[..., 2])


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_one_transparent_grey_is_transparent(make_png: MakePng, chunk: Chunk, depth: int) -> None:
    top = (1 << depth) - 1
    row = (top << (8 * max(1, depth // 8) - depth)).to_bytes(max(1, depth // 8), "big")
    decoded = load(
        make_png((1, 2), depth, 0, [row, bytes(len(row))], before=chunk(b"tRNS", struct.pack(">H", top)))
    )
    assert decoded.rgb[:, 0, 0].tolist() == [255, 0]
    assert decoded.alpha is not None
    assert decoded.alpha.tolist() == [[0], [255]]


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_a_palette_of_any_depth_is_looked_up(make_png: MakePng, chunk: Chunk, depth: int) -> None:
    top = (1 << depth) - 1
    colours = bytes(range(1, 3 * 2**depth + 1)) if depth < 8 else bytes(n % 251 for n in range(768))
    row = (top << (8 - depth)).to_bytes(1, "big")
    decoded = load(make_png((1, 2), depth, 3, [row, b"\0"], before=chunk(b"PLTE", colours)))
    assert decoded.rgb[:, 0].tolist() == [list(colours[-3:]), list(colours[:3])]


def test_an_index_outside_its_palette_is_black(make_png: MakePng, chunk: Chunk) -> None:
    decoded = load(make_png((2, 1), 8, 3, [b"\0\x09"], before=chunk(b"PLTE", b"\x07\x08\x09")))
    assert decoded.rgb.tolist() == [[[7, 8, 9], [0, 0, 0]]]


@pytest.mark.parametrize("depth", [8, 16])
def test_one_transparent_colour_is_transparent(make_png: MakePng, chunk: Chunk, depth: int) -> None:
    kind = ">u1" if depth == 8 else ">u2"
    pixels = np.array([[1, 2, 3], [1, 2, 4], [200, 2, 3]], kind)
    key = chunk(b"tRNS", struct.pack(">HHH", 1, 2, 3))
    decoded = load(make_png((3, 1), depth, 2, [pixels.tobytes()], before=key))
    assert decoded.alpha is not None
    assert decoded.alpha.tolist() == [[0, 255, 255]]


def test_a_palette_carries_colours_and_their_transparency(make_png: MakePng, chunk: Chunk) -> None:
    palette = chunk(b"PLTE", bytes([10, 20, 30, 40, 50, 60, 70, 80, 90]))
    alphas = chunk(b"tRNS", bytes([0, 128]))
    decoded = load(make_png((4, 1), 8, 3, [bytes([0, 1, 2, 0])], before=palette + alphas))
    assert decoded.rgb.tolist() == [[[10, 20, 30], [40, 50, 60], [70, 80, 90], [10, 20, 30]]]
    assert decoded.alpha is not None
    assert decoded.alpha.tolist() == [[0, 128, 255, 0]]


@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_sixteen_bits_are_rounded_to_the_nearest_of_eight(make_png: MakePng, colour: int, channels: int) -> None:
    rng = np.random.default_rng(7)
    deep = rng.integers(0, 65536, (6, 50, channels), np.uint16)
    deep[0, :8, 0] = [0, 128, 129, 256, 257, 65407, 65406, 65535]
    decoded = load(make_png((50, 6), 16, colour, [row.astype(">u2").tobytes() for row in deep]))
    expected = np.floor(deep / 257 + 0.5).astype(np.uint8)
    colours = expected[..., :3] if channels >= 3 else np.repeat(expected[..., :1], 3, axis=2)
    assert np.array_equal(decoded.rgb, colours)
    if channels in (2, 4):
        assert decoded.alpha is not None
        assert np.array_equal(decoded.alpha, expected[..., -1])
    else:
        assert decoded.alpha is None


def test_grey_jpegs_are_grey(photo: Photo, save: Save) -> None:
    image = Image.fromarray(photo("cat", 100).rgb).convert("L")
    file = save(image, "JPEG", quality=95)
    assert np.array_equal(load(file).rgb, np.asarray(Image.open(file).convert("RGB")))


def test_inverted_cmyk_of_adobe_is_turned_over(photo: Photo, save: Save) -> None:
    picture = photo("flower", 120)
    image = Image.fromarray(picture.rgb).convert("CMYK")
    file = save(image, "JPEG", quality=98, subsampling=0)
    assert b"Adobe" in file.getvalue()
    difference = np.abs(load(file).rgb.astype(int) - picture.rgb)
    assert np.median(difference) <= 2


def test_cmyk_without_the_marker_of_adobe_means_what_it_says(save: Save) -> None:
    inks = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    data = save(inks, "JPEG", quality=98).getvalue()
    start = data.index(b"\xff\xee")
    length = 2 + int.from_bytes(data[start + 2 : start + 4], "big")
    assert load(data).rgb[8, 8].tolist() == pytest.approx([255, 0, 0], abs=3)
    bare = load(data[:start] + data[start + length :])
    assert bare.rgb[8, 8].tolist() == pytest.approx([0, 0, 0], abs=3)


def test_a_multi_picture_jpeg_gives_its_first_picture(photo: Photo, save: Save) -> None:
    first, second = (Image.fromarray(photo(name, 120).rgb) for name in ("china", "cat"))
    file = save(first, "MPO", save_all=True, append_images=[second], quality=90)
    alone = save(first, "JPEG", quality=90)
    assert np.array_equal(load(file).rgb, load(alone).rgb)


@pytest.mark.rule("6/orientation")
@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_picture_is_turned_upright(photo: Photo, save: Save, format_: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = save(photo("rocket", 90).rgb, format_, exif=exif)
    expected = ImageOps.exif_transpose(Image.open(file))
    decoded = load(file)
    assert np.array_equal(decoded.rgb, np.asarray(expected))
    assert decoded.size == read_header(file).upright
    assert decoded.rgb.flags.c_contiguous


def test_alpha_is_turned_with_the_picture(photo: Photo, save: Save) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file = save(rgba(photo("rocket", 90)), "PNG", exif=exif)
    alpha = load(file).alpha
    assert alpha is not None
    assert np.array_equal(alpha, np.asarray(ImageOps.exif_transpose(Image.open(file)))[..., 3])


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
def test_bytes_after_the_end_of_the_picture_are_not_looked_at(photo: Photo, save: Save, format_: str) -> None:
    data = save(photo("cat", 80).rgb, format_).getvalue()
    assert np.array_equal(load(data + b"PK\x03\x04 an archive" * 50).rgb, load(data).rgb)


# Limits.


@pytest.mark.rule("A.9/image-too-large")
def test_thirty_thousand_squared_is_refused_by_its_header(make_png: MakePng) -> None:
    bomb = make_png((30_000, 30_000), 8, 2, [b""])
    with pytest.raises(ImageTooLarge) as caught:
        load(bomb, position=2)
    assert caught.value.message == (
        "Invalid image 2: side too long. Expected at most 16384 pixels a side, "
        "but got 30000 (30000x30000) instead."
    )
    with pytest.raises(ImageTooLarge, match="Expected at most 50000000 pixels, but got 900000000"):
        load(bomb, PixelLimits(max_side=40_000))


@pytest.mark.rule("A.9/image-too-large")
@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
def test_a_picture_at_the_limit_passes_and_one_over_it_does_not(save: Save, format_: str) -> None:
    file = save(Image.new("RGB", (60, 40)), format_)
    assert load(file, PixelLimits(max_picture_pixels=2400, max_side=60)).size == (60, 40)
    with pytest.raises(ImageTooLarge, match=r"too many pixels.*2399.*2400"):
        load(file, PixelLimits(max_picture_pixels=2399))
    with pytest.raises(ImageTooLarge, match=r"side too long.*59.*60"):
        load(file, PixelLimits(max_side=59))


@pytest.mark.rule("A.9/image-too-large")
@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_an_animation_is_refused_and_its_first_picture_taken_where_allowed(save: Save, format_: str) -> None:
    frames = [Image.new("RGB", (24, 16), (90 * n, 0, 0)) for n in (1, 2)]
    file = save(frames[0], format_, save_all=True, append_images=frames[1:], lossless=True)
    with pytest.raises(
        ImageTooLarge, match=r"Invalid image 1: too many frames\. Expected at most 1 frame, but got 2"
    ):
        load(file)
    assert load(file, PixelLimits(max_frames=2)).rgb[0, 0].tolist() == [90, 0, 0]


def test_the_pictures_of_a_request_are_summed() -> None:
    headers = [Header("png", 100, 100, 1, "RGB")] * 3
    check_total(headers, PixelLimits(max_picture_pixels=10_000, max_request_pixels=30_000))
    with pytest.raises(ImageTooLarge, match=r"Invalid image 3: .* 29999 .* 30000"):
        check_total(headers, PixelLimits(max_picture_pixels=10_000, max_request_pixels=29_999))


# Hostile files.


def valid_files() -> list[bytes]:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (12, 16, 4), np.uint8)
    profile = b"\0" * 200
    image = Image.fromarray(pixels)
    colour = image.convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    saved: list[tuple[Image.Image, str, dict[str, Any]]] = [
        (image, "PNG", {"exif": exif, "icc_profile": profile}),
        (colour.quantize(9), "PNG", {"transparency": 3}),
        (colour.convert("LA"), "PNG", {}),
        (Image.new("I;16", (9, 9), 700), "PNG", {}),
        (colour, "PNG", {"save_all": True, "append_images": [colour.transpose(Image.Transpose.ROTATE_180)]}),
        (colour, "JPEG", {"exif": exif, "icc_profile": profile}),
        (colour, "JPEG", {"progressive": True}),
        (colour.convert("CMYK"), "JPEG", {}),
        (colour.convert("L"), "JPEG", {}),
        (image, "WEBP", {"exif": exif, "icc_profile": profile}),
        (colour, "WEBP", {"lossless": True}),
        (colour, "WEBP", {"save_all": True, "append_images": [image.convert("RGB").rotate(90)]}),
    ]
    files = []
    for picture, format_, options in saved:
        file = io.BytesIO()
        picture.save(file, format_, **options)
        files.append(file.getvalue())
    return files


FILES = valid_files()


def decodes_or_is_refused(data: bytes) -> None:
    """Anything but these two errors fails the test."""
    with contextlib.suppress(InvalidImageFile, ImageTooLarge):
        load(data, PixelLimits(max_picture_pixels=100_000, max_frames=3))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=st.sampled_from(FILES),
    places=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_a_file_with_mutated_bytes_decodes_or_is_refused(data: bytes, places: list[tuple[int, int]]) -> None:
    mutated = bytearray(data)
    for place, value in places:
        mutated[place % len(mutated)] = value
    decodes_or_is_refused(bytes(mutated))


@settings(max_examples=200, deadline=None)
@given(
    data=st.sampled_from(FILES),
    start=st.integers(0, 4000),
    length=st.integers(0, 400),
    with_=st.binary(max_size=60),
)
def test_a_file_with_bytes_cut_out_or_put_in_decodes_or_is_refused(
    data: bytes, start: int, length: int, with_: bytes
) -> None:
    at = start % len(data)
    decodes_or_is_refused(data[:at] + with_ + data[at + length :])


@settings(max_examples=300, deadline=None)
@given(index=st.integers(0, 4), value=st.integers(0, 255), place=st.integers(0, 4000))
def test_a_png_mutated_under_right_checksums_decodes_or_is_refused(index: int, value: int, place: int) -> None:
    """Checksums catch every accident, so the decoders themselves are only reached by mending them."""
    data = bytearray(FILES[index])
    data[8 + place % (len(data) - 8)] = value
    at = 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if at + 12 + length > len(data):
            break
        body = bytes(data[at + 4 : at + 8 + length])
        data[at + 8 + length : at + 12 + length] = zlib.crc32(body).to_bytes(4, "big")
        at += 12 + length
    decodes_or_is_refused(bytes(data))


@settings(max_examples=200, deadline=None)
@given(
    head=st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x40\0\0\0WEBPVP8X", b""]), rest=st.binary()
)
def test_noise_behind_a_signature_is_refused(head: bytes, rest: bytes) -> None:
    decodes_or_is_refused(head + rest)


@pytest.mark.parametrize("data", FILES)
def test_a_truncated_file_is_refused_wherever_it_ends(data: bytes) -> None:
    limits = PixelLimits(max_frames=9)
    assert load(data, limits).width > 0
    for length in range(0, len(data), 7):
        with pytest.raises(InvalidImageFile):
            load(data[:length], limits)


def test_a_single_flipped_bit_in_png_data_is_noticed(photo: Photo, save: Save) -> None:
    data = bytearray(save(photo("cat", 60).rgb, "PNG").getvalue())
    data[len(data) // 2] ^= 1
    with pytest.raises(InvalidImageFile):
        load(bytes(data))


def test_png_data_that_ends_before_the_picture_does_is_refused(make_png: MakePng, chunk: Chunk) -> None:
    palette = chunk(b"PLTE", bytes(768))
    for colour, channels, depths in (
        (0, 1, (1, 8, 16)),
        (2, 3, (8, 16)),
        (3, 1, (1, 8)),
        (4, 2, (8, 16)),
        (6, 4, (8, 16)),
    ):
        for depth in depths:
            rows = [bytes(40 * channels * depth // 8)] * 40
            assert load(make_png((40, 40), depth, colour, rows, before=palette)).size == (40, 40)
            with pytest.raises(InvalidImageFile):
                load(make_png((40, 40), depth, colour, rows[:20], before=palette))


def test_bombs_in_text_and_profiles_are_never_unpacked(make_png: MakePng, chunk: Chunk) -> None:
    packed = zlib.compress(bytes(64 * 1024 * 1024), 9)
    bombs = chunk(b"zTXt", b"a\0\0" + packed) + chunk(b"iTXt", b"a\0\1\0\0\0" + packed)
    bombs += chunk(b"iCCP", b"a\0\0" + packed)
    assert load(make_png((1, 1), 8, 2, [b"\x01\x02\x03"], before=bombs)).rgb.tolist() == [[[1, 2, 3]]]


def test_a_progressive_jpeg_of_a_thousand_scans_is_refused(photo: Photo, save: Save) -> None:
    data = save(photo("cat", 64).rgb, "JPEG", progressive=True).getvalue()
    start = data.rindex(b"\xff\xda")
    bomb = data[:-2] + data[start:-2] * 1000 + data[-2:]
    with pytest.raises(InvalidImageFile):
        load(bomb)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"<!DOCTYPE html><title>not a picture</title>",
        b"%PDF-1.7\n" + FILES[0],
        b"GIF89a" + FILES[5],
        b"\xff\xd8\xff" + FILES[0],
        FILES[0][:8] + FILES[5],
    ],
)
def test_what_only_claims_to_be_a_picture_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidImageFile, match="Invalid image file or mode for image 4, please check"):
        load(data, position=4)
