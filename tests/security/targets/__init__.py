"""One module a target, found by its name."""

from __future__ import annotations

import importlib

from tests.security.targets.target import Target

NAMES = ("multipart", "pictures", "masks", "sizes", "instructions")


def load(name: str) -> Target:
    """The target of this name; the parts of Retouch that it needs are imported only now."""
    target = importlib.import_module(f"tests.security.targets.{name}").TARGET
    assert isinstance(target, Target)
    return target
