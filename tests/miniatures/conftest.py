"""What the miniatures' own tests use."""

from tests.miniatures.fixtures import miniature, small_workers, torch

__all__ = ["miniature", "small_workers", "torch"]
