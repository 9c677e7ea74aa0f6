"""Cases that coverage leads to: one process of Atheris (libFuzzer), which keeps what reaches new code and mutates
it further. Started by `tests.security.fuzz`."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

from tests.security.tally import Tally


def main(name: str, cases: int, seed: int, folder: Path, corpus: Path) -> None:
    """Never returns: libFuzzer ends the process."""
    with atheris.instrument_imports(include=["retouch", "multipart"]):
        from tests.security.targets import load

        target = load(name)
    from tests.security.watch import Watch

    seeds = folder / "seeds"
    seeds.mkdir(exist_ok=True)
    for number, case in enumerate(target.seeds()):
        (seeds / f"{number:05}").write_bytes(case)
    words = folder / "words"
    words.write_text("\n".join(f'"{_escaped(word)}"' for word in target.words()))
    options = {
        "runs": cases,
        "seed": seed,
        "max_len": target.longest,
        "dict": words,
        "artifact_prefix": f"{folder}/",
        "reload": 0,
        "timeout": 86_400,  # our parent looks at the clock; 0 is no time at all
        "rss_limit_mb": 4096,
        "verbosity": 0,
    }
    atheris.Setup(
        [sys.argv[0], *(f"-{option}={value}" for option, value in options.items()), str(seeds)],
        Watch(target, Tally(folder / "tally"), corpus),
    )
    atheris.Fuzz()


def _escaped(word: str) -> str:
    """As libFuzzer reads it in a dictionary."""
    return "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in word.encode()
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]), Path(sys.argv[5]))
