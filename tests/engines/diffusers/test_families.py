from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from typing import Any

import pytest

from retouch.engines.diffusers.checkpoint import Checkpoint
from retouch.engines.diffusers.families import Family, family, table, with_mask
from retouch.engines.diffusers.signature import UnknownPipeline, exists, signature
from tests.miniatures.fixtures import needs_libraries

pytestmark = needs_libraries

CLASSES = sorted(table().rows)
DRIVEN = [name for name in CLASSES if table().rows[name].pipeline is None]
MODULAR = {"Flux3ModularPipeline", "Flux3DistilledModularPipeline"}

DIFFERENT: dict[tuple[str, str], tuple[Any, Any]] = {
    ("StableDiffusionXLImg2ImgPipeline", "strength"): (0.3, 0.6),
}
"""Where we know better than the class: its own default, and ours."""


def of(name: str, **fields: Any) -> Checkpoint:
    return Checkpoint(Path(), name, **fields)


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_a_row_names_is_installed(name: str) -> None:
    row = table().rows[name]
    for mentioned in (name, row.pipeline, row.masked, row.painting, row.instructed):
        assert mentioned is None or exists(mentioned)
    for mentioned in (row.pipeline, row.masked, row.painting, row.instructed):
        assert mentioned is None or mentioned in table().rows


@pytest.mark.parametrize("name", DRIVEN)
def test_every_argument_of_a_family_is_one_of_its_class(name: str) -> None:
    call, known = signature(name), family(of(name))
    masking = signature(known.masked) if known.masked else call
    assert known.pipeline == name
    assert known.image_argument in call
    assert known.mask_argument is None or known.mask_argument in masking
    assert known.reference_argument is None or known.reference_argument in masking
    assert known.guidance_argument is None or known.guidance_argument in call
    assert known.image_guidance_argument is None or known.image_guidance_argument in call
    assert set(known.fixed) <= set(call.names)
    assert "negative_prompt" in call or not known.negative
    assert "width" in call or not known.sized
    assert "num_images_per_prompt" in call or not known.batches
    assert "num_inference_steps" in call
    assert known.modular == (name in MODULAR)
    assert call.required <= {"prompt", known.image_argument}


@pytest.mark.parametrize("name", DRIVEN)
def test_defaults_are_the_classes_own_or_differ_knowingly(name: str) -> None:
    call, known = signature(name), family(of(name))
    ours: dict[str, Any] = {"num_inference_steps": known.steps, "strength": known.strength}
    guided = {known.guidance_argument: known.guidance, known.image_guidance_argument: known.image_guidance}
    ours |= {argument: value for argument, value in guided.items() if argument is not None}
    for argument, value in ours.items():
        if (name, argument) in DIFFERENT:
            assert (call.defaults[argument], value) == DIFFERENT[name, argument]
        elif argument in call.defaults:
            assert value == call.defaults[argument]
        elif argument == "num_inference_steps":
            assert name in MODULAR
        else:
            assert value is None


@pytest.mark.parametrize("name", DRIVEN)
def test_the_sibling_for_masks_takes_a_mask_and_asks_for_no_other_sizes(name: str) -> None:
    known, masked = family(of(name)), with_mask(of(name))
    if known.masked is None:
        assert masked == known
    else:
        assert masked.pipeline == known.masked
        assert masked.mask_required
        assert masked.mask_argument == known.mask_argument == "mask_image"
        assert (masked.multiple, masked.area) == (known.multiple, known.area)


@pytest.mark.parametrize(
    ("saved", "plain", "masked"),
    [
        ("StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline", "StableDiffusionInpaintPipeline"),
        ("StableDiffusionXLPipeline", "StableDiffusionXLImg2ImgPipeline", "StableDiffusionXLInpaintPipeline"),
        ("StableDiffusion3Pipeline", "StableDiffusion3Img2ImgPipeline", "StableDiffusion3InpaintPipeline"),
        ("FluxPipeline", "FluxImg2ImgPipeline", "FluxInpaintPipeline"),
        ("QwenImagePipeline", "QwenImageImg2ImgPipeline", "QwenImageInpaintPipeline"),
        ("ZImagePipeline", "ZImageImg2ImgPipeline", "ZImageInpaintPipeline"),
        ("ChromaPipeline", "ChromaImg2ImgPipeline", "ChromaInpaintPipeline"),
        ("FluxKontextPipeline", "FluxKontextPipeline", "FluxKontextInpaintPipeline"),
        ("Flux2KleinPipeline", "Flux2KleinPipeline", "Flux2KleinInpaintPipeline"),
        ("QwenImageEditPipeline", "QwenImageEditPipeline", "QwenImageEditInpaintPipeline"),
        ("QwenImageEditPlusPipeline", "QwenImageEditPlusPipeline", "QwenImageEditPlusPipeline"),
    ],
)
def test_a_checkpoint_gets_the_classes_that_edit_with_it(saved: str, plain: str, masked: str) -> None:
    assert family(of(saved)).pipeline == plain
    assert with_mask(of(saved)).pipeline == masked


