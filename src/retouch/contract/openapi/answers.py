"""The answers: bodies, events, and every error of `retouch.errors` by its status."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from retouch.contract import sizes
from retouch.contract.openapi.parameters import Schema
from retouch.contract.profile import Profile
from retouch.errors import RetouchError

_STRING: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SECONDS: Schema = {"type": "integer", "minimum": 0, "description": "Unix time in seconds."}
_PICTURE: Schema = {"type": "string", "contentEncoding": "base64", "description": "A picture's file."}

HEADERS: dict[str, Schema] = {
    "x-request-id": {
        "required": True,
        "description": "The request's id, as in the server's log.",
        "schema": {"type": "string", "pattern": "^req_[0-9a-f]{32}$"},
    },
    "openai-version": {"required": True, "schema": _STRING},
    "openai-processing-ms": {
        "required": True,
        "description": "Milliseconds until the answer began.",
        "schema": _COUNT,
    },
}
"""What every answer carries."""

BUDGET_HEADERS: dict[str, Schema] = {
    f"x-ratelimit-{word}-{kind}": {"description": f"{text}, for callers with such a budget.", "schema": schema}
    for kind, what in (("requests", "edits"), ("input-images", "pictures sent"))
    for word, text, schema in (
        ("limit", f"The budget of {what} a minute", _COUNT),
        ("remaining", f"How many {what} are left of it", _COUNT),
        ("reset", "How long until it is whole again, as in 1m0s, 12s or 250ms", _STRING),
    )
}
"""What the answers to edits may carry."""

_ERROR_HEADERS: dict[str, Schema] = {
    "retry-after": {
        "description": "Seconds until another try is worth while.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "retry-after-ms": {"description": "The same in milliseconds.", "schema": _COUNT},
    "x-should-retry": {
        "description": "Whether the same request might succeed; absent where nothing is known.",
        "schema": {"type": "string", "enum": ["true", "false"]},
    },
}


def answer(description: str, content: Schema, **more: Any) -> Schema:
    """A response with the headers that every response has."""
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in HEADERS}
    return {"description": description, "headers": headers, "content": content, **more}


def of_json(name: str) -> Schema:
    """The content of a JSON answer with that schema of the components."""
    return {"application/json": {"schema": reference(name)}}


def reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def errors(*statuses: int) -> dict[str, Schema]:
    """The responses of an operation for these statuses; a wrong method can happen at every address."""
    wanted = sorted({*statuses, HTTPStatus.METHOD_NOT_ALLOWED})
    return {str(status): {"$ref": f"#/components/responses/{_name(status)}"} for status in wanted}


def error_responses() -> dict[str, Schema]:
    """One response for each status of the tree of errors."""
    by_status: dict[int, list[type[RetouchError]]] = {}
    for kind in _kinds(RetouchError):
        by_status.setdefault(kind.status, []).append(kind)
    return {_name(status): _refusal(status, kinds) for status, kinds in sorted(by_status.items())}


def schemas(profiles: Iterable[Profile], *, strict: bool) -> dict[str, Schema]:
    """The components that answers refer to."""
    profiles = list(profiles)
    looks = _looks(profiles)
    echoed = {"safety_identifier": _STRING} if any(profile.safety_identifier for profile in profiles) else {}
    told = {} if strict else {"revised_prompt": {**_STRING, "description": "What was done, and what left out."}}
    picture = {"b64_json": _PICTURE, "url": {"type": "string", "format": "uri"}, **told}
    shared = {"b64_json": _PICTURE, "created_at": _SECONDS, **looks}
    partial = _object("A preview.", _tagged("image_edit.partial_image", {**shared, "partial_image_index": _COUNT}))
    completed = _object(
        "A finished picture.",
        _tagged("image_edit.completed", {**shared, "usage": reference("EventUsage")}),
        optional={**echoed, **told},
    )
    completed["required"].remove("usage")
    return {
        "Error": _error(),
        "ImagesResponse": {
            **_object(
                "The pictures. The models of the older family answer with `created` and `data` alone.",
                {
                    "created": _SECONDS,
                    "data": {"type": "array", "minItems": 1, "items": reference("Image")},
                },
                optional={**looks, **echoed, "usage": reference("Usage")},
            ),
            "dependentRequired": {"background": [name for name in looks if name != "background"]},
        },
        "Image": {
            **_object("One picture: its file, or a link to it.", {}, optional=picture),
            "oneOf": [{"required": ["b64_json"]}, {"required": ["url"]}],
        },
        "Usage": _usage(details=("input_tokens", "output_tokens")),
        "EventUsage": _usage(details=("input_tokens",)),
        "PartialImageEvent": partial,
        "CompletedEvent": completed,
        "EditEvent": {
            "description": "One event of the stream. Comments between events keep the connection alive.",
            "oneOf": [
                _event("image_edit.partial_image", "PartialImageEvent"),
                _event("image_edit.completed", "CompletedEvent"),
                _event("error", "Error"),
            ],
        },
        "Model": _object(
            "A model.",
            {
                "id": _STRING,
                "object": {"const": "model"},
                "created": _SECONDS,
                "owned_by": _STRING,
                "capabilities": {"type": "object", "description": "What the engines bound to it declare."},
            },
            optional={"retired": {"type": "string", "format": "date"}},
        ),
        "ModelList": _object(
            "All models.",
            {"object": {"const": "list"}, "data": {"type": "array", "items": reference("Model")}},
        ),
    }


def _looks(profiles: Iterable[Profile]) -> dict[str, Schema]:
    """What an answer says about its pictures: what they are, never `auto`."""
    qualities: dict[str, None] = {}
    formats: dict[str, None] = {}
    for profile in profiles:
        if profile.quality is not None:
            qualities |= dict.fromkeys(value for value in profile.quality.values if value != "auto")
        if profile.output_format is not None:
            formats |= dict.fromkeys(profile.output_format.values)
    return {
        "size": {"type": "string", "pattern": f"^{sizes.PATTERN}$"},
        "quality": {"type": "string", "enum": list(qualities)},
        "background": {"type": "string", "enum": ["opaque", "transparent"]},
        "output_format": {"type": "string", "enum": list(formats)},
    }


def _usage(details: Iterable[str]) -> Schema:
    split = _object("", {"image_tokens": _COUNT, "text_tokens": _COUNT})
    counts = dict.fromkeys(("input_tokens", "output_tokens", "total_tokens"), _COUNT)
    return _object("Tokens.", counts | {f"{name}_details": split for name in details})


def _tagged(kind: str, properties: dict[str, Schema]) -> dict[str, Schema]:
    return {"type": {"const": kind}, **properties}


def _event(kind: str, data: str) -> Schema:
    """A server-sent event by its two fields; ``data`` names the schema of its JSON."""
    carried = {"type": "string", "contentMediaType": "application/json", "contentSchema": reference(data)}
    return _object("", {"event": {"const": kind}, "data": carried})


def _error() -> Schema:
    types = sorted({kind.type for kind in _kinds(RetouchError)})
    return _object(
        "What went wrong.",
        {
            "error": _object(
                "",
                {
                    "message": {**_STRING, "description": "For people."},
                    "type": {"type": "string", "enum": types},
                    "param": {"type": ["string", "null"], "description": "The parameter at fault."},
                    "code": {"type": ["string", "null"], "description": "For programs."},
                },
            )
        },
    )


def _refusal(status: int, kinds: Iterable[type[RetouchError]]) -> Schema:
    kinds = list(kinds)
    codes = sorted({kind.code for kind in kinds if kind.code})
    named = f" Codes of this status among others: {', '.join(f'`{code}`' for code in codes)}." if codes else ""
    found = answer(f"{HTTPStatus(status).phrase}.{named}", of_json("Error"))
    sent = {name for kind in kinds for name in kind("").headers}
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        sent.add("x-should-retry")
    for name in sorted(sent):
        found["headers"][name] = _ERROR_HEADERS[name]
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        found["headers"] |= BUDGET_HEADERS
    return found


def _kinds(kind: type[RetouchError]) -> list[type[RetouchError]]:
    """A class of errors and all below it."""
    return [kind, *(one for sub in kind.__subclasses__() for one in _kinds(sub))]


def _name(status: int) -> str:
    return "".join(word.capitalize() for word in HTTPStatus(status).phrase.split())


def _object(description: str, properties: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    found: Schema = {"type": "object", "properties": properties | (optional or {})}
    if properties:
        found["required"] = list(properties)
    return {"description": description, **found} if description else found
