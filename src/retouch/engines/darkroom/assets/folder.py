"""A folder of the user's own cut-outs: PNG files with transparency, each called what its file is called."""

from __future__ import annotations

import logging
import re
import stat
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from retouch.imaging.raster import U8

MOST_FILES = 2000
MOST_BYTES = 32 << 20
LONGEST_SIDE = 8192
KEPT_SIDE = 1536
"""Pixels of the longer side that are kept of a cut-out."""

PREFIX = "own/"

_log = logging.getLogger(__name__)
_files: dict[str, Path] = {}


def use_folder(path: Path | None) -> None:
    """Offer the cut-outs in ``path`` from now on, in place of those of another folder; None: none.

    "red-bus.png" becomes "red bus". Whatever is no PNG file, too large or cannot be read is left out with a
    line in the log.
    """
    _files.clear()
    read.cache_clear()
    if path is None:
        return
    try:
        found = sorted(path.iterdir())
    except OSError as error:
        _log.warning("the folder %s is not used: %s", path, error)
        return
    for file in found:
        if file.suffix.lower() != ".png":
            continue
        if len(_files) >= MOST_FILES:
            _log.warning("only %d files of %s are used", MOST_FILES, path)
            return
        if problem := _problem(file):
            _log.warning("%s is left out: %s", file, problem)
            continue
        name = " ".join(re.sub(r"[-_’']", " ", file.stem.lower()).split())
        if name:
            _files.setdefault(name, file)


def _problem(file: Path) -> str | None:
    """Why the file cannot be used, by what its head says."""
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            return "it is no plain file"
        if status.st_size > MOST_BYTES:
            return f"it is larger than {MOST_BYTES >> 20} MiB"
        with Image.open(file, formats=("PNG",)) as image:
            if max(image.size) > LONGEST_SIDE:
                return f"a side is longer than {LONGEST_SIDE} pixels"
            if min(image.size) < 8:
                return "a side is shorter than 8 pixels"
            if not image.has_transparency_data:
                return "it has no transparency"
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return f"it cannot be read: {error}"
    return None


def find(plain: str) -> str | None:
    """The id of the cut-out called ``plain`` (lower case, no hyphens), also in the plural."""
    for name in (plain, plain.removesuffix("s"), plain.removesuffix("es")):
        if name in _files:
            return PREFIX + name
    return None


def has(name: str) -> bool:
    return name.startswith(PREFIX) and name.removeprefix(PREFIX) in _files


def names() -> tuple[str, ...]:
    return tuple(PREFIX + name for name in sorted(_files))


def phrases() -> Mapping[str, str]:
    return {form: PREFIX + name for name in _files for form in (name + "s", name)}


@lru_cache(maxsize=8)
def read(name: str) -> U8 | None:
    """The cut-out of that id, trimmed to what is visible: uint8 (height, width, 4), straight alpha; None if its
    file has become unreadable or shows nothing. Raises KeyError if there is none."""
    file = _files[name.removeprefix(PREFIX)]
    try:
        if problem := _problem(file):
            raise OSError(problem)
        with Image.open(file, formats=("PNG",)) as image:
            pixels: U8 = np.asarray(image.convert("RGBA"), np.uint8)
    except (OSError, ValueError, SyntaxError, MemoryError) as error:
        _log.warning("%s is left out: %s", file, error)
        return None
    rows, columns = (np.flatnonzero((pixels[..., 3] > 8).any(axis)) for axis in (1, 0))
    if rows.size < 2 or columns.size < 2:
        _log.warning("%s is left out: %s", file, "it shows nothing")
        return None
    pixels = np.ascontiguousarray(pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    scale = KEPT_SIDE / max(pixels.shape[:2])
    if scale < 1:
        pixels = np.ascontiguousarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    return pixels
