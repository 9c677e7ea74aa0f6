"""Where models go: the automatics, by table."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from retouch.engines.diffusers.placement import GIB, Machine, Placement, TooLarge, place
from retouch.engines.diffusers.weights import Quantise, Weight

_KLEIN = {"transformer": 7.26, "text_encoder": 7.49, "vae": 0.16}
_QWEN = {"transformer": 38.0, "text_encoder": 15.4, "vae": 0.24}
_SDXL = {"unet": 4.78, "text_encoder": 0.23, "text_encoder_2": 1.29, "vae": 0.16}
_BOTH: frozenset[Quantise] = frozenset({"fp8", "8bit", "4bit"})
_BARE: frozenset[Quantise] = frozenset({"fp8"})


_TABLES = {"text_encoder": 0.72, "vae": 0.16}
"""GiB that nothing narrows: tables of words, convolutions."""


def _parts(gib: Mapping[str, float]) -> dict[str, Weight]:
    return {name: _weight(size, _TABLES.get(name, 0)) for name, size in gib.items()}


def _weight(gib: float, kept: float) -> Weight:
    """Of a network of forty blocks."""
    size, matrices = round(gib * GIB), max(0, round((gib - kept) * GIB))
    return Weight(size, matrices, castable=matrices, block=size // 40, tensor=round(kept * GIB) or size // 100)


def _card(gib: float, quantises: frozenset[Quantise] = _BOTH, host: float = 120, *, bf16: bool = True) -> Machine:
    """A card of which the driver and others hold 3 %."""
    total = round(gib * GIB)
    return Machine("cuda:0", total, round(total * 0.97), bf16, round(host * GIB), quantises)


def _processor(gib: float, quantises: frozenset[Quantise] = _BARE, *, bf16: bool = True) -> Machine:
    """A computer whose system holds 1.5 GiB."""
    free = round((gib - 1.5) * GIB)
    return Machine("cpu", round(gib * GIB), free, bf16, free, quantises)


def _words(placement: Placement) -> str:
    return f"{placement.dtype} {placement.quantise} {placement.offload}"


@pytest.mark.parametrize(
    ("parts", "machine", "expected"),
    [
        (_KLEIN, _card(80), "bfloat16 none none"),
        (_KLEIN, _card(24), "bfloat16 none none"),
        (_KLEIN, _card(12), "bfloat16 none model"),
        (_KLEIN, _card(12, host=12), "bfloat16 8bit none"),
        (_KLEIN, _card(8), "bfloat16 4bit none"),
        (_KLEIN, _card(8, _BARE), "bfloat16 none group"),
        (_QWEN, _card(80), "bfloat16 none none"),
        (_QWEN, _card(24), "bfloat16 4bit none"),
        (_QWEN, _card(24, _BARE), "bfloat16 fp8 model"),
        (_QWEN, _card(12), "bfloat16 none group"),
        (_QWEN, _card(8), "bfloat16 none group"),
        (_SDXL, _card(80), "bfloat16 none none"),
        (_SDXL, _card(24), "bfloat16 none none"),
        (_SDXL, _card(12), "bfloat16 none none"),
        (_SDXL, _card(8), "bfloat16 none none"),
        (_SDXL, _card(7), "bfloat16 none model"),
        (_SDXL, _card(12, bf16=False), "float16 none none"),
        (_KLEIN, _processor(16), "bfloat16 fp8 none"),
        (_KLEIN, _processor(32), "bfloat16 none none"),
        (_KLEIN, _processor(64), "bfloat16 none none"),
        (_KLEIN, _processor(64, bf16=False), "float32 none none"),
        (_KLEIN, _processor(32, bf16=False), "bfloat16 none none"),
        (_QWEN, _processor(64), "bfloat16 none none"),
        (_SDXL, _processor(16), "bfloat16 none none"),
        (_SDXL, _processor(16, bf16=False), "float32 none none"),
    ],
)
def test_the_most_faithful_way_that_fits_is_taken(
    parts: Mapping[str, float], machine: Machine, expected: str
) -> None:
    placement = place(machine, _parts(parts))
    assert _words(placement) == expected
    assert placement.need <= machine.free


@pytest.mark.parametrize("gib", [16, 32])
def test_a_model_that_fits_in_no_way_is_refused_with_what_it_needs(gib: float) -> None:
    with pytest.raises(
        TooLarge, match=r"needs at least [\d.]+ GiB of cpu, where [\d.]+ GiB are free: .*choose a small"
    ):
        place(_processor(gib), _parts(_QWEN))


def test_who_lacks_the_library_that_would_make_it_fit_is_told_its_name() -> None:
    with pytest.raises(TooLarge, match="pip install bitsandbytes"):
        place(_card(8, _BARE, host=8), _parts(_KLEIN))


def test_what_the_operator_settles_narrows_the_ways() -> None:
    assert _words(place(_card(12), _parts(_KLEIN), offload="none")) == "bfloat16 8bit none"
    assert _words(place(_card(80), _parts(_KLEIN), quantise="4bit")) == "bfloat16 4bit none"
    assert _words(place(_card(80), _parts(_KLEIN), dtype="float32")) == "float32 none none"
    assert _words(place(_card(24), _parts(_KLEIN), dtype="float32")) == "float32 none model"


def test_an_operator_who_has_settled_everything_is_obeyed() -> None:
    settled = place(_card(8), _parts(_QWEN), quantise="none", offload="none")
    assert _words(settled) == "bfloat16 none none"


def test_there_is_nothing_to_offload_to_from_the_cpu() -> None:
    with pytest.raises(ValueError, match="the device is the cpu"):
        place(_processor(64), _parts(_KLEIN), offload="model")


def test_little_spare_memory_has_the_vae_tile_sooner() -> None:
    assert place(_card(80), _parts(_KLEIN)).tiled_above == 2 << 20
    assert place(_card(7), _parts(_SDXL), offload="none", quantise="none").tiled_above < 1 << 20


def test_a_placement_describes_itself_for_the_log() -> None:
    assert place(_card(8), _parts(_KLEIN)).describe() == "cuda:0, bfloat16, 4bit, 4.8 GiB"
    assert place(_card(12), _parts(_KLEIN)).describe() == "cuda:0, bfloat16, model offload, 7.5 GiB"


@pytest.mark.usefixtures("torch")
def test_the_machine_under_the_test_has_memory_and_a_bound_holds() -> None:
    from retouch.engines.diffusers.placement import machine

    here = machine("cpu")
    assert 0 < here.free <= here.total
    assert machine("cpu", 1 << 20).free == 1 << 20


@pytest.mark.usefixtures("torch")
def test_a_device_that_is_not_there_is_refused_in_a_sentence() -> None:
    from retouch.engines.diffusers.placement import machine

    with pytest.raises(ValueError, match="the device 'cuda:97' is not there: this torch sees"):
        machine("cuda:97")
