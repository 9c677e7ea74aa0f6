"""Transparent backgrounds from models that paint none: another engine cuts the subject out.

It is reached as the service reaches it, by its name and the interface of engines: nothing here knows how it works.
"""

from __future__ import annotations

import numpy as np

from retouch.engines.base import CancelToken, Canvas, EditJob, Engine, Picture
from retouch.engines.registry import build
from retouch.errors import TargetNotFound, UnsupportedInstruction
from retouch.imaging.raster import Raster

ENGINE = "darkroom"
INSTRUCTION = "Remove the background"


class Matting:
    """Cuts subjects out, with an engine that is built when first needed. ``name``: which."""

    def __init__(self, name: str = ENGINE) -> None:
        self._name = name
        self._engine: Engine | None = None

    def cut_out(self, picture: Raster, cancel: CancelToken, *, required: bool = True) -> Raster:
        """``picture`` with its background transparent; of its size.

        Where no subject stands out it comes back as it is, or, if the client asked for it (``required``),
        `TargetNotFound` is raised, its parameter ``background``. Raises `Cancelled`.
        """
        engine = self._ready()
        source, size = Raster(picture.rgb), picture.size
        job = EditJob(sources=(source,), prompt=INSTRUCTION, size=size, auto_size=size)
        canvas = Canvas(source, np.ones((picture.height, picture.width), np.float32), (0, 0, *size))
        try:
            painted = list(engine.edit(job, engine.plan(job), canvas, cancel))
        except (TargetNotFound, UnsupportedInstruction):
            if not required:
                return picture
            raise TargetNotFound(
                "No clear subject stands out in the result, so its background cannot be made transparent. Ask for"
                " a picture with one main subject, or leave out 'background'.",
                param="background",
            ) from None
        return next(one.raster for one in painted if isinstance(one, Picture))

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def _ready(self) -> Engine:
        if self._engine is None:
            engine = build(self._name)
            if not isinstance(engine, Engine) or engine.capabilities.place == "loop":
                raise TypeError(f"the engine {self._name!r} paints nothing here")
            self._engine = engine
        return self._engine
