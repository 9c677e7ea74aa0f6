"""From a checkpoint and the engine's options to a pipeline that is ready to be called.

What is read is safetensors and JSON in local files: no pickle, no code of the checkpoint's author, no network. A
load that fails leaves nothing behind, and says in a sentence what is wrong.
"""

from __future__ import annotations

import gc
import inspect
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from retouch.engines.diffusers import denoiser, quantising, weights
from retouch.engines.diffusers.additions import denoiser_file, lay_over, loras
from retouch.engines.diffusers.checkpoint import Checkpoint
from retouch.engines.diffusers.compiling import compile_blocks
from retouch.engines.diffusers.options import Options
from retouch.engines.diffusers.placement import DENOISERS, Placement, TooLarge, machine, place
from retouch.engines.diffusers.reading import UPSAMPLER_PARTS, read
from retouch.engines.diffusers.weights import Weight


class LoadFailed(ValueError):
    """The model cannot be loaded; the message says why, in a sentence for the operator."""


@dataclass(frozen=True, eq=False)
class Loaded:
    """A pipeline in its place. ``nbytes``: what its weights take of the device while it is not called."""

    pipeline: Any
    placement: Placement
    nbytes: int


def load(checkpoint: Checkpoint, options: Options, *, reclaimable: int = 0) -> Loaded:
    """Load ``checkpoint`` as ``options`` say; what they leave open is settled by `placement.place`.

    ``reclaimable``: bytes of the device that could be had by putting other models away. Raises `LoadFailed`,
    `placement.TooLarge` (also where it would go better if they were) and other `ValueError`s that say what to
    change.
    """
    quiet()
    without = frozenset() if options.rewrite else UPSAMPLER_PARTS
    names = tuple(name for name in checkpoint.components if name not in without)
    file = denoiser_file(options.denoiser) if options.denoiser is not None else None
    stored = names if file is None else tuple(name for name in names if name != denoiser.replaced(checkpoint))
    parts = dict(weights.parts(checkpoint.folder, stored))
    if file is not None:
        parts[denoiser.replaced(checkpoint)] = denoiser.weigh(file)
    if pickled := weights.pickled(checkpoint.folder, stored):
        raise LoadFailed(
            f"the weights of {' and '.join(pickled)} in {checkpoint.folder} are pickles, which may run any code as"
            " they load: convert them to safetensors, or choose a model that has them"
        )
    if unconfigured := " and ".join(weights.unconfigured(checkpoint.folder, stored)):
        raise LoadFailed(
            f"the model in {checkpoint.folder} lacks the config.json of {unconfigured}: pull it again"
        )
    settled = _placement(options, parts, reclaimable)
    quantising.check(settled)
    pipeline = None
    try:
        pipeline = read(checkpoint, settled, names, file)
        _prepare(pipeline, options, settled)
        return Loaded(pipeline, settled, size(pipeline) if settled.offload == "none" else 0)
    except Exception as error:
        failure = _failure(error, checkpoint)
    # Outside of the handler: an error raised within would keep, by its context's frames, all that was loaded.
    pipeline = None
    free_memory(settled.device)
    raise failure


def _placement(options: Options, parts: Mapping[str, Weight], reclaimable: int) -> Placement:
    here = machine(options.device, options.memory, taken=reclaimable)
    ways: dict[str, Any] = {
        "dtype": options.dtype,
        "quantise": options.quantise,
        "offload": options.offload,
    }
    settled = place(here, parts, **ways)
    if reclaimable:
        alone = place(replace(here, free=here.free + reclaimable), parts, **ways)
        if (alone.dtype, alone.quantise, alone.offload) != (settled.dtype, settled.quantise, settled.offload):
            raise TooLarge(f"the model fits better ({alone.describe()}) when others are put away")
    return settled


def masked(pipeline: Any, class_name: str) -> Any:
    """The sibling class of that name around the same parts; weights are shared, nothing is copied or cast.

    diffusers' own `from_pipe` casts the shared weights to float32 unless told otherwise.
    """
    import diffusers

    cls = getattr(diffusers, class_name)
    settings = {**pipeline.config, **pipeline.components}
    taken = {name: settings[name] for name in inspect.signature(cls.__init__).parameters if name in settings}
    sibling = cls(**taken)
    sibling.set_progress_bar_config(disable=True)
    # Offloading is done by hooks on the parts; the list of them, and where to, is the pipeline's.
    for name in ("_all_hooks", "_offload_device", "_offload_gpu_id"):
        if name in vars(pipeline):
            setattr(sibling, name, getattr(pipeline, name))
    return sibling


