"""A decoded picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Raster:
    """An sRGB picture, upright, 8 bits a channel.

    ``rgb`` is uint8 of shape (height, width, 3), C-contiguous. ``alpha`` is uint8 of shape (height, width),
    not premultiplied, or None where every pixel is opaque.
    """

    rgb: U8
    alpha: U8 | None = None

    def __post_init__(self) -> None:
        if self.rgb.dtype != np.uint8 or self.rgb.ndim != 3 or self.rgb.shape[2] != 3:
            raise ValueError(f"rgb must be uint8 (height, width, 3), not {self.rgb.dtype} {self.rgb.shape}")
        if self.alpha is not None and (self.alpha.dtype != np.uint8 or self.alpha.shape != self.rgb.shape[:2]):
            raise ValueError(
                f"alpha must be uint8 {self.rgb.shape[:2]}, not {self.alpha.dtype} {self.alpha.shape}"
            )

    @property
    def width(self) -> int:
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        return int(self.rgb.shape[0])

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.width, self.height
