"""Text tokens, counted offline in the encoding `o200k_base`.

The ranks are packaged (`vocabulary/`), the merging is tiktoken's. They are loaded at the first count, once a
process: about 0.4 s and 75 MB. Names of special tokens in a text count as the plain text they are.
"""

from __future__ import annotations

import lzma
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiktoken import Encoding

_SIZE = 199_998

# tiktoken's own pattern for this encoding: words with their leading mark and English ending, numbers by three
# digits, marks, line ends, spaces. No alternative looks further back than its own run, so time stays linear.
_PATTERN = "|".join(
    (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)


def count_tokens(text: str) -> int:
    """The number of `o200k_base` tokens of a text, in time about linear in its length whatever it holds."""
    return len(_encoding().encode_ordinary(text))


@cache
def _encoding() -> Encoding:
    from tiktoken import Encoding

    packed = lzma.decompress((resources.files("retouch.contract") / "vocabulary" / "o200k_base.xz").read_bytes())
    ranks: dict[bytes, int] = {}
    start = _SIZE
    for rank, length in enumerate(packed[:_SIZE]):
        ranks[packed[start : start + length]] = rank
        start += length
    return Encoding("o200k_base", pat_str=_PATTERN, mergeable_ranks=ranks, special_tokens={})
