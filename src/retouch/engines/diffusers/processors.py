"""Processors of the Qwen language models that see, where torchvision is not installed.

transformers 5 makes a processor of films a required part of them, and its class needs torchvision. An editor shows
its model stills. The parts that a processor has are read off its `__init__`, so a subclass that lists no such part
loads and runs without it.
"""

from __future__ import annotations

from typing import Any

STILL = frozenset({"Qwen2VLProcessor", "Qwen2_5_VLProcessor", "Qwen3VLProcessor"})
"""The classes that this is known to work for."""


def still_only(kind: Any) -> Any:
    """``kind``, one of `STILL`, without its processor of films; it keeps its name and module, by which diffusers
    checks it."""
    from transformers import ProcessorMixin

    def __init__(  # noqa: N807
        self: Any, image_processor: Any = None, tokenizer: Any = None, chat_template: Any = None, **ignored: Any
    ) -> None:
        for name, default in (
            ("image", "<|image_pad|>"),
            ("video", "<|video_pad|>"),
            ("vision_start", "<|vision_start|>"),
            ("vision_end", "<|vision_end|>"),
        ):
            token = getattr(tokenizer, f"{name}_token", default)
            number = getattr(tokenizer, f"{name}_token_id", None) or tokenizer.convert_tokens_to_ids(token)
            setattr(self, f"{name}_token", token)
            setattr(self, f"{name}_token_id", number)
        ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)

    names = {"__init__": __init__, "__module__": kind.__module__, "__qualname__": kind.__qualname__}
    return type(kind.__name__, (kind,), names)


def needs_still(class_name: str) -> bool:
    """Whether a processor of that class loads here only without its part for films."""
    from transformers.utils import is_torchvision_available

    return class_name in STILL and not is_torchvision_available()
