"""From an uploaded file to a `Raster`.

PNG and JPEG go through OpenCV, which gives the same bits as Pillow in less time, keeps 16 bits apart and
notices data that end early; CMYK and WebP go through Pillow. Neither sees more of the file than the bare
picture: metadata, profiles, further frames and trailing data are cut off first, so their bombs have nowhere
to go off.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import BinaryIO

import cv2
import numpy as np
from PIL import JpegImagePlugin, WebPImagePlugin

from retouch.errors import ImageTooLarge, InvalidImageFile
from retouch.imaging import jpeg, png, webp
from retouch.imaging.colour import to_srgb
from retouch.imaging.container import Container, Header, Reader
from retouch.imaging.limits import PixelLimits
from retouch.imaging.raster import U8, Raster
from retouch.imaging.sniff import invalid_image, open_container

_REORDER = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}

Samples = tuple[U8, U8 | None]
"""Colour, of shape (height, width) or (height, width, 3 or 4 for CMYK), and alpha of shape (height, width)."""


def decode(file: BinaryIO, *, limits: PixelLimits, position: int) -> Raster:
    """The picture in ``file``: upright, sRGB, 8 bits a channel, alpha apart (None if opaque everywhere).

    Read from the file's start. ``position`` is the picture's number in the request, counted from 1. Raises
    `ImageTooLarge` from the header alone, and `InvalidImageFile` for anything that isn't a whole PNG, JPEG or
    WebP. A multi-picture JPEG gives its first picture.
    """
    container = open_container(file, position=position)
    check(container.header, limits, position=position)
    return decode_container(file, container, position=position)


def decode_container(file: BinaryIO, container: Container, *, position: int) -> Raster:
    """`decode` for a container whose header has already been judged; raises `InvalidImageFile`."""
    header = container.header
    try:
        samples, alpha = _DECODERS[header.format](Reader(file), container)
    except (MemoryError, InvalidImageFile):
        raise
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError from None
        raise invalid_image(position) from None
    except Exception:
        # Decoders answer broken pictures with whatever their depths raise: OSError, SyntaxError, ValueError…
        raise invalid_image(position) from None
    if samples.shape[:2] != (header.height, header.width):
        raise invalid_image(position)
    rgb = _turn(to_srgb(samples, container.icc), header.orientation)
    if alpha is not None:
        alpha = None if int(alpha.min()) == 255 else _turn(alpha, header.orientation)
    return Raster(rgb, alpha)


def check(header: Header, limits: PixelLimits, *, position: int) -> None:
    """Raise `ImageTooLarge` if a picture has too many pixels, too long a side or too many frames."""
    size = f"({header.width}x{header.height})"
    if max(header.width, header.height) > limits.max_side:
        raise ImageTooLarge(
            f"Invalid image {position}: side too long. Expected at most {limits.max_side} pixels a side, "
            f"but got {max(header.width, header.height)} {size} instead."
        )
    if header.pixels > limits.max_picture_pixels:
        raise ImageTooLarge(
            f"Invalid image {position}: too many pixels. Expected at most {limits.max_picture_pixels} pixels, "
            f"but got {header.pixels} {size} instead."
        )
    if header.frames > limits.max_frames:
        plural = "frame" if limits.max_frames == 1 else "frames"
        raise ImageTooLarge(
            f"Invalid image {position}: too many frames. Expected at most {limits.max_frames} {plural}, "
            f"but got {header.frames} instead."
        )


def check_total(headers: Iterable[Header], limits: PixelLimits) -> None:
    """Raise `ImageTooLarge`, naming the picture that breaks it, if a request's pictures are too many pixels
    together."""
    total = 0
    for position, header in enumerate(headers, start=1):
        total += header.pixels
        if total > limits.max_request_pixels:
            raise ImageTooLarge(
                f"Invalid image {position}: too many pixels in the request. Expected at most "
                f"{limits.max_request_pixels} pixels in all images together, but got {total} up to this one "
                "instead."
            )


def _png(reader: Reader, container: Container) -> Samples:
    data = png.bare(reader, container)
    colour, key = container.colour, container.transparency
    if container.depth == 8 and colour == png.RGB_ALPHA:
        return _split(_opencv(data, cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGB)
    if container.depth == 8 and colour == png.RGB:
        rgb = _opencv(data, cv2.IMREAD_COLOR_RGB)
        return rgb, None if key is None else _keyed(rgb, np.frombuffer(key, ">u2"))

    pixels = _opencv(data, cv2.IMREAD_UNCHANGED)
    if pixels.ndim == 3:
        # OpenCV puts blue first, and spreads grey with alpha over three equal channels.
        pixels = cv2.cvtColor(pixels, _REORDER[pixels.shape[2]])  # type: ignore[assignment]
    if colour == png.PALETTE:
        return _palette(pixels // _step(container), container)
    alpha = None
    if key is not None:
        alpha = _keyed(pixels, np.frombuffer(key, ">u2") * _step(container))
    if container.depth == 16:
        # v / 257 to the nearest, without leaving 16 bits: from 65407 up it is 255.
        pixels = ((np.minimum(pixels, 65407) + 128) // 257).astype(np.uint8)
    if colour in (png.GREY_ALPHA, png.RGB_ALPHA):
        alpha = np.ascontiguousarray(pixels[..., 3])
        pixels = pixels[..., 0] if colour == png.GREY_ALPHA else pixels[..., :3]
    return np.ascontiguousarray(pixels), alpha


def _step(container: Container) -> int:
    """What one step of a sample becomes when fewer than 8 bits are spread over 0..255."""
    return 255 // ((1 << min(container.depth, 8)) - 1)


def _palette(indices: U8, container: Container) -> Samples:
    """A palette short of an entry that the picture uses gives black there, as libpng does."""
    colours = np.zeros((256, 3), np.uint8)
    entries = np.frombuffer(container.palette, np.uint8).reshape(-1, 3)
    colours[: len(entries)] = entries
    if container.transparency is None:
        return colours[indices], None
    alphas = np.full(256, 255, np.uint8)
    values = np.frombuffer(container.transparency, np.uint8)
    alphas[: len(values)] = values
    return colours[indices], alphas[indices]


def _jpeg(reader: Reader, container: Container) -> Samples:
    data = jpeg.bare(reader, container)
    if container.header.mode == "RGB":
        return _opencv(data, cv2.IMREAD_COLOR_RGB), None
    if container.header.mode == "L":
        return _opencv(data, cv2.IMREAD_GRAYSCALE), None
    with JpegImagePlugin.JpegImageFile(io.BytesIO(data)) as image:
        inks = np.asarray(image)
    # Pillow turns every CMYK JPEG over, as Adobe's want it; one without their marker means what it says.
    return (inks if container.adobe else 255 - inks), None


def _webp(reader: Reader, container: Container) -> Samples:
    with WebPImagePlugin.WebPImageFile(io.BytesIO(webp.bare(reader, container))) as image:
        if image.mode == "RGBA":
            return _split(np.asarray(image), cv2.COLOR_RGBA2RGB)
        return np.array(image.convert("RGB")), None


_DECODERS = {"png": _png, "jpeg": _jpeg, "webp": _webp}


def _opencv(data: bytes, flags: int) -> U8:
    """Decoded by OpenCV, its own EXIF handling off; ValueError where it can't."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags | cv2.IMREAD_IGNORE_ORIENTATION)
    if pixels is None:
        raise ValueError("OpenCV cannot decode this")
    return pixels  # type: ignore[return-value]


def _split(pixels: U8, order: int) -> Samples:
    return cv2.cvtColor(pixels, order), cv2.extractChannel(pixels, 3)  # type: ignore[return-value]


def _keyed(samples: np.ndarray, key: np.ndarray) -> U8:
    """Alpha of a picture in which one colour is transparent."""
    same = samples == (key if samples.ndim == 3 else key[0])
    if samples.ndim == 3:
        same = same.all(axis=2)
    return np.where(same, np.uint8(0), np.uint8(255))


def _turn(pixels: U8, orientation: int) -> U8:
    """``pixels`` turned as the EXIF orientation asks."""
    if orientation >= 5:
        pixels = cv2.transpose(pixels)  # type: ignore[assignment]
    # After the transposition 5..8 become: nothing, mirrored (a turn right), both, flipped (a turn left).
    flip = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    return pixels if flip is None else cv2.flip(pixels, flip)  # type: ignore[return-value]
