"""A denoiser from a file of its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retouch.engines.diffusers import loader, weights
from retouch.engines.diffusers.checkpoint import checkpoint
from retouch.engines.diffusers.options import Options
from tests.miniatures.fixtures import Miniature

pytestmark = pytest.mark.usefixtures("torch")


def _load(folder: Path, **options: Any) -> loader.Loaded:
    plain = {"model": "mine", "device": "cpu", "dtype": "bfloat16", "quantise": "none", "offload": "none"}
    return loader.load(checkpoint(folder), Options(**{**plain, **options}))


def _paint(pipeline: Any) -> Any:
    import torch
    from PIL import Image

    picture = Image.new("RGB", (96, 64), (90, 30, 160))
    generator = torch.Generator().manual_seed(3)
    told: dict[str, Any] = {"prompt": "a red door", "image": picture, "num_inference_steps": 2}
    return np.asarray(pipeline(**told, generator=generator).images[0]).astype(np.float32)


def _tensors(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return {name: tensor for file in weights.files(folder) for name, tensor in load_file(file).items()}


def _gguf(folder: Path, to: Path, kind: str, *, all_of_them: bool = False) -> Path:
    """What programs that write such files do: matrices in blocks, the rest as it is."""
    gguf = pytest.importorskip("gguf")
    way = gguf.GGMLQuantizationType[kind]
    block, _ = gguf.GGML_QUANT_SIZES[way]
    writer = gguf.GGUFWriter(str(to), "image")
    for name, tensor in _tensors(folder).items():
        values = tensor.float().numpy()
        if values.shape[-1] % block == 0 and (values.ndim == 2 or all_of_them):
            writer.add_tensor(name, gguf.quants.quantize(values, way), raw_dtype=way)
        else:
            writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return to


@pytest.fixture
def bare(miniature: Miniature, tmp_path: Path) -> Path:
    """A model whose own denoiser has no weights."""
    folder = tmp_path / "model"
    shutil.copytree(miniature("flux2_klein"), folder)
    for file in weights.files(folder / "transformer"):
        file.unlink()
    return folder


@pytest.mark.parametrize("kind", ["Q8_0", "BF16"])
def test_a_gguf_file_stands_for_the_denoiser(miniature: Miniature, bare: Path, tmp_path: Path, kind: str) -> None:
    file = _gguf(miniature("flux2_klein") / "transformer", tmp_path / "it.gguf", kind, all_of_them=kind == "BF16")
    loaded = _load(bare, denoiser=str(file))
    assert np.abs(_paint(loaded.pipeline) - _paint(_load(miniature("flux2_klein")).pipeline)).mean() < 6
    assert loaded.nbytes == pytest.approx(loaded.placement.need, rel=0.05)
    assert loaded.pipeline.transformer.dtype.is_floating_point


def test_four_bits_a_weight_make_it_smaller(miniature: Miniature, bare: Path, tmp_path: Path) -> None:
    file = _gguf(miniature("flux2_klein") / "transformer", tmp_path / "it.gguf", "Q4_0")
    loaded = _load(bare, denoiser=str(file), quantise="fp8")
    assert loaded.nbytes < 0.9 * _load(miniature("flux2_klein")).nbytes
    assert _paint(loaded.pipeline).std() > 0


def test_a_table_that_is_no_layer_is_unpacked(miniature: Miniature, tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    folder = miniature("z_image")
    file = _gguf(folder / "transformer", tmp_path / "it.gguf", "Q8_0")
    pipeline = _load(folder, denoiser=str(file)).pipeline
    assert pipeline.transformer.x_pad_token.shape == (1, 32)
    assert _paint(loader.masked(pipeline, "ZImageImg2ImgPipeline")).std() > 0


def test_a_safetensors_file_stands_for_the_denoiser(miniature: Miniature, bare: Path, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    file = tmp_path / "it.safetensors"
    save_file(_tensors(miniature("flux2_klein") / "transformer"), file)
    loaded, own = _load(bare, denoiser=str(file)), _load(miniature("flux2_klein"))
    np.testing.assert_array_equal(_paint(loaded.pipeline), _paint(own.pipeline))
    assert loaded.placement == own.placement


def test_a_file_of_another_model_is_refused(miniature: Miniature, bare: Path, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    tensors = _tensors(miniature("flux2_klein") / "transformer")
    save_file(
        {name: tensor for name, tensor in tensors.items() if "to_q" not in name}, tmp_path / "it.safetensors"
    )
    with pytest.raises(loader.LoadFailed, match="lacks some of the denoiser's weights"):
        _load(bare, denoiser=str(tmp_path / "it.safetensors"))


def test_what_is_no_such_file_is_refused(miniature: Miniature, tmp_path: Path) -> None:
    (tmp_path / "it.gguf").write_bytes(b"GGML")
    with pytest.raises(weights.Damaged, match="no GGUF file"):
        _load(miniature("flux2_klein"), denoiser=str(tmp_path / "it.gguf"))


def test_a_class_that_cannot_be_read_from_a_file_is_named(miniature: Miniature, tmp_path: Path) -> None:
    (tmp_path / "it.safetensors").write_bytes(b"\2\0\0\0\0\0\0\0{}")
    with pytest.raises(loader.LoadFailed, match="cannot read a LongCatImageTransformer2DModel from a file"):
        _load(miniature("longcat_edit"), denoiser=str(tmp_path / "it.safetensors"))
