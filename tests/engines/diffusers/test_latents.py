"""Layouts of latents; that each family's pictures come out right is seen in tests/generative."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("torch")


@pytest.mark.parametrize(
    ("length", "size", "found"),
    [(48, (128, 96), (6, 8)), (48, (96, 128), (8, 6)), (36, (100, 101), (6, 6)), (7, (70, 10), (1, 7))],
)
def test_the_grid_of_tokens_is_that_of_the_pictures_aspect(
    length: int, size: tuple[int, int], found: tuple[int, int]
) -> None:
    from retouch.engines.diffusers.latents import grid

    assert grid(length, size) == found


@pytest.mark.parametrize("patch", [1, 2])
def test_tokens_are_patches_row_by_row(torch: Any, patch: int) -> None:
    from retouch.engines.diffusers.latents import spread

    latents = torch.arange(2 * 3 * (2 * patch) * (4 * patch)).reshape(2, 3, 2 * patch, 4 * patch)
    patches = latents.view(2, 3, 2, patch, 4, patch).permute(0, 2, 4, 1, 3, 5)
    tokens = patches.reshape(2, 8, 3 * patch * patch)
    assert torch.equal(spread(tokens, 3, (40, 20)), latents)


def test_tokens_that_are_no_patches_are_refused(torch: Any) -> None:
    from retouch.engines.diffusers.latents import spread

    with pytest.raises(ValueError, match="no patches"):
        spread(torch.zeros(1, 8, 7), 3, (40, 20))


def test_of_patches_of_several_pictures_the_first_are_joined(torch: Any) -> None:
    from retouch.engines.diffusers.latents import joined

    latents = torch.arange(2 * 3 * 4 * 6).reshape(2, 3, 1, 4, 6)
    patches = latents.view(2, 3, 1, 2, 2, 3, 2).permute(0, 3, 5, 1, 2, 4, 6).reshape(2, 6, 3, 1, 2, 2)
    others = torch.zeros(2, 5, 3, 1, 2, 2, dtype=patches.dtype)
    assert torch.equal(joined(torch.cat([patches, others], 1), (48, 32), 8), latents)
    with pytest.raises(RuntimeError):
        joined(patches, (480, 320), 8)


def test_a_layout_nobody_knows_gives_no_picture(torch: Any) -> None:
    from types import SimpleNamespace

    from retouch.engines.diffusers.latents import decode

    assert decode(SimpleNamespace(vae=object()), torch.zeros(1, 2, 3, 4, 5, 6, 7), (8, 8)) is None
    assert decode(SimpleNamespace(), torch.zeros(1, 4, 2, 2), (8, 8)) is None
