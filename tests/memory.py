"""Analyses of photographs, remembered for tests that ask for many edits of the same ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from retouch.engines.darkroom.vision import crowd, doubt, faces, matte, saliency, sky

LOOKS = (
    (saliency, "find_saliency"),
    (saliency, "glance"),
    (doubt, "settled"),
    (matte, "find_matte"),
    (sky, "find_sky"),
    (faces, "find_faces"),
    (crowd, "find_every_face"),
)
"""What `retouch.engines.darkroom.scene.Scene` asks for, each a function of pixels alone."""


@contextmanager
def remembered() -> Iterator[None]:
    """While it is entered, no photograph is analysed twice."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in LOOKS:
            patch.setattr(module, name, _once(getattr(module, name)))
        yield


def _once(look: Callable[..., Any]) -> Callable[..., Any]:
    known: dict[tuple[object, ...], Any] = {}

    def see(*pictures: np.ndarray, **how: object) -> Any:
        key = (
            *((picture.shape, hashlib.sha256(picture.tobytes()).digest()) for picture in pictures),
            *sorted(how.items()),
        )
        if key not in known:
            known[key] = look(*pictures, **how)
        return known[key]

    return see
