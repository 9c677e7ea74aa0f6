"""The miniatures there are, told without importing what builds them."""

from __future__ import annotations

NAMES = (
    "flux2_klein",
    "flux3_klein",
    "flux_fill",
    "flux_kontext",
    "instruct_pix2pix",
    "joy_edit_plus",
    "longcat_edit",
    "qwen_image_21",
    "qwen_image_edit",
    "qwen_image_edit_plus",
    "sd15_img2img",
    "sd15_inpaint",
    "sd3_inpaint",
    "sdxl_inpaint",
    "z_image",
)
