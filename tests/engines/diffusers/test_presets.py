from __future__ import annotations

from pathlib import Path

import pytest

from retouch.engines.diffusers.checkpoint import Checkpoint
from retouch.engines.diffusers.families import family
from retouch.engines.diffusers.options import DEFAULT_MODEL, Options
from retouch.engines.diffusers.presets import Preset, preset, presets
from tests.miniatures.fixtures import needs_libraries


def test_the_default_comes_first_and_may_be_used_commercially() -> None:
    first = next(iter(presets().values()))
    assert first.name == DEFAULT_MODEL == Options().model
    assert first.repo == "black-forest-labs/FLUX.2-klein-4B"
    assert (first.licence, first.commercial, first.steps, first.caution) == ("Apache-2.0", True, 4, None)


@needs_libraries
@pytest.mark.parametrize("known", presets().values(), ids=lambda known: known.name)
def test_a_preset_runs_by_a_pipeline_that_edits(known: Preset) -> None:
    described = family(Checkpoint(Path(), known.pipeline))
    assert known.guidance is None or described.guidance_argument is not None


@pytest.mark.parametrize("known", presets().values(), ids=lambda known: known.name)
def test_who_may_not_use_a_model_commercially_is_told(known: Preset) -> None:
    assert (known.caution is None) == (known.commercial is True)
    if known.commercial is False:
        assert known.licence is not None
        assert known.licence in (known.caution or "")


@pytest.mark.parametrize("known", presets().values(), ids=lambda known: known.name)
def test_memory_shrinks_with_the_weights(known: Preset) -> None:
    figures = [known.memory.of(how) for how in ("none", "8bit", "4bit")]
    stated = [figure for figure in figures if figure is not None]
    assert stated == sorted(stated, reverse=True)


def test_an_unknown_name_is_no_preset() -> None:
    assert preset("owner/name") is None


def test_what_is_known_of_a_model_is_known_by_its_hub_id_too() -> None:
    by_id = preset("meituan-longcat/LongCat-Image-Edit-Turbo")
    assert by_id is presets()["longcat-edit-turbo"]
    # Adapters belong to a name, not to the model that they are laid over.
    assert preset("Qwen/Qwen-Image-Edit-2511") is presets()["qwen-edit-2511"]
    assert preset("owner/name") is None
