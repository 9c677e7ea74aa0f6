"""How weights are narrowed: by which library, and what to install when it is missing."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Iterable
from typing import Any

from retouch.engines.diffusers.placement import DENOISERS, Placement, quantisable

LAST = "proj_out"
"""The layer that a denoiser ends with. bitsandbytes leaves it as it is: what is lost there nothing mends, and some
pipelines take the type of their numbers from the denoiser's first weights that are floats, of which FLUX.3 has no
others."""


def config(placement: Placement, names: Iterable[str]) -> Any:
    """diffusers' `PipelineQuantizationConfig` for those of the parts ``names`` that are narrowed while they load,
    None where there are none. What it leaves of them is done afterwards, by `finish`.

    8 bits are torchao's weight-only integers, or bitsandbytes' LLM.int8() (https://arxiv.org/abs/2208.07339) where
    only that is installed; 4 bits are bitsandbytes' NF4 (https://arxiv.org/abs/2305.14314). Raises `ValueError`
    with what to install.
    """
    if placement.quantise not in ("4bit", "8bit"):
        return None
    check(placement)
    chosen = [name for name in names if quantisable(name)]
    if placement.quantise == "4bit" and placement.device == "cpu":
        # diffusers wants a graphics card for it, bitsandbytes does not.
        chosen = [name for name in chosen if name not in DENOISERS]
    if not chosen:
        return None
    import diffusers
    import torch
    import transformers
    from diffusers.quantizers import PipelineQuantizationConfig

    made: tuple[type, type]
    wanted: dict[str, Any]
    if placement.quantise == "8bit" and _has("torchao"):
        from torchao.quantization import Int8WeightOnlyConfig

        made = diffusers.TorchAoConfig, transformers.TorchAoConfig
        wanted = {"quant_type": Int8WeightOnlyConfig(set_inductor_config=False)}
    else:
        made = diffusers.BitsAndBytesConfig, transformers.BitsAndBytesConfig
        wanted = {"load_in_8bit": True}
        if placement.quantise == "4bit":
            wanted = {
                "load_in_4bit": True,
                "bnb_4bit_quant_type": "nf4",
                "bnb_4bit_compute_dtype": getattr(torch, placement.dtype),
            }
    # The two libraries' configurations are different classes, so each part is given its own.
    mapping = {name: made[name not in DENOISERS](**wanted) for name in chosen}
    for name, each in mapping.items():
        if name in DENOISERS and isinstance(each, diffusers.BitsAndBytesConfig):
            each.llm_int8_skip_modules = [LAST]
    return PipelineQuantizationConfig(quant_mapping=mapping)


def finish(pipeline: Any, placement: Placement) -> None:
    """Narrow the denoiser of a loaded pipeline where that is not done while it loads: for 8-bit floats, and on a
    CPU for 4 bits. One whose weights came narrow stays as it is."""
    import torch

    dtype = getattr(torch, placement.dtype)
    for name in DENOISERS:
        denoiser = getattr(pipeline, name, None)
        if denoiser is None or getattr(denoiser, "hf_quantizer", None) is not None:
            continue
        if placement.quantise == "fp8":
            # Each layer is widened as it is used: half the memory, on any device. Norms stay as they are.
            denoiser.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=dtype)
        elif placement.quantise == "4bit" and placement.device == "cpu":
            _pack(denoiser, dtype)


def check(placement: Placement) -> None:
    """Raise `ValueError` if the placement's quantisation cannot be had on its device with what is installed."""
    kind = placement.device.partition(":")[0]
    if kind == "mps" and placement.quantise != "none":
        raise ValueError(f"quantise is {placement.quantise!r}, which Apple's device cannot do: choose 'none'")
    if placement.quantise == "4bit" and not _has("bitsandbytes"):
        raise ValueError("quantise is '4bit', which needs bitsandbytes: pip install bitsandbytes")
    if placement.quantise == "8bit" and not (_has("torchao") or (kind == "cuda" and _has("bitsandbytes"))):
        raise ValueError("quantise is '8bit', which needs torchao: pip install torchao")
    by_bitsandbytes = placement.quantise == "4bit" or (placement.quantise == "8bit" and not _has("torchao"))
    if placement.offload == "group" and by_bitsandbytes:
        raise ValueError(
            f"quantise is {placement.quantise!r}, and bitsandbytes' weights cannot be moved block by block: choose"
            " the offload 'model', or the quantisation 'fp8'"
        )


def quiet() -> None:
    """Silence what the libraries say while they are imported: which of their kernels are for other machines."""
    for name in ("torchao", "bitsandbytes", "torch.utils._pytree"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _pack(module: Any, dtype: Any) -> None:
    """Put bitsandbytes' 4-bit layers in place of all linear ones, one by one."""
    import bitsandbytes
    import torch

    kept = tuple(getattr(module, "_keep_in_fp32_modules", None) or ())
    linear = [
        (name, layer)
        for name, layer in module.named_modules()
        if type(layer) is torch.nn.Linear and name != LAST and not any(part in kept for part in name.split("."))
    ]
    for name, layer in linear:
        with torch.device("meta"):
            packed = bitsandbytes.nn.Linear4bit(
                layer.in_features,
                layer.out_features,
                layer.bias is not None,
                compute_dtype=dtype,
                quant_type="nf4",
            )
        packed.weight = bitsandbytes.nn.Params4bit(
            layer.weight.data, requires_grad=False, quant_type="nf4", module=packed
        ).to("cpu")
        packed.bias = layer.bias
        parent, _, child = name.rpartition(".")
        setattr(module.get_submodule(parent), child, packed.eval().requires_grad_(False))


def _has(library: str) -> bool:
    return importlib.util.find_spec(library) is not None
