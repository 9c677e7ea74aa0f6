"""Processors of the Qwen language models that see, on machines with and without torchvision."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import transformers
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from tests.miniatures.tokenizers import CHAT, picture_ids

_VIDEO = {"Qwen2VLProcessor": "Qwen2VLVideoProcessor", "Qwen3VLProcessor": "Qwen3VLVideoProcessor"}
_SHARED = ("patch_size", "merge_size", "temporal_patch_size", "image_mean", "image_std")


def still_only(kind: Any) -> Any:
    """``kind``, a `Qwen2VLProcessor` or `Qwen3VLProcessor`, without the part for films, which needs torchvision.

    transformers reads off a processor's ``__init__`` which parts it has, so a subclass that lists no video
    processor loads and works without one. It keeps the name and the module, which diffusers writes down.
    """

    def __init__(  # noqa: N807
        self: Any, image_processor: Any = None, tokenizer: Any = None, chat_template: Any = None, **ignored: Any
    ) -> None:
        self.image_token, self.video_token = "<|image_pad|>", "<|video_pad|>"
        self.vision_start_token, self.vision_end_token = "<|vision_start|>", "<|vision_end|>"
        for name, number in picture_ids(tokenizer).items():
            setattr(self, name, number)
        transformers.ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)

    names = {"__init__": __init__, "__module__": kind.__module__, "__qualname__": kind.__qualname__}
    return type(kind.__name__, (kind,), names)


def processor(tokenizer: Any, kind: Any, patch: int, largest: int = 64 * 64) -> Any:
    """A processor of class ``kind`` that cuts a picture into patches of ``patch`` pixels, having scaled it down to
    ``largest`` pixels."""
    smallest = (2 * patch) ** 2
    pictures = Qwen2VLImageProcessorPil(
        patch_size=patch,
        merge_size=2,
        temporal_patch_size=2,
        size={"shortest_edge": smallest, "longest_edge": max(largest, smallest)},
    )
    return still_only(kind)(image_processor=pictures, tokenizer=tokenizer, chat_template=CHAT)


def describe_films(folder: Path) -> None:
    """Add the settings of the part that `still_only` leaves out to the processors saved under ``folder``, so that
    their own classes load them where torchvision is."""
    for file in folder.glob("*/processor_config.json"):
        config = json.loads(file.read_text())
        pictures = config["image_processor"]
        shared = {name: pictures[name] for name in _SHARED if name in pictures}
        config["video_processor"] = {"video_processor_type": _VIDEO[config["processor_class"]], **shared}
        file.write_text(json.dumps(config, indent=2))
