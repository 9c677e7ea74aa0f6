"""Writes miniatures into folders as their authors publish the real models, and reads them from there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers

from tests.miniatures.families import FAMILIES, UPSAMPLER
from tests.miniatures.processors import describe_films, still_only

MODULAR = "modular_model_index.json"
_SEEING = ("Qwen2VLProcessor", "Qwen3VLProcessor")


def build(name: str, folder: Path) -> Path:
    """Write the miniature of that name into ``folder``, 0.7 to 2.5 MB, and give the folder back.

    The same name gives the same weights every time, and the caller's random numbers are left as they were. Raises
    `KeyError` for a name that none has.
    """
    make = FAMILIES[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        pipeline = make()
    if isinstance(pipeline, diffusers.ModularPipeline):
        pipeline.save_pretrained(str(folder), overwrite_modular_index=True)
        pipeline.scheduler.save_pretrained(str(folder / "scheduler"))
        _portable(folder / MODULAR)
    else:
        pipeline.save_pretrained(str(folder))
    describe_films(folder)
    return folder


def _portable(file: Path) -> None:
    """Complete a modular index: diffusers writes down the folder it saved to, and leaves out the schedule, which
    is made from its class's defaults where the index has none."""
    index = json.loads(file.read_text())
    kind = ["diffusers", "FlowMatchEulerDiscreteScheduler"]
    index["scheduler"] = [*kind, {"type_hint": kind, "subfolder": "scheduler", "variant": None, "revision": None}]
    for part in index.values():
        if isinstance(part, list):
            part[2]["pretrained_model_name_or_path"] = None
    file.write_text(json.dumps(index, indent=2))


def reload(folder: Path) -> Any:
    """The pipeline in ``folder``, by diffusers' own loader and, where a part of it can see, the processor that
    does without torchvision."""
    if not (folder / MODULAR).exists():
        index = json.loads((folder / "model_index.json").read_text())
        return diffusers.DiffusionPipeline.from_pretrained(str(folder), **_processors(folder, index))
    index = json.loads((folder / MODULAR).read_text())
    processors = _processors(folder, index)
    blocks = diffusers.ModularPipeline.from_pretrained(str(folder)).blocks
    if UPSAMPLER not in index:
        blocks.sub_blocks.pop(UPSAMPLER)
    pipeline = blocks.init_pipeline(str(folder))
    pipeline.load_components(names=[name for name in pipeline.null_component_names if name not in processors])
    pipeline.update_components(**processors)
    return pipeline


def _processors(folder: Path, index: dict[str, Any]) -> dict[str, Any]:
    return {
        name: still_only(getattr(transformers, part[1])).from_pretrained(str(folder / name))
        for name, part in index.items()
        if isinstance(part, list) and part[1] in _SEEING
    }
