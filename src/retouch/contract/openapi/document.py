"""The document itself: every address of the server, with what it takes and gives."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from retouch import __version__
from retouch.contract.catalogue import Catalogue
from retouch.contract.openapi import answers, files
from retouch.contract.openapi.answers import answer, errors, of_json
from retouch.contract.openapi.parameters import Schema
from retouch.contract.openapi.requests import Bodies
from retouch.contract.references import SOURCES, Source

ADDRESSES = ("/openapi.json", "/v1/openapi.json")
"""Where a server gives its document."""

_PREFIXES = ("/v1", "")
_ELSEWHERE = ("/images/generations", "/images/variations")


def document(
    catalogue: Catalogue,
    *,
    url: str | None = None,
    strict: bool,
    metrics: bool = True,
    sources: Collection[Source] = SOURCES,
) -> dict[str, Any]:
    """The OpenAPI 3.1 document of a server with these models, JSON-serialisable.

    ``url``: the server's address without ``/v1``; None leaves it to where the document was found. ``strict``:
    whether the server refuses what the vendor refuses. ``metrics``: whether it serves figures for Prometheus.
    ``sources``: what pictures may be named by in JSON; uploads are served if files' ids are among them.
    """
    bodies = Bodies(catalogue, strict=strict, sources=sources)
    profiles = [catalogue.get(name) for name in catalogue.names()]
    paths: dict[str, Schema] = {}
    for prefix in _PREFIXES:
        paths |= _contract(bodies, catalogue, prefix)
        if "file_id" in sources:
            paths |= files.paths(prefix)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Retouch",
            "version": __version__,
            "summary": "The image-edit API on your own machine.",
            "description": "What a parameter allows depends on the model: where this matters, its description"
            " lists the models, and the conditions of a request's schema say the same to programs. The addresses"
            " under `/v1` are also served without it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": url.rstrip("/") if url else "/"}],
        "security": [{}, {"bearer": []}],
        "paths": paths | _server(metrics),
        "components": {
            "schemas": {
                **bodies.schemas(),
                **answers.schemas(profiles, strict=strict),
                **(files.schemas() if "file_id" in sources else {}),
                "About": _STRINGS,
                "Health": _STRINGS,
                "Readiness": _READINESS,
            },
            "responses": answers.error_responses(),
            "headers": answers.HEADERS,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key, where the server asks for one.",
                }
            },
        },
    }


def _contract(bodies: Bodies, catalogue: Catalogue, prefix: str) -> dict[str, Schema]:
    """What is served under the client's base URL."""
    suffix = "" if prefix else "Unprefixed"
    edit = _operation(f"editImages{suffix}", "Edit a picture", _edited(), 400, 401, 408, 413, 429, 500, 503, 507)
    edit |= {"parameters": _EDIT_HEADERS, "requestBody": {"required": True, "content": bodies.content()}}
    models = {"200": answer("All models that the key is for.", of_json("ModelList"))}
    model = {"200": answer("The model.", of_json("Model"))}
    one = _operation(f"getModel{suffix}", "One model", model, 400, 401)
    one["parameters"] = [
        _in("path", "model", {"type": "string", "minLength": 1, "examples": catalogue.names()[:1]})
    ]
    found: dict[str, Schema] = {
        f"{prefix}/images/edits": {"post": edit},
        f"{prefix}/models": {"get": _operation(f"listModels{suffix}", "All models", models, 401)},
        f"{prefix}/models/{{model}}": {"get": one},
    }
    for path in _ELSEWHERE:
        name = path.rpartition("/")[2].capitalize()
        found[prefix + path] = {"post": _operation(f"refuse{name}{suffix}", "Not served here", {}, 404)}
    return found


def _server(metrics: bool) -> dict[str, Schema]:
    """What the server says of itself, and results by URL."""
    ready = {
        "200": answer("An edit sent now would run.", of_json("Readiness")),
        "503": answer("It would not.", of_json("Readiness")),
    }
    file = {
        f"image/{kind}": {"schema": {"type": "string", "format": "binary"}} for kind in ("png", "jpeg", "webp")
    }
    result = _operation(
        "getResult",
        "A result by its link",
        {
            "200": answer("The picture.", file),
            "206": answer("The part asked for.", file),
            "416": answer("The picture has no such part.", {}),
        },
        404,
    )
    result["parameters"] = [
        _in("path", "name", {"type": "string", "minLength": 1}),
        _in("query", "sig", {"type": "string"}, description="The link's signature."),
        _in("header", "range", {"type": "string"}, description="One range of bytes; any other gets the whole."),
    ]
    operations = {
        "/": _operation("about", "What this is", {"200": answer("Name and version.", of_json("About"))}),
        "/healthz": _operation("health", "Whether it answers", {"200": answer("It does.", of_json("Health"))}),
        "/readyz": _operation("readiness", "Whether it would edit", ready),
        "/results/{name}": result,
    }
    if metrics:
        figures = {"200": answer("Figures.", {"text/plain": {"schema": {"type": "string"}}})}
        operations["/metrics"] = _operation("metrics", "Figures for Prometheus", figures, 401)
    for number, address in enumerate(ADDRESSES):
        content = {"application/json": {"schema": {"type": "object"}}}
        operations[address] = _operation(
            f"document{number or ''}", "This document", {"200": answer("This document.", content)}
        )
    return {path: {"get": operation} for path, operation in operations.items()}


def _operation(name: str, summary: str, responses: dict[str, Schema], *statuses: int) -> Schema:
    """An operation; foreign Host names and origins are refused everywhere, and everything can fail."""
    known = errors(403, 500, *statuses)
    return {"operationId": name, "summary": summary, "responses": dict(sorted((known | responses).items()))}


def _edited() -> dict[str, Schema]:
    content = {**of_json("ImagesResponse"), "text/event-stream": {"schema": answers.reference("EditEvent")}}
    found = answer("The pictures, as JSON or, where `stream` is true, as events.", content)
    found["headers"] |= answers.BUDGET_HEADERS
    return {"200": found}


def _in(place: str, name: str, schema: Schema, **more: Any) -> Schema:
    return {"in": place, "name": name, "schema": schema, **({"required": True} if place == "path" else {}), **more}


_EDIT_HEADERS = [
    _in(
        "header",
        "idempotency-key",
        {"type": "string", "minLength": 1},
        description="A name for this request: sent again under it, it is answered by the same edit.",
    ),
    _in(
        "header",
        "x-stainless-retry-count",
        {"type": "string"},
        description="How often a client has sent this before: what is not 0 may join the edit of an earlier try.",
    ),
    _in(
        "header",
        "x-retouch-grace",
        {"type": "number", "minimum": 0},
        description="Seconds that the edit goes on after you have left; the server's own setting is the most.",
    ),
]

_STRINGS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}

_READINESS: Schema = {
    "type": "object",
    "properties": {
        "status": {"type": "string", "enum": ["ready", "not ready"]},
        "reason": {"type": "string", "description": "Why it is not ready, in a word."},
        "in_flight": {"type": "integer", "minimum": 0, "description": "Edits running or waiting."},
    },
    "required": ["status", "in_flight"],
}
