"""A denoiser whose weights come from a file of its own, in place of those that lie with the model.

GGUF files (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md) hold weights in blocks of 32 or 256 with
scales of their own, 2.6 to 8.5 bits a weight; a layer's are widened as it is used. What the network looks like is
read off the model's own configuration, and names of tensors may be diffusers' or those of the model's author.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from retouch.engines.diffusers import weights
from retouch.engines.diffusers.checkpoint import Checkpoint
from retouch.engines.diffusers.quantising import LAST
from retouch.engines.diffusers.weights import Weight

_NAMES = ("transformer", "unet")


def replaced(checkpoint: Checkpoint) -> str:
    """The name of the part that a file can stand for. Raises `ValueError` if the model has none."""
    name = next((name for name in _NAMES if name in checkpoint.components), None)
    if name is None:
        raise ValueError(f"the model in {checkpoint.folder} has no denoiser that a file could stand for")
    return name


def weigh(file: Path) -> Weight:
    """What the file's weights weigh. Raises `weights.Damaged`."""
    if file.suffix == ".safetensors":
        return weights.weigh([file])
    size = file.stat().st_size
    with file.open("rb") as stream:
        if stream.read(4) != b"GGUF":
            raise weights.Damaged(f"{file} is no GGUF file, or is damaged: delete it and fetch it again")
    return Weight(size, packed=size)


def read(file: Path, checkpoint: Checkpoint, dtype: Any) -> Any:
    """The denoiser with the weights of ``file``, for calculations in ``dtype``.

    Raises `ValueError` where gguf is not installed, the model's class is none that diffusers can read from a file,
    or the file holds another model's weights or too few.
    """
    import diffusers
    import torch

    name = replaced(checkpoint)
    kind = getattr(diffusers, checkpoint.components[name])
    packed = file.suffix == ".gguf"
    if packed and importlib.util.find_spec("gguf") is None:
        raise ValueError("the denoiser is a GGUF file, which needs gguf: pip install gguf")
    if not _readable(kind):
        raise ValueError(f"diffusers cannot read a {kind.__name__} from a file: leave out the option 'denoiser'")
    wanted: dict[str, Any] = {"dtype": dtype, "local_files_only": True}
    if packed:
        wanted["quantization_config"] = diffusers.GGUFQuantizationConfig(compute_dtype=dtype)
    try:
        module = kind.from_single_file(str(file), config=str(checkpoint.folder / name), **wanted)
    except NotImplementedError as error:  # of tensors that nothing was read into
        raise ValueError(f"{file} lacks some of the denoiser's weights: it is another model's") from error
    if packed:
        _widen(module, dtype)
    module.requires_grad_(False)
    assert isinstance(module, torch.nn.Module)
    return module


def _readable(kind: Any) -> bool:
    from diffusers.loaders.single_file_model import SINGLE_FILE_LOADABLE_CLASSES

    return any(base.__name__ in SINGLE_FILE_LOADABLE_CLASSES for base in kind.__mro__)


def _widen(module: Any, dtype: Any) -> None:
    """Unpack what is not a linear layer's matrix, since only those are unpacked as they are used, and the last
    layer, see `quantising.LAST`."""
    import torch
    from diffusers.quantizers.gguf.utils import GGUFLinear, GGUFParameter, dequantize_gguf_tensor

    for part_name, part in list(module.named_modules()):
        packed = isinstance(part, GGUFLinear) and part_name != LAST
        for name, tensor in list(part.named_parameters(recurse=False)):
            if isinstance(tensor, GGUFParameter) and not (packed and name == "weight"):
                setattr(
                    part, name, torch.nn.Parameter(dequantize_gguf_tensor(tensor).to(dtype), requires_grad=False)
                )
