"""From a folder to a pipeline that is ready, and what is said when it cannot be."""

from __future__ import annotations

import functools
import gc
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from retouch.engines.diffusers import loader, placement, weights
from retouch.engines.diffusers.checkpoint import checkpoint
from retouch.engines.diffusers.options import Lora, Options
from tests.miniatures.fixtures import Miniature

pytestmark = pytest.mark.usefixtures("torch")
_PLAIN = {"model": "mine", "device": "cpu", "dtype": "float32", "quantise": "none", "offload": "none"}


def _load(folder: Path, **options: Any) -> loader.Loaded:
    return loader.load(checkpoint(folder), Options(**{**_PLAIN, **options}))


@pytest.fixture(scope="module")
def plain(torch: Any, miniature: Miniature) -> Any:
    """A pipeline of which nothing may be changed."""
    pipeline = _load(miniature("flux2_klein")).pipeline
    gc.freeze()
    return pipeline


def _copy(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to / folder.name)
    return to / folder.name


def _paint(pipeline: Any, **arguments: Any) -> Any:
    import torch

    picture = Image.fromarray(np.random.default_rng(5).integers(0, 255, (64, 96, 3), dtype=np.uint8))
    return np.asarray(
        pipeline(
            prompt="a red door",
            image=picture,
            num_inference_steps=2,
            generator=torch.Generator().manual_seed(3),
            **arguments,
        ).images[0]
    ).astype(np.float32)


def _living() -> int:
    import torch

    gc.collect()
    return sum(issubclass(type(each), torch.nn.Module) for each in gc.get_objects())


def test_a_loaded_pipeline_neither_trains_nor_remembers_gradients(torch: Any, plain: Any) -> None:
    for part in (plain.transformer, plain.vae, plain.text_encoder):
        assert not part.training
        assert not any(weight.requires_grad for weight in part.parameters())
    assert plain.transformer.dtype == torch.float32


def test_nothing_is_printed_while_a_model_loads(miniature: Miniature, capfd: pytest.CaptureFixture[str]) -> None:
    _load(miniature("sd15_inpaint"))
    assert capfd.readouterr() == ("", "")


def test_the_weights_are_weighed_alike_before_and_after_loading(miniature: Miniature) -> None:
    folder = miniature("flux2_klein")
    loaded = _load(folder, dtype="bfloat16")
    expected = sum(weight.size for weight in weights.parts(folder, checkpoint(folder).components).values())
    assert loaded.nbytes == pytest.approx(expected, rel=0.02)
    assert loaded.placement.need == expected


def test_on_a_cpu_with_bfloat16_the_automatics_choose_it_and_the_vaes_layout(
    torch: Any, miniature: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placement, "_cpu_bf16", lambda: True)
    loaded = _load(miniature("sd15_inpaint"), dtype="auto", quantise="auto", offload="auto")
    assert loaded.pipeline.unet.dtype == torch.bfloat16
    kernel = loaded.pipeline.vae.decoder.conv_in.weight
    assert kernel.is_contiguous(memory_format=torch.channels_last)
    monkeypatch.setattr(placement, "_cpu_bf16", lambda: False)
    assert _load(miniature("sd15_inpaint"), dtype="auto").pipeline.unet.dtype == torch.float32


def test_a_vae_made_for_films_keeps_its_layout(miniature: Miniature) -> None:
    assert _load(miniature("qwen_image_21")).pipeline.vae is not None


@pytest.mark.parametrize("name", ["qwen_image_edit_plus", "longcat_edit"])
def test_models_that_see_load_without_torchvision(miniature: Miniature, name: str) -> None:
    pipeline = _load(miniature(name)).pipeline
    processor = getattr(pipeline, "processor", None) or pipeline.text_processor
    assert type(processor).__name__ == "Qwen2VLProcessor"
    assert processor.image_token_id == processor.tokenizer.convert_tokens_to_ids("<|image_pad|>")


