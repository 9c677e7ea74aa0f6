"""Adapters and other files that go with a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from retouch.engines.diffusers import additions, loader
from retouch.engines.diffusers.additions import AdditionMissing, denoiser_file, hub_file, lora_file, loras
from retouch.engines.diffusers.checkpoint import checkpoint
from retouch.engines.diffusers.options import Lora, Options
from retouch.engines.diffusers.presets import preset
from tests.miniatures.fixtures import Miniature

LIGHTNING = "qwen-edit-2511-lightning"


def test_where_the_options_are_silent_the_preset_brings_its_adapters() -> None:
    known = preset(LIGHTNING)
    assert known is not None
    assert loras(Options(model=LIGHTNING)) == known.loras
    assert known.loras
    assert loras(Options(model=LIGHTNING, loras=())) == ()
    assert loras(Options(model="owner/name")) == ()


def test_an_adapter_is_found_in_its_folder_and_must_be_named_among_several(tmp_path: Path) -> None:
    (tmp_path / "one.safetensors").touch()
    assert lora_file(Lora(source=str(tmp_path))) == tmp_path / "one.safetensors"
    assert lora_file(Lora(source=str(tmp_path / "one.safetensors"))) == tmp_path / "one.safetensors"
    (tmp_path / "two.safetensors").touch()
    with pytest.raises(ValueError, match="several adapters, and weight_name says which: one"):
        lora_file(Lora(source=str(tmp_path)))
    assert lora_file(Lora(source=str(tmp_path), weight_name="two.safetensors")) == tmp_path / "two.safetensors"
    with pytest.raises(AdditionMissing, match=r"three.safetensors' is not on this machine"):
        lora_file(Lora(source=str(tmp_path), weight_name="three.safetensors"))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("owner/name/file.gguf", ("owner/name", "file.gguf")),
        ("owner/name/deep/file.gguf", ("owner/name", "deep/file.gguf")),
        ("owner/name.gguf", ("", "")),
        ("/owner/name/file.gguf", ("", "")),
        ("../name/file.gguf", ("", "")),
        ("owner/name/../file.gguf", ("", "")),
    ],
)
def test_a_file_of_the_hub_is_owner_name_and_its_path(source: str, expected: tuple[str, str]) -> None:
    assert hub_file(source) == expected


def test_a_denoiser_is_neither_a_pickle_nor_missing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="neither a GGUF nor a safetensors file"):
        denoiser_file(str(tmp_path / "it.ckpt"))
    with pytest.raises(AdditionMissing, match="not on this machine"):
        denoiser_file(str(tmp_path / "it.gguf"))


def test_a_preset_s_adapter_made_by_peft_is_loaded_and_fused(
    torch: Any, miniature: Miniature, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peft = pytest.importorskip("peft")
    folder = checkpoint(miniature("qwen_image_edit_plus"))
    plain: dict[str, Any] = {"device": "cpu", "dtype": "float32", "quantise": "none", "offload": "none"}
    trained = loader.load(folder, Options(model="mine", **plain)).pipeline
    layers = ["to_q", "to_out.0"]
    config = peft.LoraConfig(r=2, lora_alpha=2, target_modules=layers, init_lora_weights=False)
    trained.transformer.add_adapter(config)
    made = peft.utils.get_peft_model_state_dict(trained.transformer)
    type(trained).save_lora_weights(str(tmp_path), transformer_lora_layers=made)
    own = preset(LIGHTNING)
    assert own is not None
    ours = own.model_copy(update={"loras": (Lora(source=str(tmp_path), scale=0.5),)})
    monkeypatch.setattr(additions, "preset", lambda name: ours)
    fused = loader.load(folder, Options(model=LIGHTNING, **plain)).pipeline.transformer
    block = trained.transformer.transformer_blocks[0].attn.to_q
    expected = block.base_layer.weight + 0.5 * block.lora_B["default"].weight @ block.lora_A["default"].weight
    torch.testing.assert_close(fused.transformer_blocks[0].attn.to_q.weight, expected, atol=1e-4, rtol=1e-4)
    assert not any("lora" in name for name, _ in fused.named_modules())
