"""What a file is, by its bytes: the format from the first few, the header without decoding."""

from __future__ import annotations

from typing import BinaryIO

from retouch.errors import InvalidImageFile
from retouch.imaging import jpeg, png, webp
from retouch.imaging.container import Container, Header, MalformedError, Reader

__all__ = ["FORMATS", "HEAD_BYTES", "Header", "invalid_image", "open_container", "read_header", "sniff"]

FORMATS = ("png", "jpeg", "webp")
"""What we decode; everything else that `sniff` knows is there to be named in an error."""

HEAD_BYTES = 32
"""How many bytes `sniff` wants to see."""

_READERS = {"png": png.read, "jpeg": jpeg.read, "webp": webp.read}
_AVIF = {b"avif", b"avis"}
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def sniff(head: bytes) -> str | None:
    """The format that a file's first bytes announce: "png", "jpeg", "webp", "gif", "bmp", "tiff", "avif",
    "heic", or None. Whether the file keeps that promise is for `read_header` to say."""
    if head.startswith(png.SIGNATURE):
        return "png"
    if head.startswith(jpeg.SIGNATURE):
        return "jpeg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "tiff"
    if head[4:8] == b"ftyp":
        brands = {head[8:12], *(head[at : at + 4] for at in range(16, len(head) - 3, 4))}
        return "avif" if brands & _AVIF else "heic" if brands & _HEIC else None
    # Two letters are little evidence, so the reserved words of a BMP header have to be empty too.
    if head.startswith(b"BM") and len(head) >= 18 and head[6:10] == b"\0\0\0\0" and head[15:18] == b"\0\0\0":
        return "bmp"
    return None


def read_header(file: BinaryIO, *, position: int = 1) -> Header:
    """Format, dimensions, frames and mode of a picture, read from its start without decoding anything.

    ``position`` is the picture's number in the request, counted from 1, for the message. Raises
    `InvalidImageFile` where the file is of no format that we decode, is cut short or breaks its format's rules.
    """
    return open_container(file, position=position).header


def open_container(file: BinaryIO, *, position: int = 1) -> Container:
    """`read_header` with all that decoding needs; raises the same."""
    reader = Reader(file)
    format_ = sniff(reader.read(min(HEAD_BYTES, reader.size)))
    if format_ not in _READERS:
        raise invalid_image(position, format_)
    try:
        return _READERS[format_](Reader(file))
    except MalformedError:
        raise invalid_image(position) from None


def invalid_image(position: int, format_: str | None = None) -> InvalidImageFile:
    """The recorded error; a format that we know but don't decode is named in it."""
    message = f"Invalid image file or mode for image {position}, please check your image file."
    if format_ is not None:
        message += f" The file is {format_.upper()}; supported formats are PNG, JPEG, and WebP."
    return InvalidImageFile(message)
