"""Pack a tokeniser's ranks (`NAME.tiktoken` or `.tiktoken.gz`) into the small file that `contract.tokens` reads.

    python scripts/pack_vocabulary.py SOURCE.tiktoken.gz src/retouch/contract/vocabulary/NAME.xz

Written, xz-compressed: a byte for each token's length, then all tokens, both in the order of their ranks.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import lzma
import sys
from pathlib import Path


def main(source: Path, target: Path) -> None:
    raw = source.read_bytes()
    if source.suffix == ".gz":
        raw = gzip.decompress(raw)
    tokens = []
    for rank, line in enumerate(raw.splitlines()):
        encoded, stated = line.split()
        if int(stated) != rank:
            raise SystemExit(f"the ranks are not consecutive at {rank}")
        tokens.append(base64.b64decode(encoded))
    packed = bytes(map(len, tokens)) + b"".join(tokens)
    target.write_bytes(lzma.compress(packed, preset=9 | lzma.PRESET_EXTREME))
    print(f"{len(tokens)} tokens, {target.stat().st_size} bytes; sha256 of the source's text:")
    print(hashlib.sha256(raw).hexdigest())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
