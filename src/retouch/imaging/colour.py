"""Colour: whatever a file stores, as sRGB."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from retouch.imaging.raster import U8

# A relative colorimetric rendering with black point compensation keeps what both spaces share as it is and
# loses no shadows; it is also what most photo software does by default.
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_SPACES = {1: ("GRAY", "L"), 3: ("RGB", "RGB"), 4: ("CMYK", "CMYK")}
_SRGB_TOLERANCE = 1


def to_srgb(samples: U8, icc: bytes | None) -> U8:
    """``samples``, uint8 of shape (height, width) for grey, (…, 3) for RGB or (…, 4) for CMYK (255 = full ink),
    as sRGB of shape (height, width, 3), C-contiguous.

    A profile for another space, a broken one and one that means sRGB are ignored: RGB is then returned
    bit-identical.
    """
    channels = 1 if samples.ndim == 2 else samples.shape[2]
    transform = None if icc is None else _transform(icc, channels)
    if isinstance(transform, ImageCms.ImageCmsTransform):
        return _apply(transform, samples)
    if transform is not None:
        return transform[samples]
    if channels == 1:
        return np.repeat(samples[..., None], 3, axis=2)
    if channels == 4:
        return _mix_inks(samples)
    return np.ascontiguousarray(samples)


def _mix_inks(cmyk: U8) -> U8:
    """The textbook mixing of inks, for CMYK that says nothing of its press."""
    paper = 255 - cmyk
    light: U8 = ((paper[..., :3].astype(np.uint16) * paper[..., 3:] + 127) // 255).astype(np.uint8)
    return light


@lru_cache(maxsize=4)
def _transform(icc: bytes, channels: int) -> ImageCms.ImageCmsTransform | U8 | None:
    """What turns samples of ``channels`` channels into sRGB: a transform, for grey a table of shape (256, 3),
    or None where the samples can stay as they are.

    Cached, because a client's pictures mostly come from one camera and a transform takes as long to build as a
    megapixel to convert.
    """
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        space = profile.profile.xcolor_space.strip()
        # A grey picture in a file with an RGB profile lies on that space's grey axis.
        wanted = "RGB" if channels == 1 and space == "RGB" else _SPACES[channels][0]
        if space != wanted:
            return None
        mode = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}[space]
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        transform = ImageCms.ImageCmsTransform(profile, srgb, mode, "RGB", _INTENT, flags=_FLAGS)
        if mode == "CMYK":
            return transform
        probe = _grey_ramp(mode) if channels == 1 else _colour_cube()
        result = _apply(transform, probe)
    except MemoryError:
        raise
    except Exception:
        # Profiles are hostile input too, and a picture with a broken one is still a picture.
        return None
    plain = probe[..., None] if probe.ndim == 2 else probe
    if int(np.abs(result.astype(np.int16) - plain).max()) <= _SRGB_TOLERANCE:
        return None
    return result[0] if channels == 1 else transform


def _apply(transform: ImageCms.ImageCmsTransform, samples: U8) -> U8:
    converted = transform.apply(Image.fromarray(samples) if samples.ndim == 2 else _image(samples))
    return np.array(converted)


def _image(samples: U8) -> Image.Image:
    mode = "RGB" if samples.shape[2] == 3 else "CMYK"
    size = (samples.shape[1], samples.shape[0])
    return Image.frombuffer(mode, size, np.ascontiguousarray(samples), "raw", mode, 0, 1)


def _grey_ramp(mode: str) -> U8:
    ramp = np.arange(256, dtype=np.uint8)[None]
    return ramp if mode == "L" else np.repeat(ramp[..., None], 3, axis=2)


def _colour_cube() -> U8:
    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
    return np.ascontiguousarray(cube.reshape(1, -1, 3))
