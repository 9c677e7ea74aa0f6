from __future__ import annotations

import importlib.util

import pytest

from retouch.engines.diffusers import signature as module
from retouch.engines.diffusers.signature import DiffusersMissing, UnknownPipeline, exists, signature
from tests.miniatures.fixtures import needs_libraries

pytestmark = needs_libraries


def test_names_come_in_order_with_their_defaults() -> None:
    call = signature("Flux2KleinPipeline")
    assert call.names[:4] == ("image", "prompt", "height", "width")
    assert call.defaults["guidance_scale"] == 4.0
    assert call.defaults["text_encoder_out_layers"] == (9, 18, 27)
    assert not call.modular


def test_a_default_that_is_computed_is_worked_out() -> None:
    assert signature("FluxKontextPipeline").defaults["max_area"] == 1024**2


def test_an_argument_without_a_default_is_required() -> None:
    assert signature("OmniGenPipeline").required == {"prompt"}


def test_a_modular_pipeline_has_the_inputs_of_its_blocks() -> None:
    call = signature("Flux3ModularPipeline")
    assert call.modular
    assert {"prompt", "image", "negative_prompt", "num_inference_steps", "width", "generator"} <= set(call.names)
    assert call.defaults["num_images_per_prompt"] == 1
    assert "prompt" in call.required
    assert "negative_prompt" not in signature("Flux3DistilledModularPipeline")


def test_a_class_that_does_not_exist_is_unknown() -> None:
    for name in ("NoSuchPipeline", "../pipelines", ""):
        with pytest.raises(UnknownPipeline):
            signature(name)
    assert not exists("NoSuchPipeline")


def test_a_class_that_is_no_pipeline_states_no_call() -> None:
    with pytest.raises(UnknownPipeline, match="states nowhere"):
        signature("ImagePipelineOutput")


def test_without_the_library_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    for cached in (module.signature, module._class, module._sources):
        cached.cache_clear()
    try:
        with pytest.raises(DiffusersMissing, match=r"pip install 'retouch\[diffusers\]'"):
            signature("FluxPipeline")
    finally:
        for cached in (module.signature, module._class, module._sources):
            cached.cache_clear()
