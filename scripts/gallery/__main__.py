"""Write ``docs/gallery/``: every operation of the darkroom before and after, with its time.

Usage: python -m scripts.gallery [operation ...]; without names, all of them and the page.
"""

from __future__ import annotations

import io
import statistics
import sys
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from scripts.gallery.drawings import DRAWINGS

from retouch.engines.base import Canvas, EditJob, Never, Picture
from retouch.engines.darkroom.engine import DarkroomEngine
from retouch.engines.darkroom.understanding.vocabulary import Operation, vocabulary
from retouch.errors import RetouchError
from retouch.imaging.canvas import lay_out
from retouch.imaging.composite import composite
from retouch.imaging.decode import decode
from retouch.imaging.limits import PixelLimits
from retouch.imaging.raster import F32, U8, Raster
from retouch.imaging.resample import resize

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GALLERY = ROOT / "docs" / "gallery"
PHOTOGRAPHS = ROOT / "tests" / "data" / "photos"

WORKING_SIDE = 1024
"""The longer side, in pixels, of the pictures edited; what is timed is the whole edit, understanding and all."""
SHOWN_HEIGHT = 160
GAP = 6
RUNS = 1
QUALITY = 74


@dataclass(frozen=True)
class Row:
    """One operation's line on the page."""

    operation: Operation
    instruction: str
    milliseconds: float
    file: str


def photograph(name: str) -> Raster:
    """A photograph of the tests, or a drawing made here, its longer side at `WORKING_SIDE` pixels; "tilted-" and a
    name: as a camera held askew would have taken it."""
    if name.startswith("tilted-"):
        return tilted(photograph(name.removeprefix("tilted-")), 4.0)
    if name in DRAWINGS:
        return DRAWINGS[name](WORKING_SIDE)
    data = (PHOTOGRAPHS / f"{name}.jpg").read_bytes()
    raster = decode(io.BytesIO(data), limits=PixelLimits(), position=1)
    scale = WORKING_SIDE / max(raster.size)
    return resize(raster, (round(raster.width * scale), round(raster.height * scale)))


def tilted(raster: Raster, degrees: float) -> Raster:
    """The middle of ``raster`` turned by so much, without empty corners."""
    centre = (raster.width / 2, raster.height / 2)
    turn = cv2.getRotationMatrix2D(centre, degrees, 1.14)
    return Raster(np.asarray(cv2.warpAffine(raster.rgb, turn, raster.size, flags=cv2.INTER_CUBIC), np.uint8))


def edited(engine: DarkroomEngine, sources: Sequence[Raster], prompt: str, mask: F32 | None) -> Raster:
    """What a request without a size gives."""
    job = EditJob(sources=tuple(sources), prompt=prompt, mask=mask, seeds=(1,), auto_size=sources[0].size)
    plan = engine.plan(job)
    laid = lay_out(sources[0], mask, plan.size or sources[0].size)
    canvas = Canvas(base=laid.base, weight=laid.weight, box=laid.box)
    pictures = [shown for shown in engine.edit(job, plan, canvas, Never()) if isinstance(shown, Picture)]
    painted = pictures[0].raster
    return painted if plan.composes or mask is None else composite(canvas.base, painted, canvas.weight)


def ellipse(raster: Raster, shares: Sequence[float]) -> F32:
    left, top, right, bottom = shares
    mask = np.zeros((raster.height, raster.width), np.float32)
    centre = (round((left + right) / 2 * raster.width), round((top + bottom) / 2 * raster.height))
    radii = (round((right - left) / 2 * raster.width), round((bottom - top) / 2 * raster.height))
    cv2.ellipse(mask, centre, radii, 0, 0, 360, 1.0, -1)
    return mask


def shown(raster: Raster) -> U8:
    """``raster`` at the page's height, what is transparent on a chequerboard."""
    small = resize(raster, (max(1, round(raster.width * SHOWN_HEIGHT / raster.height)), SHOWN_HEIGHT))
    if small.alpha is None:
        return small.rgb
    y, x = np.mgrid[: small.height, : small.width] // 8
    board = np.where((x + y) % 2 == 0, np.uint8(235), np.uint8(200))[..., None].astype(np.float32)
    alpha = small.alpha[..., None].astype(np.float32) / np.float32(255)
    return np.asarray(small.rgb * alpha + board * (1 - alpha), np.uint8)


def strip(pictures: Sequence[Raster]) -> U8:
    gap = np.full((SHOWN_HEIGHT, GAP, 3), 255, np.uint8)
    parts = [part for raster in pictures for part in (shown(raster), gap)]
    return np.ascontiguousarray(np.hstack(parts[:-1]))


def make_row(engine: DarkroomEngine, operation: Operation, settings: dict[str, Any]) -> Row:
    """Do the operation's example to its photographs and save the strip. Raises `RetouchError`."""
    instruction = settings.get("instruction", operation.example)
    pictures: list[Raster] = []
    times: list[float] = []
    for name in settings["photographs"]:
        others = settings.get("others", ["coffee", "cat"])[: operation.sources - 1]
        sources = [photograph(name), *map(photograph, others)]
        mask = ellipse(sources[0], settings["mask"]) if "mask" in settings else None
        for _ in range(RUNS):
            started = time.process_time()
            after = edited(engine, sources, instruction, mask)
            times.append(time.process_time() - started)
        pictures += [*sources, after]
    file = f"{operation.name}.jpg"
    Image.fromarray(strip(pictures)).save(GALLERY / file, quality=QUALITY, optimize=True, progressive=True)
    return Row(operation, instruction, statistics.median(times) * 1000, file)


def page(rows: Sequence[Row]) -> str:
    text = (HERE / "page.md").read_text("utf-8").rstrip() + "\n"
    for family, group in groupby(rows, key=lambda row: row.operation.family):
        text += f"\n## {family.capitalize()}\n\n"
        for row in group:
            text += (
                f"**{row.operation.name.replace('_', ' ')}** · “{row.instruction}” · {row.milliseconds:.0f} ms\n\n"
                f"![before and after]({row.file})\n\n"
            )
    return text.rstrip() + "\n"


def main(wanted: Sequence[str]) -> None:
    cv2.setNumThreads(1)
    GALLERY.mkdir(parents=True, exist_ok=True)
    settings = tomllib.loads((HERE / "rows.toml").read_text("utf-8"))
    engine = DarkroomEngine()
    rows = []
    for name, operation in vocabulary().operations.items():
        if wanted and name not in wanted:
            continue
        try:
            row = make_row(engine, operation, settings["default"] | settings.get(name, {}))
        except RetouchError as error:
            raise SystemExit(f"{name}: {error.message}") from None
        print(f"{name:22}{row.milliseconds:7.0f} ms  {row.instruction}", flush=True)
        rows.append(row)
    if not wanted:
        stale = {file.name for file in GALLERY.glob("*.jpg")} - {row.file for row in rows}
        for name in stale:
            (GALLERY / name).unlink()
        (GALLERY / "README.md").write_text(page(rows), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
