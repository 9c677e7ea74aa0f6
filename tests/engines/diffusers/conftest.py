"""What the diffusers engine's tests use: pipelines of random weights."""

from tests.miniatures.fixtures import miniature, torch

__all__ = ["miniature", "torch"]
