from __future__ import annotations

from typing import Any

import pytest

from retouch.engines.diffusers.options import Options


@pytest.mark.parametrize(
    "wrong",
    [
        {"modell": "flux2-klein"},
        {"model": ""},
        {"device": "tpu"},
        {"device": "cuda:"},
        {"dtype": "int8"},
        {"quantise": "2bit"},
        {"steps": 0},
        {"guidance": float("nan")},
        {"strength": 0.0},
        {"strength": 1.5},
        {"area": 10},
        {"loras": [{"scale": 1.0}]},
        {"calls": {"no name": 1}},
    ],
)
def test_an_option_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Options(**wrong)


def test_options_come_as_they_stand_in_a_settings_file() -> None:
    options = Options(
        model="owner/name",
        device="cuda:1",
        loras=[{"source": "owner/lora", "scale": 0.8}],  # type: ignore[arg-type]
        calls={"max_sequence_length": 128},
    )
    assert options.loras is not None
    assert options.loras[0].scale == 0.8
    assert options.calls == {"max_sequence_length": 128}
