"""Compiled blocks of a denoiser, where the machine can compile; where it cannot, the blocks stay as they are."""

from __future__ import annotations

import logging
from typing import Any

log = logging.getLogger("retouch.diffusers")


def compile_blocks(denoiser: Any, device: str) -> bool:
    """Have ``denoiser`` compile its repeated blocks when they are first called; whether that can be done.

    The blocks alone take a tenth of the time that the whole network would. Their sizes are left open, since
    pictures come in many. What turns out not to compile runs uncompiled.
    """
    import torch

    reason = _obstacle(device) if getattr(denoiser, "_repeated_blocks", None) else "its class names no blocks"
    if reason is not None:
        log.warning("not_compiled", extra={"fields": {"class": type(denoiser).__name__, "reason": reason}})
        return False
    torch._dynamo.config.suppress_errors = True
    denoiser.compile_repeated_blocks(dynamic=True)
    return True


def _obstacle(device: str) -> str | None:
    """Why nothing can be compiled for the device, None where a trial succeeds."""
    import torch

    def trial(x: Any) -> Any:
        return (x + 1).sum()

    try:
        with torch.no_grad():
            torch.compile(trial, fullgraph=True)(torch.zeros(3, device=device))
    except Exception as error:
        return " ".join(str(error).split())[:200]
    return None
