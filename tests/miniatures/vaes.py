"""Autoencoders: a few channels wide, but with the real classes' factors between pixels and latents."""

from __future__ import annotations

from typing import Any

import diffusers

from tests.miniatures.calibration import calibrated, lively

_GAIN = 1.2


def _levels(latents: int) -> dict[str, Any]:
    """Four levels of eight channels: eight pixels a latent."""
    return {
        "in_channels": 3,
        "out_channels": 3,
        "latent_channels": latents,
        "block_out_channels": (8, 8, 8, 8),
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "layers_per_block": 1,
        "norm_num_groups": 4,
        "sample_size": 64,
    }


def sd(latents: int = 4) -> Any:
    """That of SD 1.5 and SDXL."""
    return calibrated(lively(diffusers.AutoencoderKL(**_levels(latents)), _GAIN))


def flux(latents: int = 16) -> Any:
    """That of SD 3, FLUX.1, Z-Image and LongCat: its latents have a shift too."""
    convolutions = {"use_quant_conv": False, "use_post_quant_conv": False}
    vae = diffusers.AutoencoderKL(**_levels(latents), **convolutions, shift_factor=0.1)
    return calibrated(lively(vae, _GAIN))


def flux2(latents: int = 32) -> Any:
    """That of FLUX.2 and FLUX.3: a batch norm keeps the statistics of four latents as one."""
    return calibrated(lively(diffusers.AutoencoderKLFlux2(**_levels(latents)), _GAIN))


def _frames(latents: int) -> dict[str, Any]:
    """The class's own way to give a still picture's latents the shape of a film's."""
    return {
        "base_dim": 8,
        "z_dim": latents,
        "dim_mult": [1, 1, 1, 1],
        "num_res_blocks": 1,
        "temperal_downsample": [False, True, True],
        "latents_mean": [0.0] * latents,
        "latents_std": [1.0] * latents,
    }


def qwen(latents: int = 16) -> Any:
    return calibrated(lively(diffusers.AutoencoderKLQwenImage(**_frames(latents)), _GAIN))


def wan(latents: int = 16) -> Any:
    """That of JoyAI."""
    return calibrated(lively(diffusers.AutoencoderKLWan(**_frames(latents)), _GAIN))


def qwen21(latents: int = 64) -> Any:
    """Sixteen pixels a latent, and an alpha channel in and out."""
    vae = diffusers.AutoencoderKLQwenImage21(
        base_dim=8, decoder_base_dim=8, z_dim=latents, dim_mult=[1, 1, 1, 1, 1], num_res_blocks=1
    )
    return calibrated(lively(vae, _GAIN), channels=4)
