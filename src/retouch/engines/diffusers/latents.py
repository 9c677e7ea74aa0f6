"""Latents to a picture: for previews, which no pipeline makes.

How latents become a picture depends on the class of the VAE and on how they are laid out, not on the pipeline. The
order of the operations and their precision are those of the pipelines, so that the last estimate of a call is its
result, bit for bit.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from retouch.engines.diffusers.pictures import from_array
from retouch.imaging.raster import Raster

_BY_RECIPROCAL = ("AutoencoderKLQwenImage", "AutoencoderKLWan")
"""VAEs whose pipelines divide by the reciprocal of the deviation, which rounds otherwise than a product."""

_UNSHIFTED = ("StableDiffusion3InpaintPipeline",)
"""Pipelines that decode without the shift that they have encoded with."""


def decode(pipeline: Any, latents: torch.Tensor, size: tuple[int, int]) -> Raster | None:
    """The picture of the first of ``latents``; None where their layout is not known.

    ``latents``: (batch, channels, height, width), (batch, channels, frames, height, width), or tokens of
    (batch, height × width, channels), or patches of (batch, number, channels, frames, height, width), the
    picture's first and then its references'. ``size``: (width, height) of the picture that was asked for; what
    comes may have another size, of about that aspect, unless it is made of patches.
    """
    vae = getattr(pipeline, "vae", None)
    if vae is None or latents.ndim not in (3, 4, 5, 6):
        return None
    # As the pipelines: half precision is too coarse for some VAEs of SDXL.
    widened = vae.dtype == torch.float16 and vae.config.get("force_upcast")
    with torch.no_grad():
        if not widened:
            return _decode(pipeline, latents, size)
        vae.to(dtype=torch.float32)
        try:
            return _decode(pipeline, latents, size)
        finally:
            vae.to(dtype=torch.float16)


def _decode(pipeline: Any, latents: torch.Tensor, size: tuple[int, int]) -> Raster:
    vae = pipeline.vae
    config = vae.config
    latents = latents.to(vae.dtype)
    by_reciprocal = type(vae).__name__ in _BY_RECIPROCAL and latents.ndim < 6
    if latents.ndim == 6:
        latents = joined(latents, size, pipeline.vae_scale_factor_spatial)
    if getattr(vae, "bn", None) is not None:
        pixels = vae.decode(_by_norm(vae, latents, size), return_dict=False)[0]
    elif config.get("z_dim") and config.get("latents_mean") is not None:
        if latents.ndim == 3:
            latents = spread(latents, config.z_dim, size)
        if latents.ndim == 4:
            latents = latents.unsqueeze(2)
        mean, deviation = (_along(config[name], latents) for name in ("latents_mean", "latents_std"))
        latents = (latents / (1.0 / deviation) if by_reciprocal else latents * deviation) + mean
        pixels = vae.decode(latents, return_dict=False)[0]
    else:
        if latents.ndim == 3:
            latents = spread(latents, config.latent_channels, size)
        shifted = type(pipeline).__name__ not in _UNSHIFTED
        pixels = vae.decode(_by_scale(config, latents, shifted=shifted), return_dict=False)[0]
    if pixels.ndim == 5:
        pixels = pixels[:, :, 0]
    return to_raster(pixels[0])


def _by_norm(vae: Any, latents: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """The statistics of a batch norm, over channels that are patches of 2 × 2."""
    channels = vae.bn.running_mean.numel()
    if latents.ndim == 3:
        latents = spread(latents, channels, size)
    mean = vae.bn.running_mean.view(1, -1, 1, 1).to(latents)
    deviation = torch.sqrt(vae.bn.running_var.view(1, -1, 1, 1) + vae.config.batch_norm_eps).to(latents)
    latents = latents * deviation + mean
    batch, _, height, width = latents.shape
    patches = latents.reshape(batch, channels // 4, 2, 2, height, width).permute(0, 1, 4, 2, 5, 3)
    return patches.reshape(batch, channels // 4, height * 2, width * 2)


def _by_scale(config: Any, latents: torch.Tensor, *, shifted: bool) -> torch.Tensor:
    factor = config.get("scaling_factor") or 1.0
    mean, deviation = config.get("latents_mean"), config.get("latents_std")
    if mean is not None and deviation is not None:
        return latents * _along(deviation, latents) / factor + _along(mean, latents)
    latents = latents / factor
    shift = config.get("shift_factor")
    return latents + shift if shifted and shift is not None else latents


def _along(values: Any, latents: torch.Tensor) -> torch.Tensor:
    """``values``, one a channel, shaped to go with ``latents``."""
    return torch.tensor(values).view(1, -1, *[1] * (latents.ndim - 2)).to(latents.device, latents.dtype)


def spread(tokens: torch.Tensor, channels: int, size: tuple[int, int]) -> torch.Tensor:
    """Tokens (batch, rows × columns, channels × p²) as latents (batch, channels, rows × p, columns × p).

    Raises `ValueError` if the tokens' length is no square number of times ``channels``.
    """
    batch, length, depth = tokens.shape
    patch = math.isqrt(depth // channels)
    if patch * patch * channels != depth:
        raise ValueError(f"tokens of {depth} values are no patches of {channels} channels")
    rows, columns = grid(length, size)
    patches = tokens.reshape(batch, rows, columns, channels, patch, patch).permute(0, 3, 1, 4, 2, 5)
    return patches.reshape(batch, channels, rows * patch, columns * patch)


def joined(patches: torch.Tensor, size: tuple[int, int], factor: int) -> torch.Tensor:
    """The first of patches (batch, number, channels, frames, p, q), row by row, as latents (batch, channels,
    frames, height, width) of a picture of ``size`` (width, height). ``factor``: its pixels a latent.

    Raises `RuntimeError` where there are fewer patches than that takes.
    """
    batch, _, channels, frames, high, wide = patches.shape
    rows, columns = size[1] // (factor * high), size[0] // (factor * wide)
    first = patches[:, : rows * columns].reshape(batch, rows, columns, channels, frames, high, wide)
    return first.permute(0, 3, 4, 1, 5, 2, 6).reshape(batch, channels, frames, rows * high, columns * wide)


def grid(length: int, size: tuple[int, int]) -> tuple[int, int]:
    """The (rows, columns) of ``length`` tokens whose aspect comes nearest to that of ``size`` (width, height).

    Pipelines that choose their own size keep the aspect, so this needs to know neither their rule nor the patch.
    """
    aspect = math.log(size[0] / size[1])
    rows = [rows for rows in range(1, length + 1) if length % rows == 0]
    best = min(rows, key=lambda rows: abs(math.log(length / rows / rows) - aspect))
    return best, length // best


def to_raster(pixels: torch.Tensor) -> Raster:
    """A tensor of (3 or 4, height, width) in -1..1 as a picture."""
    shown = (pixels * 0.5 + 0.5).clamp(0, 1).cpu().permute(1, 2, 0).float().numpy()
    return from_array(shown)
