"""Fixtures to be imported into a conftest."""

from __future__ import annotations

import contextlib
import fcntl
import gc
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

LIBRARIES = ("torch", "diffusers", "transformers")
"""Seconds to import, and every test process collects every file: only fixtures and tests may import them."""

needs_libraries = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in LIBRARIES), reason="needs retouch[diffusers]"
)

Miniature = Callable[[str], Path]


@pytest.fixture(scope="module")
def torch() -> Iterator[Any]:
    """The library, which works in one thread while this module's tests run: threads of several processes would
    wait for one another. Skips the test where it is missing."""
    known = set(os.environ)
    library, *_ = [pytest.importorskip(name) for name in LIBRARIES]
    threads = library.get_num_threads()
    library.set_num_threads(1)
    # What these libraries are made of is no garbage, but a search for some takes half a second with them. They
    # import most of themselves when a model is loaded: a fixture that keeps one freezes again.
    gc.freeze()
    yield library
    gc.unfreeze()
    library.set_num_threads(threads)
    for name in set(os.environ) - known:  # torch tells its own processes where it keeps what it compiled
        del os.environ[name]


@pytest.fixture(scope="session")
def miniature(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Miniature:
    """``miniature("flux2_klein")`` is the folder of that pipeline, built once for the whole run. Nothing in it may
    be changed. Skips the test where torch or diffusers is missing."""
    folder = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):  # each worker's own folder is in one that they share
        folder = folder.parent

    def built(name: str) -> Path:
        for library in LIBRARIES:
            pytest.importorskip(library)
        from tests.miniatures.building import build

        return shared(name, folder / "miniatures", build)

    return built


def shared(name: str, folder: Path, build: Callable[[str, Path], Path]) -> Path:
    """``folder`` / ``name``, built if it isn't there; whoever asks meanwhile waits for it."""
    finished = folder / name
    folder.mkdir(exist_ok=True)
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            part = folder / f"{name}.part"
            shutil.rmtree(part, ignore_errors=True)
            build(name, part).rename(finished)
    return finished


@contextlib.contextmanager
def started_by(program: Path) -> Iterator[None]:
    """Servers' workers that are started meanwhile run in ``program`` in place of the interpreter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("retouch.service.process.sys", SimpleNamespace(**{**vars(sys), "executable": str(program)}))
        yield
