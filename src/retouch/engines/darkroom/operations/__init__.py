"""What the darkroom can do: one operation is one function, found by its name.

An operation takes a `Scene` and keyword parameters, and returns a `Raster` of the same size. It paints the
whole picture; regions, preservation and the mask are laid over it by the engine. An operation that the lexicon
says ``reframes`` returns a `Raster` of another size, which a
function beside it named ``<operation>_size`` foretells.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Protocol

from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import Raster


class Operation(Protocol):
    __name__: str

    def __call__(self, scene: Scene, /, *, amount: float = 1.0) -> Raster: ...


_HOMES = {
    "sunset": "sunset",
    "golden_hour": "sunset",
    "vintage": "looks",
    "black_and_white": "looks",
    "sepia": "looks",
    "noir": "looks",
    "cinematic": "looks",
    "faded": "looks",
    "vivid": "looks",
    "warmer": "looks",
    "cooler": "looks",
    "brighter": "looks",
    "darker": "looks",
    "watercolour": "styles",
    "oil_painting": "styles",
    "remove_background": "background",
    "fill": "fill",
    "extend": "fill",
    "sunglasses": "props",
}
"""Where each operation lives; modules are loaded when one of theirs is first asked for."""


def names() -> tuple[str, ...]:
    return tuple(_HOMES)


def find(name: str) -> Operation:
    """The operation of that name. Raises KeyError if there is none."""
    module = importlib.import_module(f"{__name__}.{_HOMES[name]}")
    operation: Operation = getattr(module, name)
    return operation


def size_after(
    name: str, size: tuple[int, int], sources: Sequence[tuple[int, int]], **params: object
) -> tuple[int, int]:
    """The size (width, height) that a reframing operation makes of a picture of ``size``. ``sources``: the sizes
    of the pictures sent. Raises KeyError if there is no such operation."""
    module = importlib.import_module(f"{__name__}.{_HOMES[name]}")
    foretell: Callable[..., tuple[int, int]] = getattr(module, f"{name}_size")
    return foretell(size, sources, **params)