def size(pipeline: Any) -> int:
    """Bytes of the weights of all parts, each counted once."""
    tensors = {
        tensor.data_ptr() or id(tensor): tensor.nbytes
        for part in _modules(pipeline)
        for whole in (*part.parameters(), *part.buffers())
        for tensor in _plain(whole)
    }
    return sum(tensors.values())


def _plain(tensor: Any) -> list[Any]:
    """What a tensor is made of: narrowed ones have their scales, and say that they are as large as they were."""
    if hasattr(tensor, "__tensor_flatten__"):
        names, _ = tensor.__tensor_flatten__()
        return [inner for name in names for inner in _plain(getattr(tensor, name))]
    state = getattr(tensor, "quant_state", None)
    return [tensor] if state is None else [tensor, state.absmax]


def free_memory(device: str) -> None:
    """Give back what nothing refers to any more."""
    import torch

    gc.collect()
    if device.startswith("cuda"):
        torch.cuda.empty_cache()
    elif device == "mps":
        torch.mps.empty_cache()


def quiet() -> None:
    """No progress bars, and errors only, from the libraries."""
    quantising.quiet()
    from diffusers.utils import logging as of_diffusers
    from transformers.utils import logging as of_transformers

    for library in (of_diffusers, of_transformers):
        library.set_verbosity_error()
        library.disable_progress_bar()
    # Modular pipelines log a traceback at each level of blocks that an exception, a cancellation too, passes.
    logging.getLogger("diffusers.modular_pipelines").setLevel(logging.CRITICAL)


def _prepare(pipeline: Any, options: Options, settled: Placement) -> None:
    import torch

    for module in _modules(pipeline):
        module.eval().requires_grad_(False)
    denoisers = [found for name in DENOISERS if (found := getattr(pipeline, name, None)) is not None]
    narrow = settled.quantise in ("8bit", "4bit") or any(hasattr(each, "hf_quantizer") for each in denoisers)
    packs_later = settled.quantise == "4bit" and settled.device == "cpu"
    lay_over(pipeline, loras(options), fuse=packs_later or not narrow)
    quantising.finish(pipeline, settled)
    vae = getattr(pipeline, "vae", None)
    # The layout is that of 4-dimensional weights; VAEs made for films have 5.
    if settled.channels_last and vae is not None and all(weight.ndim != 5 for weight in vae.parameters()):
        vae.to(memory_format=torch.channels_last)
    _move(pipeline, settled)
    for each in denoisers:
        if options.attention:
            each.set_attention_backend(options.attention)
        if options.compile:
            compile_blocks(each, settled.device)


def _move(pipeline: Any, settled: Placement) -> None:

    if settled.offload == "none":
        pipeline.to(settled.device)
        return
    manager = getattr(pipeline, "_components_manager", None)
    if settled.offload == "model" and manager is not None:
        manager.enable_auto_cpu_offload(device=settled.device)
    elif settled.offload == "model":
        pipeline.enable_model_cpu_offload(device=settled.device)
    else:
        _stage(pipeline, settled.device)


def _stage(pipeline: Any, device: str) -> None:
    """Have the parts' blocks come to the device one by one, and the VAE, which is small, stay there."""
    import torch
    from diffusers.hooks import apply_group_offloading

    cuda = device.startswith("cuda")
    for name, part in pipeline.components.items():
        if name == "vae":
            part.to(device)
        elif isinstance(part, torch.nn.Module):
            # Of a text encoder, whose blocks lie deeper than is looked for them, all would come at once.
            blocks: dict[str, Any] = {"offload_type": "block_level", "num_blocks_per_group": 1}
            apply_group_offloading(
                part,
                onload_device=torch.device(device),
                use_stream=cuda,
                low_cpu_mem_usage=cuda,
                **(blocks if name in DENOISERS else {"offload_type": "leaf_level"}),
            )


def _modules(pipeline: Any) -> list[Any]:
    import torch

    return [part for part in pipeline.components.values() if isinstance(part, torch.nn.Module)]


def _failure(error: Exception, checkpoint: Checkpoint) -> ValueError:
    import torch

    told = " ".join(str(error).split())
    told = told if len(told) <= 300 else f"{told[:300]}…"
    where = f"the model in {checkpoint.folder}"
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in told:
        return TooLarge(
            f"there is not enough memory for {where}: choose a smaller model, or quantise or offload it"
        )
    if isinstance(error, OSError):
        return LoadFailed(f"{where} lacks a file, or one cannot be read: pull it again ({told})")
    return LoadFailed(f"{where} cannot be loaded: {told}")
