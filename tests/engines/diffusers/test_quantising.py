"""Narrowed weights: nearly the same pictures, and as small as was reckoned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from retouch.engines.diffusers import loader, quantising
from retouch.engines.diffusers.checkpoint import checkpoint
from retouch.engines.diffusers.options import Options
from retouch.engines.diffusers.placement import Placement
from retouch.engines.diffusers.weights import Quantise
from tests.miniatures.fixtures import Miniature

pytestmark = pytest.mark.usefixtures("torch")


def _load(miniature: Miniature, name: str, **options: Any) -> loader.Loaded:
    plain = {"model": "mine", "device": "cpu", "dtype": "bfloat16", "quantise": "none", "offload": "none"}
    return loader.load(checkpoint(miniature(name)), Options(**{**plain, **options}))


def _paint(pipeline: Any, seed: int = 3) -> Any:
    import torch
    from PIL import Image

    picture = Image.fromarray(np.random.default_rng(5).integers(0, 255, (64, 96, 3), dtype=np.uint8))
    told: dict[str, Any] = {"prompt": "a red door", "image": picture, "num_inference_steps": 2}
    if hasattr(pipeline, "_blocks"):
        told |= {"width": 96, "height": 64, "output": "images"}
    found = pipeline(**told, generator=torch.Generator().manual_seed(seed))
    return np.asarray((found if isinstance(found, list) else found.images)[0]).astype(np.float32)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", ["flux2_klein", "instruct_pix2pix", "flux3_klein"])
@pytest.mark.parametrize(
    ("way", "library", "far"), [("8bit", "torchao", 0.1), ("4bit", "bitsandbytes", 1.0), ("fp8", "diffusers", 0.3)]
)
def test_a_narrowed_model_paints_nearly_the_same_and_weighs_what_was_reckoned(
    miniature: Miniature, name: str, way: Quantise, library: str, far: float
) -> None:
    """``far``: of the distance between two seeds. Random weights suffer from 4 bits as no trained ones do."""
    pytest.importorskip(library)
    exact, narrowed = _load(miniature, name), _load(miniature, name, quantise=way)
    expected = _paint(exact.pipeline)
    distance = np.abs(_paint(narrowed.pipeline) - expected).mean()
    assert distance < far * np.abs(_paint(exact.pipeline, seed=9) - expected).mean()
    assert narrowed.nbytes == loader.size(narrowed.pipeline)
    assert narrowed.nbytes == pytest.approx(narrowed.placement.need, rel=0.04)
    assert narrowed.nbytes < exact.nbytes


@pytest.mark.parametrize(("way", "library"), [("8bit", "torchao"), ("4bit", "bitsandbytes")])
def test_a_missing_library_is_named(way: Quantise, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantising, "_has", lambda name: False)
    with pytest.raises(ValueError, match=f"pip install {library}"):
        quantising.config(_placement("cuda:0", way), ["transformer"])


def test_what_a_device_cannot_do_is_refused() -> None:
    with pytest.raises(ValueError, match="Apple's device cannot do"):
        quantising.check(_placement("mps", "fp8"))


def test_bitsandbytes_weights_are_not_offloaded_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantising, "_has", lambda name: name == "bitsandbytes")
    with pytest.raises(ValueError, match="choose the offload 'model'"):
        quantising.check(Placement("cuda:0", "bfloat16", "4bit", "group", 1, False, 1))


def test_the_last_layer_is_left_as_it_is_on_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("bitsandbytes")
    found = quantising.config(_placement("cuda:0", "4bit"), ["transformer", "text_encoder", "vae"]).quant_mapping
    assert set(found) == {"transformer", "text_encoder"}
    assert found["transformer"].llm_int8_skip_modules == ["proj_out"]
    assert found["text_encoder"].bnb_4bit_quant_type == "nf4"


def _placement(device: str, way: Quantise) -> Placement:
    return Placement(device, "bfloat16", way, "none", 1, False, 1)