def test_a_modular_pipeline_loads_from_a_folder_that_was_moved(miniature: Miniature, tmp_path: Path) -> None:
    folder = _copy(miniature("flux3_klein"), tmp_path)
    file = folder / "modular_model_index.json"
    index = json.loads(file.read_text())
    for part in index.values():
        if isinstance(part, list):
            part[2]["pretrained_model_name_or_path"] = "/where/it/was/saved"
    file.write_text(json.dumps(index))
    pipeline = _load(folder).pipeline
    assert not pipeline.transformer.training
    assert pipeline.vae is not None
    assert pipeline.text_encoder is not None


def test_a_part_without_its_configuration_is_an_error(miniature: Miniature, tmp_path: Path) -> None:
    folder = _copy(miniature("flux3_klein"), tmp_path)
    (folder / "text_encoder" / "config.json").unlink()
    with pytest.raises(loader.LoadFailed, match=r"lacks the config\.json of text_encoder"):
        _load(folder)


def test_the_masked_sibling_shares_every_weight_and_casts_none(torch: Any, miniature: Miniature) -> None:
    pipeline = _load(miniature("flux2_klein"), dtype="bfloat16").pipeline
    sibling = loader.masked(pipeline, "Flux2KleinInpaintPipeline")
    assert sibling.transformer is pipeline.transformer
    assert pipeline.transformer.dtype == torch.bfloat16
    assert sibling.config.is_distilled == pipeline.config.is_distilled


def test_an_adapter_is_fused_into_the_weights(
    torch: Any, plain: Any, miniature: Miniature, tmp_path: Path
) -> None:
    from safetensors.torch import save_file

    name, layer = next(
        (name, module)
        for name, module in plain.transformer.named_modules()
        if name.endswith("to_q") and isinstance(module, torch.nn.Linear)
    )
    down = torch.randn(2, layer.in_features, generator=torch.Generator().manual_seed(1))
    up = torch.randn(layer.out_features, 2, generator=torch.Generator().manual_seed(2))
    keys = f"transformer.{name}.lora_"
    save_file({f"{keys}A.weight": down, f"{keys}B.weight": up}, tmp_path / "style.safetensors")
    lora = Lora(source=str(tmp_path), weight_name="style.safetensors", scale=0.5)
    fused = _load(miniature("flux2_klein"), loras=(lora,)).pipeline
    change = fused.transformer.get_submodule(name).weight - layer.weight
    torch.testing.assert_close(change, 0.5 * up @ down, atol=1e-4, rtol=1e-4)
    assert not any("lora" in part for part, _ in fused.transformer.named_modules())


def test_an_adapter_that_is_not_there_is_named(miniature: Miniature, tmp_path: Path) -> None:
    lora = Lora(source=str(tmp_path), weight_name="missing.safetensors")
    with pytest.raises(loader.LoadFailed, match=r"missing\.safetensors"):
        _load(miniature("flux2_klein"), loras=(lora,))


def test_fp8_halves_the_denoiser_and_paints_nearly_the_same(miniature: Miniature) -> None:
    folder = miniature("instruct_pix2pix")
    exact, stored = _load(folder), _load(folder, quantise="fp8")
    assert stored.nbytes < 0.8 * exact.nbytes
    assert np.abs(_paint(exact.pipeline) - _paint(stored.pipeline)).mean() < 16


def test_an_attention_backend_is_set_and_an_unknown_one_refused(miniature: Miniature) -> None:
    folder = miniature("flux2_klein")
    processors = _load(folder, attention="native").pipeline.transformer.attn_processors
    assert {str(processor._attention_backend.value) for processor in processors.values()} == {"native"}
    with pytest.raises(loader.LoadFailed, match="no_such_backend"):
        _load(folder, attention="no_such_backend")


@pytest.mark.parametrize("offload", ["group", "model"])
@pytest.mark.parametrize("name", ["flux2_klein", "sd15_inpaint"])
def test_what_is_offloaded_paints_the_same(
    miniature: Miniature, monkeypatch: pytest.MonkeyPatch, name: str, offload: placement.Offload
) -> None:
    """There is nowhere to offload to from a CPU: that all is wired up and called as it should be is what shows."""
    further = {"mask_image": Image.new("L", (96, 64), 255)} if name == "sd15_inpaint" else {}
    expected = _paint(_load(miniature(name)).pipeline, **further)
    staged = functools.partial(replace, offload=offload)
    monkeypatch.setattr(loader, "place", lambda *args, **ways: staged(placement.place(*args, **ways)))
    loaded = _load(miniature(name))
    assert loaded.nbytes == 0
    np.testing.assert_allclose(_paint(loaded.pipeline, **further), expected, atol=1)


