"""What makes a network of random weights behave like one that was trained."""

from __future__ import annotations

from typing import Any

import torch

WIDTH = 32
"""Of nearly every hidden layer."""


def lively(module: Any, gain: float = 1.6, seed: int = 0) -> Any:
    """``module`` with normal weights of ``gain`` / √fan-in, the same ones for the same ``seed``.

    The libraries' own initialisation makes every layer's signal smaller, so that a picture's or a prompt's part of
    it is lost on the way: the output of a FLUX.2 so built changes by 0.03 of 255 with its reference.
    """
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if weight.ndim > 1 and "embed_tokens" not in name:
                spread = gain / weight[0].numel() ** 0.5
                weight.copy_(torch.randn(weight.shape, generator=random) * spread)
    return module.eval()


def _pictures(channels: int, count: int = 4, side: int = 64) -> torch.Tensor:
    """Soft noise in -1..1, (count, channels, side, side); an alpha channel is opaque."""
    random = torch.Generator().manual_seed(1)
    coarse = torch.rand(count, 3, side // 16, side // 16, generator=random)
    soft = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic").clamp(0, 1) * 2 - 1
    return torch.cat([soft, torch.ones_like(soft[:, :1])], 1)[:, :channels]


def calibrated(vae: Any, channels: int = 3) -> Any:
    """``vae`` with the statistics of its own latents where its class keeps them: in its batch norm, as a mean and
    a spread for each channel, or as one factor and shift. ``channels``: 4 where it takes an alpha channel."""
    with torch.no_grad():
        pictures = _pictures(channels)
        if "latents_mean" in vae.config and "z_dim" in vae.config:
            latents = vae.encode(pictures.unsqueeze(2)).latent_dist.mode()
            mean, spread = latents.mean((0, 2, 3, 4)), latents.std((0, 2, 3, 4)) + 1e-3
            vae.register_to_config(latents_mean=mean.tolist(), latents_std=spread.tolist())
            return vae
        latents = vae.encode(pictures).latent_dist.mode()
        if hasattr(vae, "bn"):
            packed = torch.nn.functional.pixel_unshuffle(latents, 2)
            vae.bn.running_mean.copy_(packed.mean((0, 2, 3)))
            vae.bn.running_var.copy_(packed.var((0, 2, 3)) + 1e-4)
            return vae
        vae.register_to_config(scaling_factor=float(1 / latents.std()))
        if vae.config.shift_factor is not None:
            vae.register_to_config(shift_factor=float(latents.mean()))
    return vae
