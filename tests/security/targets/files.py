"""Small pictures of every kind, and what is done to them."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from PIL import Image

SIZE = (16, 12)
"""(width, height) of every picture made here."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def seeds(files: Sequence[bytes], options: Sequence[int]) -> list[bytes]:
    """Each of ``files`` behind each of these bytes of options; PNG files also with their pixels unpacked, which
    the option 4 says."""
    found = [bytes([option]) + file for option in options for file in files]
    pngs = [file for file in files if file.startswith(_SIGNATURE)]
    return found + [bytes([option | 4]) + unpacked(file) for option in options for file in pngs]


def pictures() -> list[bytes]:
    """PNG, JPEG and WebP files of the modes that are read, some with metadata, some animated."""
    image, colour = _noise()
    exif = _turned()
    profile = {"icc_profile": bytes(200), "exif": exif}
    second = [colour.transpose(Image.Transpose.ROTATE_180)]
    return [
        *overlays(),
        *(_saved(colour.convert(mode), "PNG") for mode in ("1", "L", "P", "RGB")),
        _saved(Image.new("I;16", SIZE, 700), "PNG"),
        _saved(colour, "PNG", save_all=True, append_images=second),
        _saved(colour, "JPEG", **profile),
        _saved(colour, "JPEG", progressive=True),
        _saved(colour.convert("CMYK"), "JPEG"),
        _saved(colour.convert("L"), "JPEG", restart_marker_blocks=1),
        _saved(colour, "MPO", save_all=True, append_images=second),
        _saved(image, "WEBP", **profile),
        _saved(colour, "WEBP", lossless=True),
        _saved(image, "WEBP", quality=30, alpha_quality=30),
        _saved(colour, "WEBP", save_all=True, append_images=second),
    ]


def overlays() -> list[bytes]:
    """PNG files that carry transparency, as masks do."""
    image, colour = _noise()
    return [
        _saved(image, "PNG"),
        _saved(image, "PNG", exif=_turned(), icc_profile=bytes(200)),
        _saved(image.convert("LA"), "PNG"),
        _saved(colour.quantize(9), "PNG", transparency=3),
        _saved(colour, "PNG", transparency=(1, 2, 3)),
        _saved(Image.new("RGBA", SIZE, (9, 9, 9, 0)), "PNG"),
        _saved(Image.new("RGBA", SIZE), "PNG", save_all=True, append_images=[image]),
    ]


def mended(data: bytes, *, packed: bool = True) -> bytes:
    """``data`` with right checksums if it is a PNG: they catch every accident, so that nothing behind them would
    ever be reached. Unless it is ``packed``, its pixels are compressed first."""
    if not data.startswith(_SIGNATURE):
        return data
    file = bytearray(_SIGNATURE)
    at = len(file)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if len(body) < length:
            break
        if kind == b"IDAT" and not packed:
            body = zlib.compress(body, 1)
        file += _chunk(kind, body)
        at += 12 + length
    return bytes(file + data[at:])


def unpacked(data: bytes) -> bytes:
    """A PNG of which `mended` makes a whole one again: its pixels are open to mutations."""
    file = bytearray(_SIGNATURE)
    at = len(file)
    pixels = b""
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length
        if kind == b"IDAT":
            pixels += body
            if data[at + 4 : at + 8] == b"IDAT":
                continue
            body = zlib.decompress(pixels)
        file += _chunk(kind, body)
    return bytes(file)


@st.composite
def cases(draw: st.DrawFn, files: Sequence[bytes]) -> bytes:
    """One of ``files``, which begin with a byte of options, with bytes changed, cut out, put in, taken from
    another of them, or cut off."""
    data = bytearray(draw(st.sampled_from(files)))
    place = st.integers(0, 1 << 12)
    for _ in range(draw(st.integers(0, 4))):
        at = draw(place) % (len(data) + 1)
        match draw(st.sampled_from(["change", "change", "cut", "put", "splice", "end"])):
            case "change":
                data[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case "cut":
                del data[at : at + draw(st.integers(1, 64))]
            case "put":
                data[at:at] = draw(st.binary(max_size=32))
            case "splice":
                data[at:] = draw(st.sampled_from(files))[at:]
            case "end":
                del data[at:]
    return bytes(data)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def _noise() -> tuple[Image.Image, Image.Image]:
    pixels = np.random.default_rng(1).integers(0, 256, (SIZE[1], SIZE[0], 4), np.uint8)
    image = Image.fromarray(pixels)
    return image, image.convert("RGB")


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def _saved(image: Image.Image, format_: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()
