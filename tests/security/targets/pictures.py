"""An uploaded picture: what it is by its bytes, what its header says, its pixels.

A case is a byte of options and the file: 1 mends a PNG's checksums first, 2 allows animations,
4 says that its pixels have yet to be compressed.
"""

from __future__ import annotations

import io

import numpy as np

from retouch.errors import RetouchError
from retouch.imaging.decode import decode
from retouch.imaging.limits import PixelLimits
from retouch.imaging.sniff import FORMATS, HEAD_BYTES, read_header, sniff
from tests.security.targets.files import cases, mended, pictures, seeds
from tests.security.targets.target import Target, judge_refusal

_SEEDS = seeds(pictures(), [3])
_LIMITS = [PixelLimits(max_picture_pixels=65_536, max_side=1024, max_frames=frames) for frames in (1, 4)]


def run(data: bytes) -> bool:
    options, file = data[:1] or b"\0", data[1:]
    if options[0] & 1:
        file = mended(file, packed=not options[0] & 4)
    limits = _LIMITS[options[0] >> 1 & 1]
    try:
        raster = decode(io.BytesIO(file), limits=limits, position=1)
    except RetouchError as error:
        judge_refusal(error)
        return False
    header = read_header(io.BytesIO(file))
    assert sniff(file[:HEAD_BYTES]) == header.format
    assert header.format in FORMATS
    assert raster.size == header.upright
    assert header.pixels <= limits.max_picture_pixels
    assert raster.rgb.dtype == np.uint8
    assert raster.rgb.shape == (raster.height, raster.width, 3)
    assert raster.alpha is None or raster.alpha.shape == (raster.height, raster.width)
    return True


def _words() -> list[str]:
    chunks = "IHDR PLTE IDAT IEND tRNS iCCP eXIf zTXt iTXt acTL fcTL fdAT gAMA cHRM sRGB"
    return [*f"{chunks} RIFF WEBP VP8X ALPH ANIM ANMF EXIF ICCP Exif Adobe MPF ICC_PROFILE JFIF".split(), "VP8 "]


TARGET = Target(
    run=run,
    cases=cases(_SEEDS),
    seeds=lambda: _SEEDS,
    words=_words,
    longest=4096,
)
