"""Small pictures for the classes that always work at about a megapixel.

Qwen-Image-Edit (+Plus, +Inpaint), LongCat and JoyAI scale their pictures to an area that no argument of the call
sets, so that an edit by their miniatures takes seconds. Each works the size out in one function of its module, and
that function is replaced here by one that asks the same for a smaller area. The engine knows the sizes that JoyAI
keeps to, and is told smaller ones too.

Run as a program, in place of the interpreter, this file runs the module that it is told to, with the functions
replaced as their modules are imported: a process which imports none of them imports nothing more than it would.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.abc
import importlib.machinery
import math
import runpy
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

AREA = 128 * 96
"""Pixels."""

_Function = Callable[..., Any]


def _bounded(dimensions: _Function) -> _Function:
    """Of ``dimensions(area, ratio)``."""

    @functools.wraps(dimensions)
    def smaller(target_area: float, ratio: float) -> Any:
        return dimensions(min(target_area, AREA), ratio)

    return smaller


def _shrunken(bucket: _Function) -> _Function:
    """Of ``bucket(height, width, base)``, which picks from a list of (height, width)."""

    @functools.wraps(bucket)
    def smaller(height: int, width: int, basesize: int) -> tuple[int, int]:
        return _shrink(bucket(height, width, basesize))

    return smaller


def _shrink(size: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, math.sqrt(AREA / (size[0] * size[1])))
    first, second = (max(32, round(side * scale / 32) * 32) for side in size)
    return first, second


def _narrowed(table: _Function) -> _Function:
    """Of ``table()``, the engine's own, which lists such sizes too."""

    @functools.cache
    def smaller() -> Any:
        own = table()
        return replace(own, buckets={name: tuple(map(_shrink, sizes)) for name, sizes in own.buckets.items()})

    return smaller


_DIMENSIONS = ("calculate_dimensions", _bounded)
_REPLACED: Mapping[str, tuple[str, Callable[[_Function], _Function]]] = {
    "diffusers.pipelines.qwenimage.pipeline_qwenimage_edit": _DIMENSIONS,
    "diffusers.pipelines.qwenimage.pipeline_qwenimage_edit_inpaint": _DIMENSIONS,
    "diffusers.pipelines.qwenimage.pipeline_qwenimage_edit_plus": _DIMENSIONS,
    # An argument sets this one, but in another unit than the others and not in every call.
    "diffusers.pipelines.qwenimage21.pipeline_qwenimage21": _DIMENSIONS,
    "diffusers.pipelines.longcat_image.pipeline_longcat_image_edit": _DIMENSIONS,
    "diffusers.pipelines.joyimage.image_processor": ("find_best_bucket", _shrunken),
    "retouch.engines.diffusers.families": ("table", _narrowed),
}
"""Module to the name of its function, and what makes the smaller one of it."""


def _replace(module: ModuleType) -> None:
    name, smaller = _REPLACED[module.__name__]
    setattr(module, name, smaller(getattr(module, name)))


@contextlib.contextmanager
def small() -> Iterator[None]:
    """In this process, pictures are of at most `AREA` pixels in the classes that would enlarge them."""
    with contextlib.ExitStack() as stack:
        for path, (name, _) in _REPLACED.items():
            module = importlib.import_module(path)
            stack.callback(setattr, module, name, getattr(module, name))
            _replace(module)
        yield


class _Loader(importlib.abc.Loader):
    """Another loader, after which the module's function is replaced."""

    def __init__(self, loader: importlib.abc.Loader) -> None:
        self._loader = loader

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        _replace(module)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the modules of `_REPLACED` where they are."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in _REPLACED:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


def _run(arguments: Sequence[str]) -> None:
    """``-P -m MODULE ARGUMENTS…``, as the interpreter would."""
    sys.meta_path.insert(0, _Finder())
    module = arguments.index("-m") + 1
    sys.argv = list(arguments[module:])
    runpy.run_module(arguments[module], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _run(sys.argv[1:])
