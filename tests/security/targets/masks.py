"""A mask or a drawing over the first picture. A case is a byte of options and the file: 1 mends a PNG's checksums
first, 2 has the picture lie on its side, 4 says that the mask's pixels have yet to be compressed."""

from __future__ import annotations

import io

import numpy as np

from retouch.errors import RetouchError
from retouch.imaging.limits import PixelLimits
from retouch.imaging.mask import read_mask
from retouch.imaging.overlay import read_markup
from tests.security.targets.files import SIZE, cases, mended, overlays, pictures, seeds
from tests.security.targets.target import Target, judge_refusal

_SEEDS = seeds(overlays(), [1, 3])
_LIMITS = PixelLimits(max_picture_pixels=65_536, max_frames=1)


def run(data: bytes) -> bool:
    options, file = data[:1] or b"\0", data[1:]
    if options[0] & 1:
        file = mended(file, packed=not options[0] & 4)
    width, height = size = SIZE[::-1] if options[0] & 2 else SIZE
    taken = False
    try:
        mask = read_mask(io.BytesIO(file), limits=_LIMITS, source_size=size)
        assert mask.dtype == np.float32
        assert mask.shape == (height, width)
        assert 0 <= mask.min() <= mask.max() <= 1
        taken = True
        markup = read_markup(io.BytesIO(file), limits=_LIMITS, source_size=size)
        assert markup.alpha is not None
        assert markup.size == size
    except RetouchError as error:
        judge_refusal(error)
    return taken


TARGET = Target(
    run=run,
    cases=cases([*_SEEDS, *seeds(pictures(), [1])]),
    seeds=lambda: _SEEDS,
    words=lambda: ["IHDR", "PLTE", "IDAT", "IEND", "tRNS", "iCCP", "eXIf", "acTL", "fcTL", "fdAT"],
    longest=2048,
)
