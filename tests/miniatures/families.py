"""Whole pipelines of the real classes, with their parts put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import diffusers
import transformers

from tests.miniatures import denoisers, encoders, tokenizers, vaes
from tests.miniatures.calibration import WIDTH
from tests.miniatures.processors import processor

UPSAMPLER = "prompt_upsampler"
"""Of FLUX.3: the block that has another model rewrite the prompt, and that model."""
_FLUX3_LAYERS = (4, 8, 12, 16, 20, 24, 28, 32)
"""Of the encoder: a default of the call, kept in no configuration."""


def _sd15(kind: Any, channels: int) -> Any:
    tokenizer = tokenizers.clip()
    return kind(
        unet=denoisers.unet(channels),
        vae=vaes.sd(),
        text_encoder=encoders.clip(tokenizer),
        tokenizer=tokenizer,
        scheduler=denoisers.ddim(),
        safety_checker=None,
        feature_extractor=None,
        image_encoder=None,
        requires_safety_checker=False,
    )


def _sdxl_inpaint() -> Any:
    first, second = tokenizers.clip(), tokenizers.clip()
    return diffusers.StableDiffusionXLInpaintPipeline(
        unet=denoisers.sdxl(9),
        vae=vaes.sd(),
        text_encoder=encoders.clip(first),
        tokenizer=first,
        text_encoder_2=encoders.clip(second, projects=True),
        tokenizer_2=second,
        scheduler=denoisers.euler(),
    )


def _sd3_inpaint() -> Any:
    first, second, third = tokenizers.clip(), tokenizers.clip(), tokenizers.t5()
    return diffusers.StableDiffusion3InpaintPipeline(
        transformer=denoisers.sd3(),
        scheduler=denoisers.flow(),
        vae=vaes.flux(),
        text_encoder=encoders.clip(first, projects=True),
        tokenizer=first,
        text_encoder_2=encoders.clip(second, projects=True),
        tokenizer_2=second,
        text_encoder_3=encoders.t5(third, width=2 * WIDTH),
        tokenizer_3=third,
    )


def _flux1(kind: Any, channels: int = 64) -> Any:
    first, second = tokenizers.clip(), tokenizers.t5()
    return kind(
        transformer=denoisers.flux(channels),
        scheduler=denoisers.flow(dynamic=True),
        vae=vaes.flux(),
        text_encoder=encoders.clip(first),
        tokenizer=first,
        text_encoder_2=encoders.t5(second),
        tokenizer_2=second,
    )


def _flux2_klein() -> Any:
    tokenizer = tokenizers.qwen(512)
    return diffusers.Flux2KleinPipeline(
        transformer=denoisers.flux2(),
        scheduler=denoisers.flow(dynamic=True),
        vae=vaes.flux2(),
        # The call reads layers 9, 18 and 27 unless it is told others, and no configuration can tell it.
        text_encoder=encoders.qwen3(tokenizer, layers=28),
        tokenizer=tokenizer,
        is_distilled=True,
    )


def _flux3_klein() -> Any:
    """Without the model that rewrites prompts, which is larger than all the rest: its block has to go first."""
    tokenizer = tokenizers.qwen(8192)
    blocks = diffusers.Flux3DistilledAutoBlocks()
    blocks.sub_blocks.pop(UPSAMPLER)
    pipeline = blocks.init_pipeline()
    pipeline.update_components(
        text_encoder=encoders.qwen3_vl(tokenizer, layers=max(_FLUX3_LAYERS)),
        tokenizer=processor(tokenizer, transformers.Qwen3VLProcessor, 16),
        vae=vaes.flux2(),
        transformer=denoisers.flux3(len(_FLUX3_LAYERS)),
        scheduler=denoisers.flow(),
    )
    return pipeline


def _qwen_edit(kind: Any) -> Any:
    tokenizer = tokenizers.qwen()
    return kind(
        transformer=denoisers.qwen(),
        scheduler=denoisers.flow(dynamic=True),
        vae=vaes.qwen(),
        text_encoder=encoders.qwen25_vl(tokenizer),
        tokenizer=tokenizer,
        processor=processor(tokenizer, transformers.Qwen2VLProcessor, 14),
    )


def _qwen_image_21() -> Any:
    tokenizer = tokenizers.qwen()
    return diffusers.QwenImage21Pipeline(
        transformer=denoisers.qwen21(),
        scheduler=denoisers.flow(dynamic=True),
        vae=vaes.qwen21(),
        text_encoder=encoders.qwen3_vl(tokenizer),
        # One word of the language model has to stand for four latents, so the picture may not be scaled down.
        processor=processor(tokenizer, transformers.Qwen3VLProcessor, 16, largest=4096 * 4096),
    )


def _z_image() -> Any:
    tokenizer = tokenizers.qwen(512)
    return diffusers.ZImagePipeline(
        transformer=denoisers.z_image(),
        scheduler=denoisers.flow(),
        vae=vaes.flux(),
        text_encoder=encoders.qwen3(tokenizer, transformers.Qwen3Model),
        tokenizer=tokenizer,
    )


def _longcat_edit() -> Any:
    tokenizer = tokenizers.qwen()
    return diffusers.LongCatImageEditPipeline(
        transformer=denoisers.longcat(),
        scheduler=denoisers.flow(dynamic=True),
        vae=vaes.flux(),
        text_encoder=encoders.qwen25_vl(tokenizer),
        tokenizer=tokenizer,
        text_processor=processor(tokenizer, transformers.Qwen2VLProcessor, 14),
    )


def _joy_edit_plus() -> Any:
    tokenizer = tokenizers.qwen()
    return diffusers.JoyImageEditPlusPipeline(
        transformer=denoisers.joy(),
        scheduler=denoisers.flow(),
        vae=vaes.wan(),
        text_encoder=encoders.qwen3_vl(tokenizer),
        tokenizer=tokenizer,
        processor=processor(tokenizer, transformers.Qwen3VLProcessor, 16),
    )


FAMILIES: Mapping[str, Callable[[], Any]] = {
    "flux2_klein": _flux2_klein,
    "flux3_klein": _flux3_klein,
    # The latents, those of the masked picture, and the mask's 8 x 8 pixels for each of four latents.
    "flux_fill": lambda: _flux1(diffusers.FluxFillPipeline, 64 + 64 + 256),
    "flux_kontext": lambda: _flux1(diffusers.FluxKontextPipeline),
    "instruct_pix2pix": lambda: _sd15(diffusers.StableDiffusionInstructPix2PixPipeline, 8),
    "joy_edit_plus": _joy_edit_plus,
    "longcat_edit": _longcat_edit,
    "qwen_image_21": _qwen_image_21,
    "qwen_image_edit": lambda: _qwen_edit(diffusers.QwenImageEditPipeline),
    "qwen_image_edit_plus": lambda: _qwen_edit(diffusers.QwenImageEditPlusPipeline),
    "sd15_img2img": lambda: _sd15(diffusers.StableDiffusionImg2ImgPipeline, 4),
    "sd15_inpaint": lambda: _sd15(diffusers.StableDiffusionInpaintPipeline, 9),
    "sd3_inpaint": _sd3_inpaint,
    "sdxl_inpaint": _sdxl_inpaint,
    "z_image": _z_image,
}
