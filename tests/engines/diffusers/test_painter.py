"""The painter, on miniatures of the real classes."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from retouch.engines.base import CancelToken, Never, Picture, Preview
from retouch.engines.diffusers.call import Call
from retouch.errors import Cancelled, DeviceFull, OutOfMemory
from retouch.imaging.raster import F32, Raster
from tests.miniatures import small
from tests.miniatures.fixtures import Miniature

pytestmark = pytest.mark.usefixtures("torch")
Painters = Callable[[str], Any]


class After:
    """Cancelled once it has been asked so many times."""

    def __init__(self, asked: int) -> None:
        self.left = asked

    def cancelled(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.fixture(scope="module")
def painters(torch: Any, miniature: Miniature) -> Iterator[Painters]:
    """``painters(name)`` is the painter of that miniature, the same one every time: no call leaves a trace."""
    from retouch.engines.diffusers.checkpoint import checkpoint
    from retouch.engines.diffusers.families import family, with_mask
    from retouch.engines.diffusers.loader import quiet
    from retouch.engines.diffusers.painter import Painter
    from tests.miniatures.building import reload

    quiet()
    made: dict[str, Painter] = {}

    def painter(name: str) -> Painter:
        if name not in made:
            model = checkpoint(miniature(name))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made[name] = Painter(reload(model.folder), family(model), with_mask(model))
            gc.freeze()
        return made[name]

    with small.small():
        yield painter
    for one in made.values():
        one.close()


def picture(seed: int = 0) -> Raster:
    rows = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    return Raster(np.ascontiguousarray(rows.repeat(16, axis=0).repeat(16, axis=1)))


def mask() -> F32:
    made = np.zeros((96, 128), np.float32)
    made[32:64, 32:96] = 1
    return made


def asked(**changed: Any) -> Call:
    first: dict[str, Any] = {
        "prompt": "a red hat",
        "images": (picture(),),
        "mask": None,
        "size": (128, 96),
        "seeds": (1,),
        "steps": 3,
    }
    return Call(**{**first, **changed})


def pixels(painter: Any, call: Call, cancel: CancelToken | None = None) -> list[Any]:
    painted = painter.paint(call, cancel or Never())
    return [one.raster.rgb.astype(int) for one in painted if isinstance(one, Picture)]


def apart(one: Any, other: Any) -> int:
    return int(np.abs(one - other).max())


FAMILIES = ("flux2_klein", "instruct_pix2pix")
"""One whose latents are tokens of a transformer, and one whose latents are a grid; tests/generative has all."""


@pytest.mark.parametrize("name", FAMILIES)
def test_a_preview_of_the_last_step_is_the_result(painters: Painters, name: str) -> None:
    told = list(painters(name).paint(asked(previews=3), Never()))
    assert [type(one) for one in told] == [Preview, Preview, Preview, Picture]
    np.testing.assert_array_equal(told[2].raster.rgb, told[3].raster.rgb)
    assert apart(told[0].raster.rgb.astype(int), told[3].raster.rgb.astype(int)) > 1


@pytest.mark.parametrize("name", ["flux2_klein", "sd3_inpaint"])
def test_a_preview_of_the_last_step_is_the_result_with_a_mask_too(painters: Painters, name: str) -> None:
    told = list(painters(name).paint(asked(previews=3, mask=mask(), strength=1.0), Never()))
    assert apart(told[-2].raster.rgb.astype(int), told[-1].raster.rgb.astype(int)) <= 1


@pytest.mark.parametrize("name", FAMILIES)
def test_a_cancelled_call_stops_at_the_next_step_and_leaves_nothing_behind(painters: Painters, name: str) -> None:
    painter = painters(name)
    undisturbed = pixels(painter, asked())
    cancel = After(2)  # asked before the work and after each step
    with pytest.raises(Cancelled):
        pixels(painter, asked(prompt="another", seeds=(9,)), cancel)
    assert cancel.left == -1
    np.testing.assert_array_equal(pixels(painter, asked()), undisturbed)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", ["flux2_klein", "sd15_inpaint"])
def test_pictures_of_one_call_are_those_of_single_calls_with_their_seeds(
    painters: Painters, name: str, masked: bool
) -> None:
    painter = painters(name)
    weight = mask() if masked else None
    both = pixels(painter, asked(seeds=(1, 2), mask=weight))
    alone = [*pixels(painter, asked(seeds=(1,), mask=weight)), *pixels(painter, asked(seeds=(2,), mask=weight))]
    assert max(apart(one, other) for one, other in zip(both, alone, strict=True)) <= 1
    assert apart(both[0], both[1]) > 1


def test_a_full_device_paints_pictures_one_by_one(
    torch: Any, painters: Painters, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter = painters("flux2_klein")
    whole = pixels(painter, asked(seeds=(1, 2)))
    vae = painter._base.vae
    decode = vae.decode

    def narrow(latents: Any, **kwargs: Any) -> Any:
        if len(latents) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return decode(latents, **kwargs)

    monkeypatch.setattr(vae, "decode", narrow)
    told = pixels(painter, asked(seeds=(1, 2)))
    assert max(apart(one, other) for one, other in zip(told, whole, strict=True)) <= 1


def test_a_fuller_device_decodes_in_tiles_and_only_then(
    painters: Painters, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter = painters("flux2_klein")
    vae = painter._base.vae
    decode = vae.decode

    def narrow(latents: Any, **kwargs: Any) -> Any:
        if not vae.use_tiling:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return decode(latents, **kwargs)

    monkeypatch.setattr(vae, "decode", narrow)
    assert len(pixels(painter, asked())) == 1
    assert not vae.use_tiling


def test_too_full_a_device_is_told_and_works_again_afterwards(
    torch: Any, painters: Painters, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter = painters("flux2_klein")
    undisturbed = pixels(painter, asked())

    def full(*_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(painter._base.vae, "decode", full)
        with pytest.raises(DeviceFull) as told:
            pixels(painter, asked(seeds=(1, 2), previews=2))
    assert isinstance(told.value, OutOfMemory)
    assert told.value.retry is None
    np.testing.assert_array_equal(pixels(painter, asked()), undisturbed)


def test_previews_that_fail_do_not_fail_the_picture(painters: Painters, monkeypatch: pytest.MonkeyPatch) -> None:
    painter = painters("flux2_klein")
    monkeypatch.setattr("retouch.engines.diffusers.painter.decode", lambda *_: 1 / 0)
    assert [type(one) for one in painter.paint(asked(previews=2), Never())] == [Picture]


def test_nobody_left_to_take_pictures_ends_the_work(painters: Painters) -> None:
    painter = painters("flux2_klein")
    undisturbed = pixels(painter, asked())
    painting = painter.paint(asked(steps=50, previews=3), Never())
    next(painting)
    painting.close()
    np.testing.assert_array_equal(pixels(painter, asked()), undisturbed)


def test_previews_divide_the_work_evenly() -> None:
    from retouch.engines.diffusers.painter import moments

    assert moments(4, 3) == [1, 2, 3]
    assert moments(50, 3) == [13, 25, 38]
    assert moments(2, 3) == [1, 2]
    assert moments(1, 1) == [1]
    assert moments(9, 0) == []
