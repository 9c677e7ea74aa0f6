"""The parameters of an edit as JSON Schemas: each model's own, and what some model takes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from retouch.contract import sizes
from retouch.contract.profile import Profile
from retouch.contract.rules import Choice, Extra, SizeRule, Whole

Schema = dict[str, Any]

MEANINGS: Mapping[str, str] = {
    "model": "The model: its rules, and the engines bound to it.",
    "prompt": "What to change, in words.",
    "n": "How many different pictures to return.",
    "size": "The size of the pictures returned; `auto` follows the first picture sent.",
    "quality": "How much work goes into a picture.",
    "background": "Whether the pictures returned may be transparent.",
    "input_fidelity": "How closely the pictures sent are followed.",
    "output_format": "The file format of the pictures returned.",
    "output_compression": "The quality of JPEG and WebP files in percent; PNG takes 100 only.",
    "response_format": "Pictures in the answer itself, or links to them. Streams carry the pictures themselves.",
    "stream": "Whether to answer with server-sent events.",
    "partial_images": "How many previews a stream may hold; other than 0 only where `stream` is true.",
    "moderation": "How strict the safety filter is. There is none yet, so either value changes nothing.",
    "complexity": "How intricate the picture may become.",
    "user": "An identifier of your end user; it is logged as a hash.",
    "safety_identifier": "An identifier of your end user, instead of `user`; the answer repeats it.",
    "seed": "Makes an answer repeatable.",
    "negative_prompt": "What to avoid, in words.",
    "num_inference_steps": "Steps of an engine that paints by denoising.",
    "guidance_scale": "How closely such an engine follows the prompt.",
    "strength": "How far such an engine may go from the picture sent: 0 not at all, 1 without limit.",
}
"""What each parameter is for."""


def of_model(profile: Profile, *, strict: bool) -> dict[str, Schema]:
    """The parameters of one model by name, as exactly as a schema can say it. Files are not among them, and
    `model` is a plain string."""
    found: dict[str, Schema] = {
        "model": {"type": "string"},
        "prompt": {"type": "string", "minLength": 1, "maxLength": profile.prompt_max_length},
    }
    for name in sorted(profile.parameters - found.keys() - {"size"}):
        rule = getattr(profile, name, None)
        if isinstance(rule, Choice):
            if not (strict and rule.friendly_only):
                found[name] = _choice(rule, strict)
        elif isinstance(rule, Whole):
            found[name] = _whole(rule)
        else:
            found[name] = {"type": "boolean", "default": False} if name == "stream" else {"type": "string"}
    found["size"] = _size(profile.size)
    found |= {name: _extra(rule) for name, rule in profile.extras.items()}
    for name, texts in {} if strict else profile.tolerated.items():
        values = [_typed(text) for text in texts]
        found[name] = {"type": _kind(values[0]), "enum": values}
    return found


def of_any(models: Sequence[Mapping[str, Schema]]) -> dict[str, Schema]:
    """What at least one of these models takes, in the order of `MEANINGS`; a default only where all agree."""
    names = {name for model in models for name in model}
    ordered = [name for name in MEANINGS if name in names] + sorted(names - MEANINGS.keys())
    return {name: _join([model[name] for model in models if name in model]) for name in ordered}


def in_words(schema: Schema) -> str:
    """What a parameter's schema allows, for people who read the description alone."""
    words = schema.get("description", "")
    if not words:
        low, high = schema.get("minimum"), schema.get("maximum")
        if "enum" in schema:
            words = ", ".join(f"`{_text(value)}`" for value in schema["enum"])
        elif low is not None and high is not None:
            words = f"{low} to {high}"
        elif "maxLength" in schema:
            words = f"at most {schema['maxLength']} characters"
        else:
            words = f"any {schema['type']}"
    return f"{words}; default `{_text(schema['default'])}`" if "default" in schema else words


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    found = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        found["enum"] = [*schema["enum"], None]
    return found


def _choice(rule: Choice, strict: bool) -> Schema:
    values = [value for value in rule.values if value not in rule.unsupported]
    if not strict:
        values += rule.aliases
    found: Schema = {"type": "string", "enum": values}
    return found if rule.default is None else {**found, "default": rule.default}


def _whole(rule: Whole) -> Schema:
    return {"type": "integer", "minimum": rule.minimum, "maximum": rule.maximum, "default": rule.default}


def _extra(rule: Extra) -> Schema:
    bounds = {"minimum": rule.minimum, "maximum": rule.maximum, "maxLength": rule.max_length}
    return {"type": rule.kind, **{key: value for key, value in bounds.items() if value is not None}}


def _size(rule: SizeRule) -> Schema:
    if rule.kind == "fixed":
        return {"type": "string", "enum": list(rule.values), "default": rule.default}
    limits = [f"the longest edge at most {rule.max_edge} pixels"]
    if rule.multiple > 1:
        limits.insert(0, f"both edges multiples of {rule.multiple}")
    if rule.max_ratio is not None:
        limits.append(f"at most {rule.max_ratio}:1")
    if rule.min_pixels > 1:
        limits.append(f"at least {rule.min_pixels} pixels in all")
    limits.append(f"at most {rule.max_pixels} pixels in all")
    return {
        "type": "string",
        "pattern": f"^(auto|{sizes.PATTERN})$",
        "default": rule.default,
        "description": f"`auto` or `WIDTHxHEIGHT`: {', '.join(limits)}",
    }


def _join(schemas: Sequence[Schema]) -> Schema:
    found: Schema = {"type": schemas[0]["type"]}
    if any("pattern" in schema for schema in schemas):
        found["pattern"] = next(schema["pattern"] for schema in schemas if "pattern" in schema)
        listed = _distinct(value for schema in schemas for value in schema.get("enum", ()))
        found["examples"] = listed or ["auto"]
    elif any(_bounded(schema) for schema in schemas):
        for key, outermost in (("minimum", min), ("maximum", max), ("minLength", min), ("maxLength", max)):
            ends = [schema[key] for schema in schemas if key in schema]
            if ends:
                found[key] = outermost(ends)
    elif all("enum" in schema for schema in schemas):
        found["enum"] = _distinct(value for schema in schemas for value in schema["enum"])
    defaults = _distinct(schema["default"] for schema in schemas if "default" in schema)
    if len(defaults) == 1:
        found["default"] = defaults[0]
    return found


def _bounded(schema: Schema) -> bool:
    return not schema.keys().isdisjoint(("minimum", "maximum", "minLength", "maxLength"))


def _distinct(values: Iterable[Any]) -> list[Any]:
    """Each once, in the order of first appearance."""
    return list(dict.fromkeys(values))


def _typed(text: str) -> Any:
    """The value that a form's text stands for."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _kind(value: Any) -> str:
    return {bool: "boolean", int: "integer", float: "number"}.get(type(value), "string")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
