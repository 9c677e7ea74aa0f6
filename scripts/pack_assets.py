"""Packs the drawings that can be put into a picture: ``python scripts/pack_assets.py package/icons.json``.

``icons.json`` is that of the npm package ``@iconify-json/fluent-emoji``; SOURCES.md beside the packed file says
which release. Those that things.toml names are taken.
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

from retouch.engines.darkroom.assets.pack import pack

FOLDER = Path(__file__).parent.parent / "src/retouch/engines/darkroom/assets"


def drawings(icons: Path) -> dict[str, str]:
    """What stands inside the ``<svg>`` of each drawing that is wanted, by name."""
    found: dict[str, dict[str, str]] = json.loads(icons.read_text("utf-8"))["icons"]
    wanted = tomllib.loads((FOLDER / "things.toml").read_text("utf-8"))
    names = sorted(line.split("|")[0].replace(" ", "-") for lines in wanted.values() for line in lines)
    return {name: found[name]["body"] for name in names}


if __name__ == "__main__":
    chosen = drawings(Path(sys.argv[1]))
    target = FOLDER / "things.xz"
    target.write_bytes(pack(chosen))
    print(f"{len(chosen)} drawings, {target.stat().st_size / 1e6:.2f} MB")
