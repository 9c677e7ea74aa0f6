"""The bodies of `/v1/models` and `/v1/models/{id}`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from retouch.contract.profile import Profile


def model_object(
    profile: Profile, *, owned_by: str = "retouch", capabilities: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """One model. ``capabilities``: what the engine bound to it declares, JSON-serialisable."""
    body: dict[str, Any] = {
        "id": profile.name,
        "object": "model",
        "created": profile.created,
        "owned_by": owned_by,
    }
    if profile.retired is not None:
        body["retired"] = profile.retired.isoformat()
    body["capabilities"] = dict(capabilities or {})
    return body


def model_list(models: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """All models, each a `model_object`."""
    return {"object": "list", "data": [dict(model) for model in models]}
