"""A PNG that lies over the first picture pixel by pixel: a mask, or markup."""

from __future__ import annotations

from typing import BinaryIO

import cv2
import numpy as np

from retouch.errors import InvalidImageFile, InvalidMarkup, InvalidMask
from retouch.imaging.decode import decode_container
from retouch.imaging.limits import PixelLimits
from retouch.imaging.raster import Raster
from retouch.imaging.resample import resize
from retouch.imaging.sniff import open_container

Box = tuple[int, int, int, int]
"""(x, y, width, height) in pixels."""


def read_overlay(
    file: BinaryIO,
    name: str,
    refusal: type[InvalidMask | InvalidMarkup],
    *,
    limits: PixelLimits,
    size: tuple[int, int],
) -> Raster:
    """The PNG in ``file``, upright, with its alpha (None if it is opaque everywhere).

    ``name`` is what messages call it, ``refusal`` the error they become. ``size``: (width, height) of the first
    picture, upright. Refused: what is no whole PNG, carries no transparency, is animated, or has another size
    once it is upright. Nothing is decoded before the size agrees with a picture that has passed the limits.
    """

    def refuse(reason: str) -> InvalidMask | InvalidMarkup:
        return refusal(f"Invalid {name} image format - {reason}")

    try:
        container = open_container(file)
    except InvalidImageFile as error:
        raise refuse(f"{name} image is not a valid PNG file") from error
    header = container.header
    if header.format != "png":
        raise refuse(f"{name} image must be a PNG file")
    if not header.alpha:
        raise refuse(f"{name} image missing alpha channel")
    if header.upright != size or header.pixels > limits.max_picture_pixels:
        raise refuse(f"{name} size does not match image size")
    if header.frames > limits.max_frames:
        raise refuse(f"{name} image has more than one frame")
    try:
        return decode_container(file, container, position=1)
    except InvalidImageFile as error:
        raise refuse(f"{name} image is not a valid PNG file") from error


def read_markup(file: BinaryIO, *, limits: PixelLimits, source_size: tuple[int, int]) -> Raster:
    """What is drawn over the first picture; its alpha is never None.

    ``source_size``: (width, height) of the first picture, upright. Raises `InvalidMarkup` for whatever makes a
    mask invalid, and where nothing is drawn or everything is covered: then nothing is marked.
    """
    markup = read_overlay(file, "markup", InvalidMarkup, limits=limits, size=source_size)
    if markup.alpha is None:
        raise InvalidMarkup("Invalid markup image format - markup image is opaque everywhere")
    if not markup.alpha.any():
        raise InvalidMarkup("Invalid markup image format - markup image is transparent everywhere")
    return markup


def lay_over(overlay: Raster, box: Box, size: tuple[int, int]) -> Raster:
    """``overlay`` on an otherwise transparent canvas of ``size`` (width, height), scaled into ``box``, which is
    where the picture beneath it lies."""
    x, y, width, height = box
    scaled = resize(overlay, (width, height))
    alpha = np.full((height, width), 255, np.uint8) if scaled.alpha is None else scaled.alpha
    if (x, y, width, height) == (0, 0, *size):
        return Raster(scaled.rgb, alpha)
    margins = (y, size[1] - y - height, x, size[0] - x - width)
    rgb = cv2.copyMakeBorder(scaled.rgb, *margins, cv2.BORDER_CONSTANT, value=0)
    return Raster(rgb, cv2.copyMakeBorder(alpha, *margins, cv2.BORDER_CONSTANT, value=0))  # type: ignore[arg-type]
