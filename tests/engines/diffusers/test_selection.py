from __future__ import annotations

import pytest

from retouch.engines.diffusers.selection import adapters, coded, elsewhere, lacking, pickled, wanted

INDEX = {
    "_class_name": "X",
    "unet": ["diffusers", "U"],
    "vae": ["diffusers", "V"],
    "feature_extractor": [None, None],
}


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        (["m.fp16.safetensors", "m.safetensors", "m.bin"], ["m.safetensors"]),
        (["m.fp16.safetensors", "config.json"], ["config.json", "m.fp16.safetensors"]),
        (["m.bin", "m.fp16.bin", "flax_model.msgpack"], ["m.bin"]),
        (
            ["m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors", "m.fp16-00001-of-00001.safetensors"],
            ["m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors"],
        ),
        (["m.safetensors.index.json", "code.py", "m.onnx", "m.gguf"], ["m.safetensors.index.json"]),
    ],
)
def test_of_each_part_every_weight_comes_once(files: list[str], chosen: list[str]) -> None:
    assert wanted([f"unet/{name}" for name in files], INDEX) == [f"unet/{name}" for name in chosen]


def test_only_the_parts_that_the_index_names_are_wanted() -> None:
    paths = ["model_index.json", "LICENSE", "all.safetensors", "unet/a.safetensors", "onnx/unet/b.safetensors"]
    paths += ["feature_extractor/preprocessor_config.json", "photo.jpg", "vae/deep/c.json"]
    assert wanted(paths, INDEX) == ["LICENSE", "model_index.json", "unet/a.safetensors", "vae/deep/c.json"]


def test_an_adapters_repository_gives_the_file_that_is_named_or_all_at_its_top() -> None:
    paths = ["a.safetensors", "b.safetensors", "old/c.safetensors", "README.md"]
    assert adapters(paths, "b.safetensors") == ["b.safetensors"]
    assert adapters(paths, None) == ["a.safetensors", "b.safetensors"]


def test_a_modular_models_index_says_which_parts_lie_in_other_repositories() -> None:
    index = {
        "unet": ["diffusers", "U", {"repo": "owner/own", "subfolder": "unet"}],
        "vae": [None, None, {"repo": "owner/other", "subfolder": "decoder"}],
        "bad": [None, None, {"repo": "../../etc", "subfolder": "x"}],
    }
    assert elsewhere(index, "owner/own") == {"owner/other": {"decoder"}}


def test_a_part_in_a_folder_of_another_name_is_wanted_too() -> None:
    index = {"unet": ["diffusers", "U", {"repo": "owner/own", "subfolder": "denoiser"}]}
    assert wanted(["denoiser/a.safetensors", "other/b.safetensors"], index) == ["denoiser/a.safetensors"]


@pytest.mark.parametrize(
    ("files", "lacks"),
    [
        (["unet/config.json", "unet/m.safetensors", "vae/config.json", "vae/m.bin"], []),
        (["unet/config.json", "unet/m.safetensors"], ["vae"]),
        (["unet/config.json", "vae/config.json", "vae/m.safetensors"], ["unet"]),
        (["unet/a.safetensors", "unet/u.safetensors.index.json", "vae/m.safetensors"], ["unet"]),
        (["unet/a.safetensors", "unet/b.safetensors", "unet/u.safetensors.index.json", "vae/m.safetensors"], []),
    ],
)
def test_a_part_lacks_something_if_its_weights_are_not_all_there(files: list[str], lacks: list[str]) -> None:
    index = {**INDEX, "scheduler": ["diffusers", "EulerDiscreteScheduler"], "tokenizer": ["transformers", "T", {}]}
    assert lacking(files, index, lambda path: ["a.safetensors", "b.safetensors"]) == lacks


def test_pickles_and_program_code_of_a_repositorys_own_are_found() -> None:
    paths = ["unet/m.bin", "vae/m.bin", "vae/m.safetensors", "unet/mine.py", "vae/other.py"]
    assert pickled(paths, INDEX) == ["unet"]
    assert coded(paths, {**INDEX, "unet": ["mine", "U"]}) == ["unet"]
    assert coded(paths, INDEX) == []
