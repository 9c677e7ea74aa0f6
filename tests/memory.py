"""Analyses and fillings of photographs, remembered for tests that ask for many edits of the same ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from retouch.engines.darkroom.operations import patchmatch
from retouch.engines.darkroom.vision import crowd, doubt, faces, matte, saliency, sky

LOOKS = (
    (saliency, "find_saliency"),
    (saliency, "glance"),
    (doubt, "settled"),
    (matte, "find_matte"),
    (sky, "find_sky"),
    (faces, "find_faces"),
    (crowd, "find_every_face"),
    (patchmatch, "paint"),
    (patchmatch, "trace"),
)
"""What `retouch.engines.darkroom.scene.Scene` and fillings ask for, each a function of its arguments alone."""


@contextmanager
def remembered() -> Iterator[None]:
    """While it is entered, no photograph is analysed twice, and no hole of it is filled twice."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in LOOKS:
            patch.setattr(module, name, _once(getattr(module, name)))
        yield


def _once(look: Callable[..., Any]) -> Callable[..., Any]:
    known: dict[tuple[object, ...], Any] = {}

    def see(*given: object, **how: object) -> Any:
        key = (*map(_digest, given), *sorted((name, _digest(value)) for name, value in how.items()))
        if key not in known:
            known[key] = look(*given, **how)
        return known[key]

    return see


def _digest(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, hashlib.sha256(value.tobytes()).digest()
    return value
