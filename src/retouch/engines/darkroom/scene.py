"""A picture with what the darkroom knows about it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.errors import UnsupportedInstruction
from retouch.imaging.raster import F32, Raster
from retouch.imaging.resample import resize

if TYPE_CHECKING:
    from retouch.engines.darkroom.vision.faces import Face
    from retouch.engines.darkroom.vision.sky import Sky


class Scene:
    """What an operation is given: the picture as the steps so far left it, and analyses of the original.

    The analyses are made when first asked for and kept while the steps go by: an operation changes colours
    and textures, not where things are, and a network sees an untouched photograph best.

    ``picture``: the current state. ``original``: as it was before the first step, same size.
    ``sources``: the pictures that came with the instruction, in the order sent; empty where there is but this one.
    ``weight``: float32 (height, width), 1 where the picture may change, 0 where it is protected; None where
    all of it may. ``seed`` feeds `rng`; ``variation`` in -1..1 asks for another tasteful rendering of the
    same instruction, 0 is the one designed. ``quality``: "low" | "medium" | "high".
    """

    def __init__(
        self,
        picture: Raster,
        *,
        weight: F32 | None = None,
        seed: int = 0,
        variation: float = 0.0,
        quality: str = "medium",
        sources: tuple[Raster, ...] = (),
    ) -> None:
        self.picture = picture
        self.original = picture
        self.weight = weight
        self.seed = seed
        self.variation = variation
        self.quality = quality
        self.sources = sources

    def rng(self, salt: int = 0) -> np.random.Generator:
        """A generator that depends on the seed and on ``salt`` (one an operation) alone."""
        return np.random.default_rng([self.seed, salt])

    def source(self, number: int, *, side: int | None = None) -> Scene:
        """A scene of the picture that was sent as ``number`` (from 1), its longer side brought down to at most
        ``side`` pixels. Raises `UnsupportedInstruction` if there is no such picture."""
        if not 1 <= number <= len(self.sources):
            raise UnsupportedInstruction(f"The instruction speaks of image {number}, which was not sent.")
        raster = self.sources[number - 1]
        if side is not None and max(raster.size) > side:
            scale = side / max(raster.size)
            raster = resize(raster, (max(1, round(raster.width * scale)), max(1, round(raster.height * scale))))
        return Scene(raster, seed=self.seed, variation=self.variation, quality=self.quality, sources=self.sources)

    def learn_from(self, other: Scene) -> None:
        """Take over the analyses that ``other``, a scene of the same photograph, has made already: all of them
        if it has the same size, otherwise the saliency, which a network saw at a size of its own anyway."""
        made = vars(other)
        if other.original.size == self.original.size:
            vars(self).update({name: made[name] for name in ("saliency", "matte", "sky", "faces") if name in made})
        elif "saliency" in made:
            small: F32 = other.saliency
            vars(self)["saliency"] = cv2.resize(small, self.original.size, interpolation=cv2.INTER_LINEAR)

    @cached_property
    def saliency(self) -> F32:
        """How much each pixel belongs to the subject: float32 (height, width) in 0..1, soft edges."""
        from retouch.engines.darkroom.vision.saliency import find_saliency

        return find_saliency(self.original.rgb)

    @cached_property
    def matte(self) -> F32:
        """The subject's alpha, its edges refined: float32 (height, width) in 0..1."""
        from retouch.engines.darkroom.vision.matte import find_matte

        return find_matte(self.original.rgb, self.saliency)

    @cached_property
    def sky(self) -> Sky:
        """The sky's alpha and how sure of it we are."""
        from retouch.engines.darkroom.vision.sky import find_sky

        return find_sky(self.original.rgb)

    @cached_property
    def faces(self) -> list[Face]:
        """The faces, largest first."""
        from retouch.engines.darkroom.vision.faces import find_faces

        return find_faces(self.original.rgb)
