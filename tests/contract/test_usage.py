"""Token usage against every figure that was published or recorded."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retouch.contract.profile import profiles
from retouch.contract.sizes import Size
from retouch.contract.usage import Usage, input_image_tokens, measure, output_tokens, text_tokens

GRID = [
    ("low", (1024, 1024), 272),
    ("low", (1024, 1536), 408),
    ("low", (1536, 1024), 400),
    ("medium", (1024, 1024), 1056),
    ("medium", (1024, 1536), 1584),
    ("medium", (1536, 1024), 1568),
    ("high", (1024, 1024), 4160),
    ("high", (1024, 1536), 6240),
    ("high", (1536, 1024), 6208),
]
AREA = {
    (1024, 1024): (196, 1756, 7024),
    (1536, 1024): (158, 1372, 5488),
    (1024, 1536): (158, 1372, 5488),
    (2048, 2048): (397, 3568, 14272),
    (2048, 1152): (157, 1413, 5650),
    (3840, 2160): (371, 3336, 13342),
}


@pytest.mark.rule("5.1/grid")
@pytest.mark.parametrize("model", ["gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "chatgpt-image-latest"])
@pytest.mark.parametrize(("quality", "size", "expected"), GRID)
def test_output_of_the_first_models_is_as_tabulated(model: str, quality: str, size: Size, expected: int) -> None:
    assert output_tokens(profiles()[model], quality, size) == expected


@pytest.mark.rule("5.1/area", "A.4/usage")
@pytest.mark.parametrize(("size", "expected"), AREA.items())
@pytest.mark.parametrize("model", ["gpt-image-2", "native"])
def test_output_of_gpt_image_2_is_as_read_off_the_calculator(
    model: str, size: Size, expected: tuple[int, int, int]
) -> None:
    assert tuple(output_tokens(profiles()[model], q, size) for q in ("low", "medium", "high")) == expected


@pytest.mark.rule("5.1/newer")
def test_output_of_newer_models_uses_their_factors() -> None:
    newer, older = profiles()["gpt-image-2.5-flare"], profiles()["gpt-image-2"]
    for size in AREA:
        assert output_tokens(newer, "low", size) == output_tokens(older, "low", size)
        assert output_tokens(newer, "high", size) == output_tokens(older, "medium", size)
        assert output_tokens(newer, "max", size) == output_tokens(older, "high", size)
    # 72 * 72 * (2,000,000 + 1,048,576) / 4,000,000 = 3950.95
    assert output_tokens(newer, "xhigh", (1024, 1024)) == 3951


@pytest.mark.rule("5.2/tiles")
@pytest.mark.parametrize(
    ("sizes", "fidelity", "expected"),
    [
        ([(128, 128)], "low", 194),
        ([(128, 128), (128, 128)], "low", 388),
        ([(700, 400)], "low", 323),
        ([(1024, 1025)], "low", 194),
        ([(1536, 1024)], "high", 6563),
        ([(1024, 1024)], "high", 194 + 4160),
        ([(4096, 400)], "low", 65 + 129 * 4),
        ([(10_000, 1)], "low", 65 + 129 * 4),
        ([(4096, 4096)], "low", 194),
    ],
)
def test_input_of_the_first_models_is_counted_in_tiles(sizes: list[Size], fidelity: str, expected: int) -> None:
    assert input_image_tokens(profiles()["gpt-image-1"], sizes, fidelity) == expected


@pytest.mark.rule("5.2/patches")
@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1024, 1024), 1024),
        ((128, 128), 64),
        ((1, 1), 1),
        ((512, 512), 1024),
        ((1000, 1000), 1024),
        ((2048, 1024), 27 * 54),
        ((3840, 1280), 66 * 22),
        ((3000, 100), 66 * 22),
        ((1254, 1254), 39 * 39),
        ((10_000, 10_000), 39 * 39),
    ],
)
def test_input_of_gpt_image_2_is_counted_in_patches(size: Size, expected: int) -> None:
    for fidelity in ("low", "high"):
        assert input_image_tokens(profiles()["gpt-image-2"], [size], fidelity) == expected


@pytest.mark.rule("5.2/patches")
@given(st.tuples(st.integers(1, 9000), st.integers(1, 9000)))
@settings(max_examples=200, deadline=None)
def test_no_picture_is_more_than_1536_patches_and_turning_it_changes_nothing(size: Size) -> None:
    profile = profiles()["gpt-image-2"]
    tokens = input_image_tokens(profile, [size], "low")
    assert 1 <= tokens <= 1536
    assert tokens == input_image_tokens(profile, [size[::-1]], "low")


@given(st.floats(0.4, 2.5), st.integers(1500, 9000))
@settings(max_examples=100, deadline=None)
def test_a_large_picture_counts_at_the_largest_scale_that_fits(aspect: float, edge: int) -> None:
    width, height = edge, max(1, round(edge * aspect))
    fine = 20_000
    counts = (-(-width * step // (32 * fine)) * -(-height * step // (32 * fine)) for step in range(fine, 0, -1))
    expected = next(count for count in counts if count <= 1536)
    found = input_image_tokens(profiles()["gpt-image-2"], [(width, height)], "low")
    # The largest scale can lie between two of these steps, where one more row or column still fits.
    assert expected <= found <= 1536


@pytest.mark.rule("5.3/text")
@pytest.mark.parametrize(
    ("model", "sizes", "expected"),
    [
        ("gpt-image-1.5", [(128, 128)], 27),
        ("gpt-image-1", [(128, 128)] * 2, 43),
        ("gpt-image-1", [(700, 400)], 39),
        ("gpt-image-2", [(128, 128)], 12),
    ],
)
def test_text_overhead_is_as_recorded_for_a_prompt_of_five_tokens(
    model: str, sizes: list[Size], expected: int
) -> None:
    assert text_tokens(profiles()[model], 5, sizes) == expected


@pytest.mark.rule("5.4/examples")
def test_the_recorded_answer_of_gpt_image_2_is_reproduced() -> None:
    usage = measure(
        profiles()["gpt-image-2"],
        prompt_tokens=5,
        sources=[(128, 128)],
        fidelity="high",
        quality="low",
        outputs=[(1536, 864)],
    )
    assert usage is not None
    assert usage.body() == {
        "input_tokens": 76,
        "input_tokens_details": {"image_tokens": 64, "text_tokens": 12},
        "output_tokens": 120,
        "output_tokens_details": {"image_tokens": 120, "text_tokens": 0},
        "total_tokens": 196,
    }


@pytest.mark.rule("5.4/examples")
def test_the_recorded_input_of_gpt_image_1_5_is_reproduced() -> None:
    usage = measure(
        profiles()["gpt-image-1.5"],
        prompt_tokens=5,
        sources=[(128, 128)],
        fidelity="low",
        quality="medium",
        outputs=[(1024, 1024)],
    )
    assert usage is not None
    assert (usage.input, usage.output, usage.total) == (221, 1056, 1277)


@pytest.mark.rule("5.1/partials", "A.10/billed")
def test_each_picture_and_each_partial_image_sent_is_billed() -> None:
    usage = measure(
        profiles()["gpt-image-1"],
        prompt_tokens=5,
        sources=[(128, 128)],
        fidelity="low",
        quality="low",
        outputs=[(1024, 1024)] * 3,
        partials=2,
    )
    assert usage is not None
    assert usage.output == 3 * 272 + 200


def test_dall_e_2_reports_no_usage() -> None:
    profile = profiles()["dall-e-2"]
    assert not measure(
        profile, prompt_tokens=5, sources=[(9, 9)], fidelity="low", quality="medium", outputs=[(256, 256)]
    )
    with pytest.raises(ValueError, match="reports no usage"):
        output_tokens(profile, "medium", (256, 256))


@pytest.mark.rule("4.1/usage")
def test_totals_add_up() -> None:
    usage = Usage(input_image=1, input_text=20, output_image=300, output_text=4000)
    assert (usage.input, usage.output, usage.total) == (21, 4300, 4321)
    assert usage.event() == {
        "total_tokens": 4321,
        "input_tokens": 21,
        "output_tokens": 4300,
        "input_tokens_details": {"text_tokens": 20, "image_tokens": 1},
    }
