"""The networks that take the noise away, and the schedules by which they do."""

from __future__ import annotations

from typing import Any

import diffusers
import torch

from tests.miniatures.calibration import WIDTH, lively

_HEADS: dict[str, Any] = {"attention_head_dim": 16, "num_attention_heads": 2}
_AXES = (4, 6, 6)
_DIFFUSION: dict[str, Any] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}


def ddim() -> Any:
    return diffusers.DDIMScheduler(**_DIFFUSION, clip_sample=False, set_alpha_to_one=False)


def euler() -> Any:
    return diffusers.EulerDiscreteScheduler(**_DIFFUSION, timestep_spacing="leading")


def flow(dynamic: bool = False) -> Any:
    """``dynamic``: the steps shift with the picture's size, as FLUX and Qwen have it."""
    if not dynamic:
        return diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0)
    return diffusers.FlowMatchEulerDiscreteScheduler(
        use_dynamic_shifting=True,
        base_shift=0.5,
        max_shift=1.15,
        base_image_seq_len=256,
        max_image_seq_len=4096,
        shift=3.0,
    )


def unet(channels: int, context: int = WIDTH, **more: Any) -> Any:
    """``channels``: 4 for latents alone, 8 with a picture's beside them, 9 with a masked one's and the mask."""
    network = diffusers.UNet2DConditionModel(
        in_channels=channels,
        out_channels=4,
        block_out_channels=(16, 32),
        layers_per_block=1,
        sample_size=8,
        norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=8,
        cross_attention_dim=context,
        **more,
    )
    return lively(network, 1.2)


def sdxl(channels: int) -> Any:
    return unet(
        channels,
        context=2 * WIDTH,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        use_linear_projection=True,
        transformer_layers_per_block=(1, 1),
        projection_class_embeddings_input_dim=8 * 6 + WIDTH,
    )


def sd3() -> Any:
    return lively(
        diffusers.SD3Transformer2DModel(
            sample_size=8,
            patch_size=2,
            in_channels=16,
            out_channels=16,
            num_layers=1,
            attention_head_dim=8,
            num_attention_heads=4,
            joint_attention_dim=2 * WIDTH,
            caption_projection_dim=32,
            pooled_projection_dim=2 * WIDTH,
            pos_embed_max_size=64,
        )
    )


def flux(channels: int = 64) -> Any:
    return lively(
        diffusers.FluxTransformer2DModel(
            **_HEADS,
            patch_size=1,
            in_channels=channels,
            out_channels=64,
            num_layers=1,
            num_single_layers=1,
            joint_attention_dim=WIDTH,
            pooled_projection_dim=WIDTH,
            guidance_embeds=True,
            axes_dims_rope=_AXES,
        )
    )


def flux2() -> Any:
    return lively(
        diffusers.Flux2Transformer2DModel(
            **_HEADS,
            patch_size=1,
            in_channels=128,
            num_layers=1,
            num_single_layers=1,
            joint_attention_dim=3 * WIDTH,
            timestep_guidance_channels=32,
            axes_dims_rope=(4, 4, 4, 4),
            guidance_embeds=False,
        )
    )


def flux3(layers: int) -> Any:
    """``layers``: how many layers of the encoder it reads."""
    return lively(
        diffusers.Flux3Transformer2DModel(
            **_HEADS,
            num_layers=1,
            num_single_layers=1,
            joint_attention_dim=layers * WIDTH,
            timestep_channels=32,
            axes_dims_rope=(4, 4, 4, 4),
            flow_map=True,
        )
    )


def qwen() -> Any:
    return lively(
        diffusers.QwenImageTransformer2DModel(
            **_HEADS,
            patch_size=2,
            in_channels=64,
            out_channels=16,
            num_layers=2,
            joint_attention_dim=WIDTH,
            guidance_embeds=False,
            axes_dims_rope=_AXES,
        )
    )


def qwen21() -> Any:
    return lively(
        diffusers.QwenImage21Transformer2DModel(
            **_HEADS, in_channels=64, out_channels=64, num_layers=2, context_in_dim=WIDTH, axes_dims_rope=_AXES
        )
    )


def z_image() -> Any:
    network = diffusers.ZImageTransformer2DModel(
        all_patch_size=(2,),
        all_f_patch_size=(1,),
        in_channels=16,
        dim=32,
        n_layers=1,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=WIDTH,
        rope_theta=256.0,
        axes_dims=list(_AXES),
        axes_lens=[1024, 256, 256],
    )
    with torch.no_grad():  # the class leaves them as it found the memory
        network.x_pad_token.zero_()
        network.cap_pad_token.zero_()
    return lively(network)


def longcat() -> Any:
    return lively(
        diffusers.LongCatImageTransformer2DModel(
            **_HEADS,
            in_channels=64,
            num_layers=1,
            num_single_layers=1,
            joint_attention_dim=WIDTH,
            pooled_projection_dim=WIDTH,
            axes_dims_rope=list(_AXES),
        )
    )


def joy() -> Any:
    return lively(
        diffusers.JoyImageEditPlusTransformer3DModel(
            patch_size=[1, 2, 2],
            in_channels=16,
            hidden_size=32,
            num_attention_heads=2,
            text_dim=WIDTH,
            num_layers=1,
            rope_dim_list=list(_AXES),
            theta=256,
        )
    )