@pytest.mark.parametrize(
    ("saved", "inputs", "outputs", "built"),
    [
        ("StableDiffusionPipeline", 4, 4, "StableDiffusionImg2ImgPipeline"),
        ("StableDiffusionPipeline", 9, 4, "StableDiffusionInpaintPipeline"),
        ("StableDiffusionImg2ImgPipeline", 9, 4, "StableDiffusionInpaintPipeline"),
        ("StableDiffusionInpaintPipeline", 9, 4, "StableDiffusionInpaintPipeline"),
        ("StableDiffusionInpaintPipeline", 4, 4, "StableDiffusionInpaintPipeline"),
        ("StableDiffusionPipeline", 8, 4, "StableDiffusionInstructPix2PixPipeline"),
        ("StableDiffusionXLPipeline", 9, 4, "StableDiffusionXLInpaintPipeline"),
        ("StableDiffusionXLImg2ImgPipeline", 9, 4, "StableDiffusionXLInpaintPipeline"),
        ("StableDiffusionXLInstructPix2PixPipeline", 8, 4, "StableDiffusionXLInstructPix2PixPipeline"),
        ("StableDiffusion3Pipeline", 33, 16, "StableDiffusion3InpaintPipeline"),
        ("FluxPipeline", 64, 64, "FluxImg2ImgPipeline"),
        ("FluxPipeline", 384, 64, "FluxFillPipeline"),
    ],
)
def test_what_the_denoiser_reads_stands_above_the_saved_class(
    saved: str, inputs: int, outputs: int, built: str
) -> None:
    known = family(of(saved, inputs=inputs, outputs=outputs))
    assert known.pipeline == built
    if inputs > 2 * outputs:
        assert known.mask_required
        assert known.masked is None


@pytest.mark.parametrize(
    ("saved", "inputs", "outputs"), [("StableDiffusionPipeline", 5, 4), ("FluxPipeline", 128, 64)]
)
def test_a_denoiser_that_reads_something_else_is_refused(saved: str, inputs: int, outputs: int) -> None:
    with pytest.raises(UnknownPipeline, match="channels"):
        family(of(saved, inputs=inputs, outputs=outputs))


def test_a_distilled_checkpoint_takes_few_steps_and_no_guidance() -> None:
    for known in (
        family(of("Flux2KleinPipeline", distilled=True)),
        with_mask(of("Flux2KleinPipeline", distilled=True)),
    ):
        assert (known.steps, known.guidance, known.guidance_argument) == (4, None, None)
    assert family(of("Flux2KleinPipeline")).steps == 50


def test_a_class_without_a_row_is_driven_by_its_signature() -> None:
    assert "LEditsPPPipelineStableDiffusion" not in table().rows
    known = family(of("StableDiffusionPAGImg2ImgPipeline"))
    assert (known.image_argument, known.images, known.max_images) == ("image", "one", 1)
    assert not known.batches
    assert known.guidance == 7.5
    assert family(of("StableDiffusionXLPAGInpaintPipeline")).mask_required


@pytest.mark.parametrize(
    "name",
    [
        "WanImageToVideoPipeline",
        "StableDiffusionControlNetImg2ImgPipeline",
        "CogView4Pipeline",
        "AudioLDM2Pipeline",
        "FluxControlImg2ImgPipeline",
        "StableDiffusionAdapterPipeline",
        "StableDiffusionImageVariationPipeline",
        "StableDiffusionUpscalePipeline",
        "VisualClozePipeline",
        "WanAnimate2ModularPipeline",
        "NoSuchPipeline",
    ],
)
def test_a_class_that_cannot_edit_a_picture_is_refused(name: str) -> None:
    with pytest.raises(UnknownPipeline):
        family(of(name))


def test_fixed_arguments_are_filled_in_with_the_size() -> None:
    kontext = family(of("FluxKontextPipeline"))
    assert kontext.arguments((640, 480)) == {"_auto_resize": False, "max_area": 640 * 480}
    assert family(of("QwenImage21Pipeline")).arguments((512, 512)) == {"output_resolution": 512}


@pytest.mark.parametrize("name", DRIVEN)
def test_a_working_size_obeys_the_rules_of_its_family(name: str) -> None:
    known: Family = family(of(name))
    for size in ((1024, 1024), (3000, 2000), (431, 1900), (7, 5)):
        width, height = known.fit(size)
        assert width % known.multiple == 0
        assert height % known.multiple == 0
        if known.sizes:
            assert (width, height) in known.sizes
        else:
            assert width * height == pytest.approx(known.area, rel=0.05)
    if not known.sizes:
        width, height = known.fit((400, 200), 128 * 64)
        assert width * height == pytest.approx(128 * 64, rel=0.5)


def constant(file: str, name: str) -> Any:
    """A constant of the installed library, or a list that a constructor keeps, read from its source."""
    spec = importlib.util.find_spec("diffusers")
    assert spec is not None
    assert spec.origin is not None
    for node in ast.walk(ast.parse((Path(spec.origin).parent / "pipelines" / file).read_text())):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    raise LookupError(name)


def test_fixed_sizes_are_those_of_the_library() -> None:
    heights_first = constant("joyimage/image_processor.py", "BUCKETS")[1024]
    assert set(table().buckets["joyai"]) == {(width, height) for height, width in heights_first}
    theirs = constant("kandinsky5/pipeline_kandinsky_i2i.py", "self.resolutions")
    assert set(table().buckets["kandinsky5"]) == set(theirs)
