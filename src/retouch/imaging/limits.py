"""How large a picture may be."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class PixelLimits:
    """Bounds that are held against headers, before anything is decoded.

    ``max_picture_pixels``: width × height of one picture. ``max_request_pixels``: their sum over a request.
    ``max_side``: pixels of the longer side. ``max_frames``: frames of an animation. Raises `ValueError` where a
    bound is not a whole number above zero, or a request may hold less than one picture.
    """

    max_picture_pixels: int = 50_000_000
    max_request_pixels: int = 200_000_000
    max_side: int = 16_384
    max_frames: int = 1

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{field.name} must be a whole number of at least 1, not {value!r}")
        if self.max_request_pixels < self.max_picture_pixels:
            raise ValueError(
                f"max_request_pixels ({self.max_request_pixels}) must be at least "
                f"max_picture_pixels ({self.max_picture_pixels})"
            )
