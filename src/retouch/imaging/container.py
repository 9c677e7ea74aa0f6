"""What a picture file says of itself, read without decoding a pixel."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from typing import BinaryIO

Span = tuple[int, int]
"""(offset, length) in a file."""

MAX_PROFILE_BYTES = 4 * 1024 * 1024
"""A colour profile over this size is not looked at; large press profiles have about half of it."""

MAX_EXIF_BYTES = 1024 * 1024

UPRIGHT = 1
"""The EXIF orientation of a picture that needs no turning."""

_ORIENTATION = 0x0112
_SHORT, _LONG = 3, 4


class MalformedError(Exception):
    """The bytes are not a whole, legal file of the format that their signature promises."""


@dataclass(frozen=True)
class Header:
    """The facts of a picture, from its container alone.

    ``format``: "png", "jpeg" or "webp". ``width`` and ``height``: pixels as stored, before the EXIF
    ``orientation`` (1..8) is applied; `upright` is the size after it. ``frames``: 1 for a still. ``mode``: the
    layout in Pillow's names: "1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16" (16-bit grey). ``alpha``: the
    file can carry transparency, be it a channel or one transparent colour. ``depth``: bits a sample.
    ``multiple``: a JPEG that announces further pictures behind its first (MPO).
    """

    format: str
    width: int
    height: int
    frames: int
    mode: str
    orientation: int = UPRIGHT
    alpha: bool = False
    depth: int = 8
    multiple: bool = False

    @property
    def upright(self) -> tuple[int, int]:
        """(width, height) as seen, after the EXIF orientation."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)

    @property
    def pixels(self) -> int:
        return self.width * self.height


@dataclass(frozen=True)
class Container:
    """A header with what decoding needs beside it.

    ``head`` and ``spans`` are the parts that a decoder gets to see: the picture alone, no metadata. ``icc`` is
    the embedded colour profile. The rest belongs to one format each: ``depth`` (bits a sample), ``colour``
    (PNG's colour type), ``palette`` and ``transparency`` (PNG's PLTE and tRNS), ``adobe`` (JPEG's Adobe
    marker is there).
    """

    header: Header
    head: bytes
    spans: tuple[Span, ...]
    icc: bytes | None = field(default=None, repr=False)
    depth: int = 8
    colour: int = 2
    palette: bytes = field(default=b"", repr=False)
    transparency: bytes | None = field(default=None, repr=False)
    adobe: bool = False


class Reader:
    """A file read forwards, never past its end: a short read is a `MalformedError`.

    Lengths come from hostile files, so each is held against what is left before any memory is asked for.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.size = file.seek(0, os.SEEK_END)
        self.position = file.seek(0)

    @property
    def left(self) -> int:
        return self.size - self.position

    def read(self, length: int) -> bytes:
        if length > self.left:
            raise MalformedError("the file ends early")
        data = self.file.read(length)
        if len(data) != length:
            raise MalformedError("the file ends early")
        self.position += length
        return data

    def skip(self, length: int) -> None:
        if length > self.left:
            raise MalformedError("the file ends early")
        self.position = self.file.seek(self.position + length)

    def gather(self, spans: tuple[Span, ...]) -> list[bytes]:
        """The bytes of every span; neighbours are read as one."""
        merged: list[list[int]] = []
        for offset, length in spans:
            if merged and merged[-1][0] + merged[-1][1] == offset:
                merged[-1][1] += length
            else:
                merged.append([offset, length])
        parts = []
        for offset, length in merged:
            self.position = self.file.seek(offset)
            parts.append(self.read(length))
        return parts


def exif_orientation(exif: bytes) -> int:
    """The orientation (1..8) that an EXIF block asks for; 1 where it says nothing or makes no sense."""
    tiff = exif[6:] if exif.startswith(b"Exif\0\0") else exif
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return UPRIGHT
    try:
        (directory,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, directory)
        for index in range(count):
            entry = directory + 2 + 12 * index
            tag, kind, values = struct.unpack_from(order + "HHI", tiff, entry)
            if tag == _ORIENTATION and values == 1 and kind in (_SHORT, _LONG):
                (value,) = struct.unpack_from(order + ("H" if kind == _SHORT else "I"), tiff, entry + 8)
                return value if 1 <= value <= 8 else UPRIGHT
    except struct.error:
        return UPRIGHT
    return UPRIGHT
