"""What a model's weights weigh, read from the heads of its files: nothing is loaded, and torch is not needed.

A safetensors file opens with its head's length (8 bytes, little-endian) and the head, JSON that gives each
tensor's dtype, shape and place among the bytes after it (https://huggingface.co/docs/safetensors). A file that is
shorter than its head says was not downloaded to its end.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Quantise = Literal["none", "8bit", "4bit", "fp8"]

_LONGEST_HEAD = 100_000_000
"""Bytes; the format's own limit."""

_FLOATS = frozenset({"F64", "F32", "F16", "BF16"})

_LOOKED_UP = re.compile(
    r"(^|\.)(embed_tokens|shared|token_embedding|position_embedding|embeddings|lm_head|relative_attention_bias)\."
)
"""Tables of words and what makes words of numbers again: no quantisation narrows them."""

_UNCAST = re.compile(r"norm|pos_embed|patch_embed|^proj_in\.|^proj_out\.")
"""What diffusers' layerwise casting passes over, in every class."""


_BLOCK = re.compile(r".*?\.\d+\.")


@dataclass(frozen=True)
class Weight:
    """What a part of a model weighs, in bytes of 16-bit floats.

    ``size``: all of it. ``matrices``: of this, what linear layers hold, which 8 and 4 bits narrow; ``rows``: how
    many outputs these layers have. ``castable``: of ``size``, what can be stored in 8-bit floats. ``block``: the
    largest of its numbered blocks; ``rest``: what is in none; ``tensor``: its largest tensor. ``packed``: of
    ``size``, what is stored narrower than 16 bits and held as it is stored.
    """

    size: int
    matrices: int = 0
    rows: int = 0
    castable: int = 0
    block: int = 0
    rest: int = 0
    tensor: int = 0
    packed: int = 0

    def held(self, quantise: Quantise, *, wide: bool = False) -> int:
        """Bytes, when it is held that way. ``wide``: what is not narrowed is held in 32 bits.

        In 8 bits each row has a scale of its own; in 4 bits every 64 weights have one of 32 bits.
        """
        narrowed = {"none": 0, "8bit": self.matrices, "4bit": self.matrices, "fp8": self.castable}[quantise]
        left = self.packed + (self.size - self.packed - narrowed) * (2 if wide else 1)
        match quantise:
            case "8bit":
                return left + narrowed // 2 + 4 * self.rows
            case "4bit":
                return left + narrowed * 9 // 32
        return left + narrowed // 2


class Damaged(ValueError):
    """A file of weights cannot be what was published: the message names it."""


def parts(folder: Path, names: Iterable[str]) -> Mapping[str, Weight]:
    """What each part of the model in ``folder`` weighs; parts without weights are left out.

    What is stored narrower (a quantised part) counts as it is stored. Raises `Damaged`.
    """
    weighed = {name: weigh(files(folder / name)) for name in names}
    return {name: weight for name, weight in weighed.items() if weight.size}


def files(folder: Path) -> tuple[Path, ...]:
    """The files of weights of one part: the plain ones, or those of the variant `fp16` where only they exist."""
    found = sorted(folder.glob("*.safetensors"))
    plain = tuple(file for file in found if ".fp16" not in file.name)
    return plain or tuple(found)


def variant(folder: Path, names: Iterable[str]) -> str | None:
    """ "fp16" where some part exists in that variant only, else None."""
    only = (files(folder / name) for name in names)
    return "fp16" if any(found and ".fp16" in found[0].name for found in only) else None


def unconfigured(folder: Path, names: Iterable[str]) -> tuple[str, ...]:
    """The parts that have weights and no `config.json`; libraries would build them by defaults, however large."""
    return tuple(name for name in names if files(folder / name) and not (folder / name / "config.json").is_file())


def pickled(folder: Path, names: Iterable[str]) -> tuple[str, ...]:
    """The parts whose weights are there as pickles and not as safetensors."""
    return tuple(
        name
        for name in names
        if not files(folder / name)
        and any(any((folder / name).glob(kind)) for kind in ("*.bin", "*.pt", "*.ckpt"))
    )


def weigh(several: Iterable[Path]) -> Weight:
    """What is in the safetensors files of one part. Raises `Damaged`."""
    size = matrices = rows = castable = rest = tensor = packed = 0
    blocks: dict[str, int] = {}
    for file in several:
        for name, entry in _head(file).items():
            shape = [int(length) for length in entry["shape"]]
            start, end = entry["data_offsets"]
            floats = entry["dtype"] in _FLOATS
            weight = 2 * math.prod(shape) if floats else int(end) - int(start)
            size, tensor = size + weight, max(tensor, weight)
            packed += 0 if floats else weight
            if floats and len(shape) == 2 and not _LOOKED_UP.search(name):
                matrices, rows = matrices + weight, rows + shape[0]
            # A vector that is no layer's bias is a norm's, or the like.
            if floats and (len(shape) > 1 or name.endswith(".bias")) and not _UNCAST.search(name):
                castable += weight
            if block := _BLOCK.match(name):
                blocks[block[0]] = blocks.get(block[0], 0) + weight
            else:
                rest += weight
    return Weight(size, matrices, rows, castable, max(blocks.values(), default=0), rest, tensor, packed)


def _head(file: Path) -> Mapping[str, Any]:
    """The file's tensors by name, each with `dtype`, `shape` and `data_offsets`."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        start = stream.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else _LONGEST_HEAD + 1
        if length > min(_LONGEST_HEAD, size):
            raise _cut(file)
        try:
            head = json.loads(stream.read(length))
            tensors = {name: entry for name, entry in head.items() if name != "__metadata__"}
            end = max((int(entry["data_offsets"][1]) for entry in tensors.values()), default=0)
            sound = all(entry["dtype"] and all(side >= 0 for side in entry["shape"]) for entry in tensors.values())
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise _cut(file) from error
    if not sound or size < 8 + length + end:
        raise _cut(file)
    return tensors


def _cut(file: Path) -> Damaged:
    return Damaged(f"{file} is damaged or was not downloaded to its end: delete it and pull the model again")
