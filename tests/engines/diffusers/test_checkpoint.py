from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from retouch.engines.diffusers.checkpoint import ModelMissing, checkpoint, locate
from retouch.engines.diffusers.presets import presets
from retouch.engines.diffusers.signature import UnknownPipeline


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def test_an_index_tells_class_parts_and_whether_it_is_distilled(tmp_path: Path) -> None:
    index = {
        "_class_name": "Flux2KleinPipeline",
        "_diffusers_version": "0.42.1",
        "is_distilled": True,
        "vae": ["diffusers", "AutoencoderKLFlux2"],
        "safety_checker": [None, None],
    }
    write(tmp_path / "model_index.json", index)
    read = checkpoint(tmp_path)
    assert (read.pipeline, read.modular, read.distilled) == ("Flux2KleinPipeline", False, True)
    assert dict(read.components) == {"vae": "AutoencoderKLFlux2"}
    assert read.inputs is None


def test_a_modular_index_is_read_where_there_is_no_other(tmp_path: Path) -> None:
    part = {"type_hint": ["diffusers", "AutoencoderKLFlux2"], "pretrained_model_name_or_path": "owner/name"}
    index = {
        "_class_name": "Flux3DistilledModularPipeline",
        "vae": [None, None, part],
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler", {}],
    }
    write(tmp_path / "modular_model_index.json", index)
    read = checkpoint(tmp_path)
    assert (read.pipeline, read.modular, read.distilled) == ("Flux3DistilledModularPipeline", True, None)
    assert read.components["vae"] == "AutoencoderKLFlux2"
    assert read.components["scheduler"] == "FlowMatchEulerDiscreteScheduler"


@pytest.mark.parametrize(
    ("part", "configuration", "channels"),
    [
        ("unet", {"in_channels": 9, "out_channels": 4}, (9, 4)),
        ("transformer", {"in_channels": 64, "out_channels": None}, (64, 64)),
        ("transformer", {"dim": 3}, (None, None)),
    ],
)
def test_the_denoiser_tells_what_it_reads_and_writes(
    tmp_path: Path, part: str, configuration: dict[str, Any], channels: tuple[int | None, int | None]
) -> None:
    write(tmp_path / "model_index.json", {"_class_name": "StableDiffusionPipeline"})
    write(tmp_path / part / "config.json", configuration)
    read = checkpoint(tmp_path)
    assert (read.inputs, read.outputs) == channels


@pytest.mark.parametrize(
    "index", [[], {}, {"_class_name": ["pipeline_of_mine", "MyPipeline"]}, {"_class_name": "os.system"}]
)
def test_a_folder_that_brings_its_own_code_or_none_is_refused(tmp_path: Path, index: Any) -> None:
    write(tmp_path / "model_index.json", index)
    with pytest.raises(UnknownPipeline):
        checkpoint(tmp_path)


def test_a_folder_without_an_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownPipeline, match="no model"):
        checkpoint(tmp_path)
    (tmp_path / "model_index.json").write_text("{")
    with pytest.raises(UnknownPipeline, match="JSON"):
        checkpoint(tmp_path)


def test_a_local_folder_is_found_by_its_path(tmp_path: Path) -> None:
    assert locate(str(tmp_path)) == tmp_path.resolve()


def test_a_local_folder_may_be_relative_to_here_or_to_home_and_stands_above_a_hub_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "black-forest-labs" / "FLUX.2-klein-4B"
    folder.mkdir(parents=True)
    for name in (
        "black-forest-labs/FLUX.2-klein-4B",
        "./black-forest-labs/FLUX.2-klein-4B",
        "~/black-forest-labs",
    ):
        assert locate(name) in (folder, folder.parent)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pytest.importorskip("huggingface_hub")
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", ["flux2-klein", "owner/name", "owner/na me"])
def test_a_model_that_is_not_here_says_how_to_get_it(cache: Path, name: str) -> None:
    with pytest.raises(ModelMissing, match="retouch models pull") as caught:
        locate(name)
    assert caught.value.name == name
    assert caught.value.pullable


@pytest.mark.parametrize("name", ["no-such-preset", "./nowhere", "~/nowhere", "models/of/mine"])
def test_what_cannot_be_fetched_either_says_what_is_looked_for(cache: Path, name: str) -> None:
    with pytest.raises(ModelMissing, match="there is no such folder") as caught:
        locate(name)
    assert not caught.value.pullable


def test_a_preset_is_found_in_the_hubs_cache_without_network(cache: Path) -> None:
    repository = cache / "models--black-forest-labs--FLUX.2-klein-4B"
    snapshot = repository / "snapshots" / ("0" * 40)
    write(snapshot / "model_index.json", {"_class_name": "Flux2KleinPipeline"})
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40)
    assert locate("flux2-klein") == snapshot
    assert locate("black-forest-labs/FLUX.2-klein-4B") == snapshot
    (snapshot / "model_index.json").unlink()
    with pytest.raises(ModelMissing):
        locate("flux2-klein")


def test_a_preset_whose_place_is_not_known_asks_for_it() -> None:
    nowhere = [known.name for known in presets().values() if known.repo is None]
    for name in nowhere:
        with pytest.raises(ValueError, match="hub id"):
            locate(name)