def test_a_writer_of_prompts_is_left_out_unless_it_is_wanted(miniature: Miniature, tmp_path: Path) -> None:
    folder = _copy(miniature("flux3_klein"), tmp_path)
    file = folder / "modular_model_index.json"
    index = json.loads(file.read_text())
    names = ["transformers", "Qwen3_5ForConditionalGeneration"]
    index["prompt_upsampler"] = [*names, {"type_hint": names, "subfolder": "prompt_upsampler"}]
    file.write_text(json.dumps(index))
    (folder / "prompt_upsampler").mkdir()
    (folder / "prompt_upsampler" / "model.bin").touch()
    assert "prompt_upsampler" not in _load(folder).pipeline._blocks.sub_blocks
    with pytest.raises(loader.LoadFailed, match="weights of prompt_upsampler"):
        _load(folder, rewrite=True)


def test_a_modular_pipeline_paints_without_progress_bars(
    miniature: Miniature, capfd: pytest.CaptureFixture[str]
) -> None:
    import torch

    pipeline = _load(miniature("flux3_klein")).pipeline
    pipeline(
        prompt="a red door",
        image=Image.new("RGB", (96, 64)),
        width=96,
        height=64,
        num_inference_steps=2,
        generator=torch.Generator().manual_seed(3),
        output="images",
    )
    assert capfd.readouterr() == ("", "")


def test_a_truncated_file_is_named_and_nothing_of_the_model_stays(miniature: Miniature, tmp_path: Path) -> None:
    folder = _copy(miniature("sd15_inpaint"), tmp_path)
    file = next((folder / "unet").glob("*.safetensors"))
    file.write_bytes(file.read_bytes()[:-1000])
    before = _living()
    with pytest.raises(weights.Damaged, match=rf"{file.name} is damaged .*pull the model again"):
        _load(folder)
    assert _living() == before


def test_a_missing_file_is_told_in_one_sentence_and_nothing_of_the_model_stays(
    miniature: Miniature, tmp_path: Path
) -> None:
    folder = _copy(miniature("sd15_inpaint"), tmp_path)
    next((folder / "vae").glob("*.safetensors")).unlink()
    before = _living()
    with pytest.raises(loader.LoadFailed, match="lacks a file") as caught:
        _load(folder)
    assert _living() == before
    assert "\n" not in str(caught.value)


def test_when_memory_runs_out_nothing_of_the_model_stays(
    torch: Any, miniature: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(pipeline: Any, settled: placement.Placement) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 2.00 GiB")

    monkeypatch.setattr(loader, "_move", full)
    before = _living()
    with pytest.raises(placement.TooLarge, match="not enough memory for the model in") as caught:
        _load(miniature("sd15_inpaint"))
    assert _living() == before
    assert caught.value.__context__ is None


def test_pickled_weights_are_refused_unread(miniature: Miniature, tmp_path: Path) -> None:
    folder = _copy(miniature("sd15_inpaint"), tmp_path)
    file = next((folder / "unet").glob("*.safetensors"))
    file.rename(file.with_suffix(".bin"))
    with pytest.raises(loader.LoadFailed, match=r"the weights of unet .* are pickles"):
        _load(folder)


def test_a_variant_that_is_all_there_is_gets_loaded(miniature: Miniature, tmp_path: Path) -> None:
    folder = _copy(miniature("sd15_inpaint"), tmp_path)
    for file in folder.glob("*/*.safetensors"):
        file.rename(file.with_suffix(".fp16.safetensors"))
    assert weights.variant(folder, ["unet"]) == "fp16"
    assert _load(folder).nbytes > 0


def test_more_memory_than_the_operator_grants_is_not_taken(miniature: Miniature) -> None:
    with pytest.raises(placement.TooLarge, match=r"of cpu, where 0\.0 GiB are free"):
        _load(miniature("sd15_inpaint"), quantise="auto", memory=1 << 20)
