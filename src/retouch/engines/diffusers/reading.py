"""The parts of a model, read from its folder and put together to a pipeline, on the CPU."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from retouch.engines.diffusers import denoiser, quantising, weights
from retouch.engines.diffusers.checkpoint import Checkpoint
from retouch.engines.diffusers.placement import Placement
from retouch.engines.diffusers.processors import needs_still, still_only

_UPSAMPLER = "prompt_upsampler"
UPSAMPLER_PARTS = frozenset({_UPSAMPLER, f"{_UPSAMPLER}_processor"})
"""FLUX.3's model that makes a long prompt of a short one. The first name is also that of its block."""


def read(checkpoint: Checkpoint, settled: Placement, names: Collection[str], file: Path | None) -> Any:
    """The pipeline with its parts ``names``. ``file``: holds the denoiser's weights, if those of the model are not
    to be read. Raises what the libraries do."""
    import diffusers
    import torch

    dtype = getattr(torch, settled.dtype)
    wanted: dict[str, Any] = {"dtype": dtype, "local_files_only": True}
    given: dict[str, Any] = {}
    if file is not None:
        given[denoiser.replaced(checkpoint)] = denoiser.read(file, checkpoint, dtype)
    with _on(settled.device):
        if checkpoint.modular:
            return _modular(checkpoint.folder, settled, names, wanted, given)
        for name, class_name in checkpoint.components.items():
            if needs_still(class_name):
                given[name] = _processor(class_name, checkpoint.folder / name)
        loaded = [name for name in names if name not in given]
        return diffusers.DiffusionPipeline.from_pretrained(
            checkpoint.folder,
            **wanted,
            use_safetensors=True,
            variant=weights.variant(checkpoint.folder, loaded),
            quantization_config=quantising.config(settled, loaded),
            **given,
        )


def _modular(
    folder: Path, settled: Placement, names: Collection[str], wanted: dict[str, Any], given: dict[str, Any]
) -> Any:
    import diffusers

    manager = diffusers.ComponentsManager() if settled.offload == "model" else None
    pipeline = diffusers.ModularPipeline.from_pretrained(
        str(folder), components_manager=manager, local_files_only=True, trust_remote_code=False
    )
    narrowed = quantising.config(settled, [name for name in names if name not in given])
    # Not `load_components`: it logs what fails to load and goes on without it.
    for name, component in pipeline.components.items():
        spec = pipeline.get_component_spec(name)
        if component is not None or spec.pretrained_model_name_or_path is None or name not in names:
            continue
        kind = spec.type_hint.__name__ if spec.type_hint else ""
        if name in given:
            loaded = given[name]
            loaded._diffusers_load_id = spec.load_id
        elif needs_still(kind):
            place = Path(spec.pretrained_model_name_or_path) / (spec.subfolder or "")
            loaded = _processor(kind, place)
            loaded._diffusers_load_id = spec.load_id
        else:
            own = narrowed.quant_mapping.get(name) if narrowed else None
            loaded = spec.load(**wanted, **({"quantization_config": own} if own else {}))
        pipeline.update_components(**{name: loaded})
    # Without the model that rewrites prompts, they are taken as they are.
    if _UPSAMPLER in pipeline._blocks.sub_blocks and pipeline.components.get(_UPSAMPLER) is None:
        pipeline._blocks.sub_blocks.pop(_UPSAMPLER)
    _hush(pipeline._blocks)
    return pipeline


def _hush(blocks: Any) -> None:
    """No progress bars. What the pipeline itself has for that acts on a copy of its blocks."""
    if hasattr(blocks, "progress_bar"):
        blocks.set_progress_bar_config(disable=True)
    for block in getattr(blocks, "sub_blocks", {}).values():
        _hush(block)


def _processor(class_name: str, folder: Path) -> Any:
    import transformers

    return still_only(getattr(transformers, class_name)).from_pretrained(folder, local_files_only=True)


@contextmanager
def _on(device: str) -> Iterator[None]:
    """With that card the current one: bitsandbytes puts what it narrows on whichever that is."""
    import torch

    if not device.startswith("cuda"):
        yield
        return
    with torch.cuda.device(device):
        yield
