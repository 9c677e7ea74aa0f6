"""Encoders of prompts, and of pictures beside them. Each takes the tokenizer whose words it has to know."""

from __future__ import annotations

from typing import Any

import transformers

from tests.miniatures.calibration import WIDTH, lively
from tests.miniatures.tokenizers import picture_ids


def clip(tokenizer: Any, projects: bool = False) -> Any:
    """``projects``: the class that SDXL's second and SD3's two encoders are of."""
    kind = transformers.CLIPTextModelWithProjection if projects else transformers.CLIPTextModel
    config = transformers.CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=77,
        projection_dim=WIDTH,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return lively(kind(config))


def t5(tokenizer: Any, width: int = WIDTH) -> Any:
    config = transformers.T5Config(
        vocab_size=len(tokenizer),
        d_model=width,
        d_kv=8,
        d_ff=2 * WIDTH,
        num_layers=2,
        num_heads=4,
        feed_forward_proj="gated-gelu",
    )
    return transformers.T5EncoderModel(config).eval()


def _language(tokenizer: Any, layers: int, longest: int = 4096) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": layers,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "max_position_embeddings": longest,
    }


def qwen3(tokenizer: Any, kind: Any = None, layers: int = 3) -> Any:
    """``kind``: `Qwen3ForCausalLM` unless another is given."""
    config = transformers.Qwen3Config(head_dim=16, **_language(tokenizer, layers))
    return lively((kind or transformers.Qwen3ForCausalLM)(config))


def qwen25_vl(tokenizer: Any) -> Any:
    """Sees pictures in patches of 14 pixels."""
    rotary = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 1e6}
    config = transformers.Qwen2_5_VLConfig(
        text_config={**_language(tokenizer, 2), "rope_parameters": rotary},
        vision_config={
            "depth": 2,
            "hidden_size": WIDTH,
            "intermediate_size": 2 * WIDTH,
            "num_heads": 2,
            "out_hidden_size": WIDTH,
            "patch_size": 14,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "window_size": 56,
            "fullatt_block_indexes": [1],
        },
        **picture_ids(tokenizer),
    )
    return lively(transformers.Qwen2_5_VLForConditionalGeneration(config))


def qwen3_vl(tokenizer: Any, layers: int = 2) -> Any:
    """Sees pictures in patches of 16 pixels."""
    rotary = {"rope_type": "default", "mrope_section": [4, 2, 2], "rope_theta": 1e6}
    config = transformers.Qwen3VLConfig(
        text_config={**_language(tokenizer, layers, 8192), "head_dim": 16, "rope_parameters": rotary},
        vision_config={
            "depth": 2,
            "hidden_size": WIDTH,
            "intermediate_size": 2 * WIDTH,
            "num_heads": 2,
            "out_hidden_size": WIDTH,
            "patch_size": 16,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "num_position_embeddings": 64,
            "deepstack_visual_indexes": [0],
        },
        **picture_ids(tokenizer),
    )
    return lively(transformers.Qwen3VLForConditionalGeneration(config))
