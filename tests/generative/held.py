"""A server's workers that paint small pictures, with their denoising steps counted, and held up where a test asks.

They are started through this file, as through `tests.miniatures.small`, and talk to the test by files in a
folder: ``steps`` grows by a byte before each step, and once it has as many as ``hold`` says, the step waits until
that file is gone.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.abc
import importlib.machinery
import runpy
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

_SCHEDULERS: Mapping[str, str] = {
    "diffusers.schedulers.scheduling_ddim": "DDIMScheduler",
    "diffusers.schedulers.scheduling_euler_discrete": "EulerDiscreteScheduler",
    "diffusers.schedulers.scheduling_flow_match_euler_discrete": "FlowMatchEulerDiscreteScheduler",
}
"""Module to its class: those of the miniatures."""

_SMALL = Path(__file__).resolve().parents[1] / "miniatures" / "small.py"


class Steps:
    """The test's end of ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._steps = folder / "steps"
        self._hold = folder / "hold"
        self._steps.touch()

    @property
    def count(self) -> int:
        """How many steps have begun since the workers were started."""
        return self._steps.stat().st_size

    @contextlib.contextmanager
    def held(self, ahead: int) -> Iterator[int]:
        """Until the block is left, the step that is so many ahead waits; the count that it then is."""
        number = self.count + ahead
        whole = self._hold.with_suffix(".new")
        whole.write_text(str(number))
        whole.rename(self._hold)
        try:
            yield number
        finally:
            self._hold.unlink()

    def wait(self, count: int) -> None:
        """Until so many have begun."""
        end = time.monotonic() + 60
        while self.count < count:
            assert time.monotonic() < end, f"there were {self.count} steps, not {count}"
            time.sleep(0.005)


def workers(folder: Path) -> Path:
    """Write a program into ``folder``, to be run in place of the interpreter, and give its path. It works in one
    thread, since there are other processes beside it."""
    program = folder / "held-python"
    command = shlex.join([sys.executable, "-P", str(Path(__file__).resolve()), str(folder)])
    program.write_text(f'#!/bin/sh\nOMP_NUM_THREADS=1 exec {command} "$@"\n')
    program.chmod(0o755)
    return program


def _held(step: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    steps, hold = folder / "steps", folder / "hold"

    @functools.wraps(step)  # pipelines look at the signature
    def held(*given: Any, **named: Any) -> Any:
        with steps.open("ab") as file:
            file.write(b".")
        with contextlib.suppress(FileNotFoundError):
            while steps.stat().st_size >= int(hold.read_text()):
                time.sleep(0.005)
        return step(*given, **named)

    return held


class _Loader(importlib.abc.Loader):
    """Another loader, after which the scheduler's steps are held."""

    def __init__(self, loader: importlib.abc.Loader, folder: Path) -> None:
        self._loader = loader
        self._folder = folder

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        scheduler = getattr(module, _SCHEDULERS[module.__name__])
        scheduler.step = _held(scheduler.step, self._folder)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in _SCHEDULERS:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._folder)
        return spec


if __name__ == "__main__":
    sys.meta_path.insert(0, _Finder(Path(sys.argv.pop(1))))
    runpy.run_path(str(_SMALL), run_name="__main__")
