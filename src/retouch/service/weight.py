"""What an edit's files take while it waits and runs, from their headers alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from retouch.errors import InvalidImageFile
from retouch.imaging.sniff import read_header


class Uploaded(Protocol):
    """A file that can be asked for its descriptor."""

    def fileno(self) -> int: ...


@dataclass(frozen=True)
class Weight:
    """``bytes``: of the files as sent. ``pixels``: of the pictures in them, decoded."""

    bytes: int = 0
    pixels: int = 0


def weigh(files: Sequence[Uploaded], *, max_pixels: int) -> Weight:
    """The weight of ``files``; it reads them, so it belongs in a thread.

    Pictures that a worker refuses by their headers weigh no pixels: broken ones, and more than ``max_pixels`` in
    all.
    """
    size = pixels = 0
    for file in files:
        size += os.fstat(file.fileno()).st_size
        with os.fdopen(file.fileno(), "rb", closefd=False) as opened:
            try:
                pixels += read_header(opened).pixels
            except InvalidImageFile:
                continue
    return Weight(size, pixels if pixels <= max_pixels else 0)
