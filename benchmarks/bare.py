"""A pipeline by itself, in a process like a device's: what an engine's answer is measured against.

Started as ``python -m benchmarks.bare FOLDER``. It writes a pipeline into ``FOLDER``, says so with an empty line,
and then reads names of `CASES`, one a line, and writes for each the seconds that the bare call took and how many
of them were the processor's. What it calls the pipeline with is what the engine calls it with, picture by picture
and word by word: it listens once.

The pipeline is of a real class with parts of real classes, a text encoder and a denoiser of random weights next to
nothing wide, and the leanest of the library's VAEs: at a megapixel it takes half a second on one core, which is
little enough to see the milliseconds around it.
"""

from __future__ import annotations

import contextlib
import functools
import io
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import numpy as np

from benchmarks.photos import photograph
from benchmarks.stretched.sitecustomize import MANY
from retouch.engines.base import Canvas, EditJob, Never
from retouch.imaging.canvas import lay_out
from retouch.imaging.encode import encode
from retouch.imaging.limits import PixelLimits
from retouch.imaging.mask import read_mask
from retouch.imaging.raster import F32, Raster

SIDE = 1024
OPTIONS = {"device": "cpu", "dtype": "float32", "steps": 2, "area": SIDE * SIDE}
PROMPT = "a straw hat"


@dataclass(frozen=True)
class Case:
    """``radii``: half the width and height of the ellipse that may change, as shares of the side; None = no mask.
    ``steps``: None for the usual."""

    radii: tuple[float, float] | None
    steps: int | None = None

    def mask(self) -> bytes | None:
        """As a client sends it: transparent where it may change, with a soft rim."""
        if self.radii is None:
            return None
        alpha = np.full((SIDE, SIDE), 255, np.uint8)
        cv2.ellipse(alpha, (SIDE // 2, SIDE // 2), tuple(round(r * SIDE) for r in self.radii), 0, 0, 360, 0, -1)
        alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), 4), np.uint8)
        return encode(Raster(np.zeros((SIDE, SIDE, 3), np.uint8), alpha), "png")

    def weight(self) -> F32 | None:
        file = self.mask()
        if file is None:
            return None
        return read_mask(io.BytesIO(file), limits=PixelLimits(), source_size=(SIDE, SIDE))


CASES: Mapping[str, Case] = {
    "whole picture": Case(None),
    "masked half": Case((0.25, 0.33)),
    "masked spot": Case((0.08, 0.08)),
    "stretched, masked half": Case((0.25, 0.33), MANY),
}


def write(folder: Path) -> None:
    """The pipeline, as its author would publish it."""
    import diffusers

    from retouch.engines.diffusers.loader import quiet
    from tests.miniatures import denoisers, encoders, tokenizers

    quiet()
    tokenizer = tokenizers.clip()
    narrow = {"block_out_channels": (8, 8), "norm_num_groups": 2, "layers_per_block": 1, "cross_attention_dim": 32}
    blocks = {"down_block_types": ("DownBlock2D",) * 2, "up_block_types": ("UpBlock2D",) * 2}
    levels: dict[str, Any] = {f"{end}_block_out_channels": (4,) * 4 for end in ("encoder", "decoder")}
    levels |= {f"num_{end}_blocks": (1,) * 4 for end in ("encoder", "decoder")}
    pipeline = diffusers.StableDiffusionInpaintPipeline(
        unet=diffusers.UNet2DConditionModel(
            in_channels=9, out_channels=4, sample_size=8, mid_block_type=None, **narrow, **blocks
        ),
        vae=diffusers.AutoencoderTiny(**levels),
        text_encoder=encoders.clip(tokenizer),
        tokenizer=tokenizer,
        scheduler=denoisers.ddim(),
        safety_checker=None,
        feature_extractor=None,
        image_encoder=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(str(folder))


class Bare:
    """The pipeline in ``folder``, loaded as the engine loads it, and what the engine calls it with."""

    def __init__(self, folder: Path) -> None:
        from retouch.engines.diffusers.checkpoint import checkpoint
        from retouch.engines.diffusers.engine import DiffusersEngine
        from retouch.engines.diffusers.loader import load
        from retouch.engines.diffusers.options import Options

        options: dict[str, Any] = {"model": str(folder), **OPTIONS}
        self._pipeline = load(checkpoint(folder), Options(**options)).pipeline
        self._pipeline.set_progress_bar_config(disable=True)
        self._engine = DiffusersEngine(**options)
        self._told: dict[str, dict[str, Any]] = {}

    def run(self, name: str) -> tuple[float, float]:
        """Seconds of one call, and the processor's."""
        import torch

        if name not in self._told:
            self._told[name] = self._listen(CASES[name])
        told = {**self._told[name], "generator": torch.Generator().manual_seed(1)}
        started, busy = time.perf_counter(), time.process_time()
        self._pipeline(**told)
        return time.perf_counter() - started, time.process_time() - busy

    def _listen(self, case: Case) -> dict[str, Any]:
        """What the engine calls the pipeline with."""
        extras = {} if case.steps is None else {"num_inference_steps": case.steps}
        source = photograph(SIDE, SIDE)
        told: dict[str, Any] = {"mask": case.weight(), "seeds": (1,), "extras": extras, "fidelity": "high"}
        job = EditJob((source,), PROMPT, size=source.size, **told)
        laid = lay_out(source, job.mask, source.size)
        kind = type(self._pipeline)
        call = kind.__call__
        heard: dict[str, Any] = {}

        class Heard(Exception):
            pass

        @functools.wraps(call)  # the engine looks at what it takes
        def listen(_: Any, **told: Any) -> Any:
            heard.update(told)
            raise Heard

        canvas = Canvas(laid.base, laid.weight, laid.box)
        with mock.patch.object(kind, "__call__", listen), contextlib.suppress(Heard):
            list(self._engine.edit(job, self._engine.plan(job), canvas, Never()))
        return heard


def main(folder: Path) -> None:
    cv2.setNumThreads(1)
    write(folder)
    print(flush=True)
    bare = Bare(folder)
    for line in sys.stdin:
        print(*bare.run(line.strip()), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
