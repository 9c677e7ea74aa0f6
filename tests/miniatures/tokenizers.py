"""Tokenizers of the real classes that know single bytes or characters and no merges."""

from __future__ import annotations

from typing import Any

import transformers
from tokenizers import pre_tokenizers

_SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
    "<think>",
    "</think>",
)

CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif 'text' in part %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""A ChatML template: what the pipelines' prompts are laid out with."""


def _bytes() -> list[str]:
    return sorted(pre_tokenizers.ByteLevel.alphabet())


def clip() -> Any:
    """A `CLIPTokenizer` of the 512 pieces that a byte can be, inside a word and at its end."""
    alphabet = _bytes()
    pieces = [*alphabet, *(f"{byte}</w>" for byte in alphabet), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    return transformers.CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=77)


def t5() -> Any:
    """A `T5Tokenizer` of the printable characters of ASCII."""
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581", -2.0)]
    pieces += [(chr(code), -3.0) for code in range(33, 127)]
    return transformers.T5Tokenizer(vocab=pieces, extra_ids=0, additional_special_tokens=[], model_max_length=512)


def qwen(longest: int = 4096) -> Any:
    """A `Qwen2Tokenizer` of single bytes, with the words that mark turns of a chat and pictures in it."""
    vocabulary = {byte: index for index, byte in enumerate([*_bytes(), _SPECIAL[0]])}
    tokenizer = transformers.Qwen2Tokenizer(vocab=vocabulary, merges=[], model_max_length=longest)
    tokenizer.add_special_tokens({"additional_special_tokens": list(_SPECIAL[1:])})
    tokenizer.eos_token = "<|im_end|>"
    tokenizer.chat_template = CHAT
    return tokenizer


def picture_ids(tokenizer: Any) -> dict[str, int]:
    """Where a Qwen language model finds the pictures in its tokens, as its configuration names them."""
    number = tokenizer.convert_tokens_to_ids
    return {
        "image_token_id": number("<|image_pad|>"),
        "video_token_id": number("<|video_pad|>"),
        "vision_start_token_id": number("<|vision_start|>"),
        "vision_end_token_id": number("<|vision_end|>"),
    }
