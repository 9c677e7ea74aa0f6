"""A picture with what the darkroom knows about it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from retouch.engines.darkroom.filters import shrink
from retouch.errors import UnsupportedInstruction
from retouch.imaging.raster import F32, Raster
from retouch.imaging.resample import resize

if TYPE_CHECKING:
    from retouch.engines.darkroom.vision.crowd import Oval
    from retouch.engines.darkroom.vision.faces import Face
    from retouch.engines.darkroom.vision.sky import Sky

SEEN_CLOSELY = 1024
"""The longer side, in pixels, of a picture in which a larger one would show hardly a face more."""

OUTLINED = 512
"""The longer side, in pixels, of a matte that tells where the subject is and not how its edge runs."""


class Scene:
    """What an operation is given: the picture as the steps so far left it, and analyses of the original.

    The analyses are made when first asked for and kept while the steps go by: an operation changes colours
    and textures, not where things are, and a network sees an untouched photograph best.

    ``picture``: the current state. ``original``: as it was before the first step, same size.
    ``sources``: the pictures that came with the instruction, in the order sent; empty where there is but this one.
    ``weight``: float32 (height, width), 1 where the picture may change, 0 where it is protected; None where
    all of it may. ``seed`` feeds `rng`; ``variation`` in -1..1 asks for another tasteful rendering of the
    same instruction, 0 is the one designed. ``quality``: "low" | "medium" | "high". ``hurried``: somebody waits to
    be shown something, so what a glance makes certain is not looked at more closely yet.
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
        hurried: bool = False,
    ) -> None:
        self.picture = picture
        self.original = picture
        self.weight = weight
        self.seed = seed
        self.variation = variation
        self.quality = quality
        self.sources = sources
        self._others: dict[tuple[int, int | None], Scene] = {}
        self._closer: Scene | None = None
        self._hasty = False
        self._hurried = hurried
        self._presumed = False

    def rng(self, salt: int = 0) -> np.random.Generator:
        """A generator that depends on the seed and on ``salt`` (one an operation) alone."""
        return np.random.default_rng([self.seed, salt])

    def source(self, number: int, *, side: int | None = None) -> Scene:
        """A scene of the picture that was sent as ``number`` (from 1), its longer side brought down to at most
        ``side`` pixels. The same one comes back when asked for again, with what it has seen by then. Raises
        `UnsupportedInstruction` if there is no such picture."""
        if not 1 <= number <= len(self.sources):
            raise UnsupportedInstruction(f"The instruction speaks of image {number}, which was not sent.")
        if (number, side) in self._others:
            return self._others[number, side]
        raster = self.sources[number - 1]
        if side is not None and max(raster.size) > side:
            scale = side / max(raster.size)
            raster = resize(raster, (max(1, round(raster.width * scale)), max(1, round(raster.height * scale))))
        other = Scene(raster, seed=self.seed, variation=self.variation, quality=self.quality, sources=self.sources)
        for (seen, _), view in self._others.items():
            if seen == number:
                other.learn_from(view)
        self._others[number, side] = other
        return other

    def learn_from(self, other: Scene) -> None:
        """Take over the analyses that ``other``, a scene of the same photograph, has made already: all of them
        if it has the same size, otherwise where the subject is, which was seen at a size of its own anyway."""
        if other._hasty:
            return
        made = vars(other)
        if self.sources == other.sources:
            self._others = other._others
        # Its places are shares of the picture; a view as large has seen as small ones.
        if "crowd" in made and max(other.original.size) >= min(SEEN_CLOSELY, max(self.original.size)):
            vars(self)["crowd"] = other.crowd
        if other.original.size == self.original.size:
            seen = ("glimpse", "saliency", "decided", "matte", "sky", "faces", "portraits")
            vars(self).update({name: made[name] for name in seen if name in made})
            return
        for name in {"glimpse", "saliency", "decided"} & made.keys():
            vars(self)[name] = cv2.resize(made[name], self.original.size, interpolation=cv2.INTER_LINEAR)

    def share_with(self, other: Scene, *, hasty: bool = False) -> None:
        """See what ``other``, a scene of the same photograph, sees: what it has seen already, as `learn_from`, and
        where it is the larger one, through its eyes from now on. A coarse pass so looks but once, and for all.
        ``hasty``: what it has not seen yet is only glanced at, and not for others, so that something can be shown
        soon."""
        self.learn_from(other)
        if max(other.original.size) > max(self.original.size):
            self._closer, self._hasty = other, hasty

    def _glances_at(self, name: str) -> bool:
        """Whether the analysis of that name should be quick rather than good."""
        return self._hasty and name not in vars(self._closer)

    @cached_property
    def saliency(self) -> F32:
        """How much each pixel belongs to the subject: float32 (height, width) in 0..1, soft edges."""
        from retouch.engines.darkroom.vision.saliency import find_saliency

        if self._glances_at("saliency"):
            return self.glimpse
        if self._closer is not None:
            return _shrunk(self._closer.saliency, self.original.size)
        return find_saliency(self.original.rgb)

    @cached_property
    def glimpse(self) -> F32:
        """As `saliency`, but rough and quick: for what need not know an edge."""
        from retouch.engines.darkroom.vision.saliency import glance

        if self._closer is not None:
            return _shrunk(self._closer.glimpse, self.original.size)
        return glance(self.original.rgb)

    @property
    def stands_out(self) -> bool:
        """Whether there is a clear subject."""
        from retouch.engines.darkroom.vision.saliency import is_clear, is_plain

        if self._hurried and "saliency" not in vars(self) and is_plain(self.glimpse):
            self._presumed = True
            return True
        return is_clear(self.saliency)

    def make_sure(self) -> None:
        """Look closely at what `stands_out` only glanced at, so that others can learn it."""
        if self._presumed:
            _ = self.saliency

    @cached_property
    def decided(self) -> F32:
        """`saliency` without its broad doubts, for what parts the subject from its ground."""
        from retouch.engines.darkroom.vision.doubt import settled

        if self._closer is not None and not self._hasty:
            return _shrunk(self._closer.decided, self.original.size)
        return settled(self.original.rgb, self.saliency)

    @cached_property
    def matte(self) -> F32:
        """The subject's alpha, its edges refined: float32 (height, width) in 0..1."""
        from retouch.engines.darkroom.vision.matte import find_matte

        return find_matte(self.original.rgb, self.decided)

    @cached_property
    def outline(self) -> F32:
        """As `matte`, its longer side at most `OUTLINED` pixels: for what need not know an edge to the pixel."""
        from retouch.engines.darkroom.vision.matte import find_matte

        if "matte" in vars(self):
            return np.asarray(shrink(self.matte, OUTLINED), np.float32)
        small = np.ascontiguousarray(shrink(self.original.rgb, OUTLINED), dtype=np.uint8)
        return find_matte(small, np.asarray(shrink(self.decided, OUTLINED), np.float32))

    @cached_property
    def sky(self) -> Sky:
        """The sky's alpha and how sure of it we are."""
        if self._closer is not None and not self._glances_at("sky"):
            sky = self._closer.sky
            return replace(sky, alpha=_shrunk(sky.alpha, self.original.size))
        from retouch.engines.darkroom.vision.sky import find_sky

        return find_sky(self.original.rgb)

    @cached_property
    def faces(self) -> list[Face]:
        """The faces, largest first."""
        from retouch.engines.darkroom.vision.faces import find_faces

        if self._glances_at("faces"):
            return find_faces(self.original.rgb, hasty=True)
        if self._closer is not None:
            return [face.scaled(self.original.width / self._closer.original.width) for face in self._closer.faces]
        return find_faces(self.original.rgb)

    @cached_property
    def portraits(self) -> list[Face]:
        """As `faces`, but only the large upright ones, found soon: for what a small one makes no difference to."""
        from retouch.engines.darkroom.vision.faces import find_faces

        if self._closer is not None:
            scale = self.original.width / self._closer.original.width
            return [face.scaled(scale) for face in self._closer.portraits]
        return find_faces(self.original.rgb, hasty=True)

    @cached_property
    def crowd(self) -> list[Oval]:
        """Where faces may be, small and half hidden ones too: for what had better cover too many than too few."""
        if self._closer is not None:
            return self._closer.crowd
        from retouch.engines.darkroom.vision.crowd import find_every_face

        return find_every_face(self.original.rgb)


def _shrunk(weight: F32, size: tuple[int, int]) -> F32:
    return cv2.resize(weight, size, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)
