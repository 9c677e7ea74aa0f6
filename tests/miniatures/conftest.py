"""What the miniatures' own tests use."""

from tests.miniatures.fixtures import miniature, torch

__all__ = ["miniature", "torch"]
