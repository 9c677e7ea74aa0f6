"""Lists of models."""

from __future__ import annotations

from retouch.contract.models import model_list, model_object
from retouch.contract.profile import profiles


def test_a_model_is_described_with_its_engines_capabilities() -> None:
    assert model_object(profiles()["gpt-image-2"], capabilities={"masks": True}) == {
        "id": "gpt-image-2",
        "object": "model",
        "created": 1776729600,
        "owned_by": "retouch",
        "capabilities": {"masks": True},
    }


def test_a_retired_model_says_since_when() -> None:
    body = model_object(profiles()["dall-e-2"], owned_by="someone")
    assert list(body) == ["id", "object", "created", "owned_by", "retired", "capabilities"]
    assert (body["retired"], body["owned_by"], body["capabilities"]) == ("2026-05-12", "someone", {})


def test_a_list_holds_them_in_order() -> None:
    models = [model_object(profiles()[name]) for name in ("gpt-image-2", "gpt-image-1")]
    assert model_list(models) == {"object": "list", "data": models}
