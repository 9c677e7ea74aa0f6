"""For interpreters with this folder on their path: long calls of a pipeline take as long as a large model's.

Each step of a call of `MANY` steps or more sleeps for `PAUSE` seconds, whoever makes it. A sleep weighs the same
on whatever is measured, which work on a machine that others share does not.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import sys
import time
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

MANY = 10
PAUSE = 0.3
_MODULE = "diffusers.schedulers.scheduling_ddim"


def _slowed(step: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(step)  # pipelines look at the signature
    def slow(self: Any, *given: Any, **named: Any) -> Any:
        if self.num_inference_steps >= MANY:
            time.sleep(PAUSE)
        return step(self, *given, **named)

    return slow


class _Loader(importlib.abc.Loader):
    """Another loader, after which the scheduler's steps are slow."""

    def __init__(self, loader: importlib.abc.Loader) -> None:
        self._loader = loader

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        module.DDIMScheduler.step = _slowed(module.DDIMScheduler.step)


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != _MODULE:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


sys.meta_path.insert(0, _Finder())
