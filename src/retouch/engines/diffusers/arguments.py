"""A call in the words of a pipeline: the keyword arguments that its class takes."""

from __future__ import annotations

import json
from collections.abc import Set
from typing import Any

import numpy as np

from retouch.engines.diffusers.call import Call
from retouch.engines.diffusers.families import Family
from retouch.engines.diffusers.pictures import to_image, to_mask

_LEAST_STEP = 1.001
"""A strength leaves the whole part of steps × strength, and no pipeline runs with none; a little above one, so
that a product of the two is not one less by rounding."""


def arguments(call: Call, family: Family, accepted: Set[str]) -> dict[str, Any]:
    """Everything but the generators and the number of pictures.

    ``family``: of the class that is called. ``accepted``: the names that its call takes; nothing else is sent.
    """
    told: dict[str, Any] = {
        "prompt": _prompt(call, family),
        **_images(call, family),
        **_mask(call, family),
        "num_inference_steps": call.steps,
        **_weights(call, family),
        "output_type": "pil",
    }
    if family.sized:
        told["width"], told["height"] = call.size
    told.update({**family.arguments(call.size), **call.calls})
    return {name: value for name, value in told.items() if name in accepted}


def _prompt(call: Call, family: Family) -> str:
    match family.prompt:
        case "json":
            return json.dumps({"edit_instruction": call.prompt}, ensure_ascii=False)
        case "placeholders":
            pictures = " ".join(f"<img><|image_{number}|></img>" for number in range(1, len(call.images) + 1))
            return f"{pictures} {call.prompt}"
        case _:
            return call.prompt


def _images(call: Call, family: Family) -> dict[str, Any]:
    taken = call.images[:1] if call.mask is not None and family.mask_alone else call.images
    first, *others = (to_image(image, alpha=family.alpha) for image in taken)
    if family.images == "references":
        # A name in the plural stands for a list, also of one.
        several = bool(others) or family.image_argument.endswith("s")
        return {family.image_argument: [first, *others] if several else first}
    if others and family.reference_argument is not None:
        return {family.image_argument: first, family.reference_argument: others}
    return {family.image_argument: first}


def _mask(call: Call, family: Family) -> dict[str, Any]:
    if family.mask_argument is None or (call.mask is None and not family.mask_required):
        return {}
    width, height = call.size
    return {
        family.mask_argument: to_mask(call.mask if call.mask is not None else np.ones((height, width), np.float32))
    }


def _weights(call: Call, family: Family) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if call.guidance is not None and family.guidance_argument is not None:
        told[family.guidance_argument] = call.guidance
    if call.negative is not None:
        told["negative_prompt"] = call.negative
    elif family.guidance_argument == "true_cfg_scale" and (call.guidance or 0) > 1:
        # Without a negative prompt these classes leave out guidance, whatever its scale.
        told["negative_prompt"] = " "
    if call.strength is not None:
        told["strength"] = min(1.0, max(call.strength, _LEAST_STEP / call.steps))
    return told
