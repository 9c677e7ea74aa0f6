"""The bodies of an edit: a form with files, or JSON with addresses of files."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import Any

from retouch.contract.catalogue import BY_PARAMETERS, Catalogue
from retouch.contract.json_body import MAX_URL_LENGTH, STRICT_NULLS
from retouch.contract.openapi.parameters import MEANINGS, Schema, in_words, nullable, of_any, of_model
from retouch.contract.profile import Profile
from retouch.contract.references import Source

_NEVER_NULL = ("model", "prompt")
_MASK = "A PNG of the first picture's size; where its alpha is 0, the picture may change."
_MARKUP = "A transparent PNG of the first picture's size with what a person has drawn over it; not with a mask."


class Bodies:
    """The schemas of both bodies for the models of a catalogue."""

    def __init__(self, catalogue: Catalogue, *, strict: bool, sources: Collection[Source]) -> None:
        self._catalogue = catalogue
        self._strict = strict
        self._sources = sources
        self._profiles = [catalogue.get(name) for name in catalogue.names()]
        self._own = {profile.name: of_model(profile, strict=strict) for profile in self._profiles}
        self._rules, self._followers = self._grouped()

    def schemas(self) -> dict[str, Schema]:
        """The components that `form` and `json` refer to."""
        return {
            "EditForm": self._form(),
            "EditJson": self._json(),
            "ImageReference": self._image_reference(),
            **self._rules,
        }

    def content(self) -> dict[str, Any]:
        """The request body's media types."""
        images = ", ".join(dict.fromkeys(kind for one in self._profiles for kind in one.images.media_types))
        files = {"image": images, "image[]": images, "mask": "image/png", "markup": "image/png"}
        form = self._form()
        encoding = {name: {"contentType": kind} for name, kind in files.items() if name in form["properties"]}
        return {
            "multipart/form-data": {"schema": _reference("EditForm"), "encoding": encoding},
            "application/json": {"schema": _reference("EditJson")},
        }

    def _form(self) -> Schema:
        most = max(profile.images.max_count for profile in self._profiles)
        properties: dict[str, Schema] = {
            "image": _file("The picture to edit."),
            "image[]": {
                "type": "array",
                "items": _file("A picture; the first is edited, the others are references."),
                "minItems": 1,
                "maxItems": most,
                "description": "Pictures in order, as a field of its own each." + self._counts(),
            },
            "mask": _file(_MASK),
        }
        if any(profile.markup for profile in self._profiles):
            properties["markup"] = _file(_MARKUP)
        if not self._strict:
            properties |= {name: nullable(file) for name, file in properties.items() if name != "image[]"}
        one_of_both: Schema = {"anyOf": [{"required": ["image"]}, {"required": ["image[]"]}]}
        if self._strict:
            one_of_both = {"oneOf": one_of_both["anyOf"]}
        texts = self._parameters(frozenset() if self._strict else None)
        nulls = "" if self._strict else " An empty text, or the text `null`, is as good as leaving the field out."
        return {
            "type": "object",
            "description": "Every field may be given once, `image[]` repeatedly. Numbers are decimal text and"
            f" booleans `true` or `false`.{nulls}",
            "required": ["prompt"],
            "properties": properties | texts,
            "additionalProperties": False,
            "allOf": [one_of_both, *self._conditions()],
        }

    def _json(self) -> Schema:
        most = max(profile.images.max_count for profile in self._profiles)
        files = {"mask": self._reference_or_null(_MASK, null="mask" in STRICT_NULLS)}
        if any(profile.markup for profile in self._profiles):
            files["markup"] = self._reference_or_null(_MARKUP, null="markup" in STRICT_NULLS)
        properties = self._parameters(STRICT_NULLS if self._strict else None)
        properties["user"]["type"] = ["string", "number", "boolean", "null"]
        return {
            "type": "object",
            "description": "The same request as the form, with addresses in place of files.",
            "required": ["images", "prompt"],
            "properties": {
                "images": {
                    "type": "array",
                    "items": _reference("ImageReference"),
                    "minItems": 1,
                    "maxItems": most,
                    "description": "Pictures in order; the first is edited, the others are references.",
                },
                **files,
                **properties,
            },
            "additionalProperties": False,
            "allOf": self._conditions(),
        }

    def _image_reference(self) -> Schema:
        properties: dict[str, Schema] = {
            "image_url": {
                "type": "string",
                "maxLength": MAX_URL_LENGTH,
                "description": "A data URL with base64. "
                + (
                    "Or an https or http address, from which the server fetches the file."
                    if "image_url" in self._sources
                    else "Addresses of other servers are refused."
                ),
            },
            "file_id": {
                "type": "string",
                "description": "The id of a file that you have uploaded."
                if "file_id" in self._sources
                else "The id of an uploaded file; refused, for none is kept.",
            },
        }
        if not self._strict:
            properties = {name: nullable(schema) for name, schema in properties.items()}
        required: Schema = {"anyOf": [{"required": [name]} for name in properties]}
        return {
            "type": "object",
            "description": "Where a file is: one of both.",
            "properties": properties,
            **({"oneOf": required["anyOf"]} if self._strict else required),
            "additionalProperties": False,
        }

    def _reference_or_null(self, description: str, *, null: bool) -> Schema:
        """``null``: whether it may be null even if strict."""
        if self._strict and not null:
            return {**_reference("ImageReference"), "description": description}
        return {"anyOf": [_reference("ImageReference"), {"type": "null"}], "description": description}

    def _parameters(self, may_be_null: frozenset[str] | None) -> dict[str, Schema]:
        """What some model takes; None for ``may_be_null`` stands for every parameter that may ever be."""
        found: dict[str, Schema] = {}
        for name, schema in of_any(list(self._own.values())).items():
            null = name not in _NEVER_NULL and (may_be_null is None or name in may_be_null)
            found[name] = nullable(schema) if null else schema
            found[name]["description"] = MEANINGS.get(name, "") + self._differences(name)
        found["model"] = self._model() | {"description": MEANINGS["model"]}
        return found

    def _model(self) -> Schema:
        schema: Schema = {"type": "string", "enum": list(self._catalogue.names())}
        default = self._catalogue.default_model
        return schema if default == BY_PARAMETERS else {**schema, "default": default}

    def _differences(self, name: str) -> str:
        """Which models take what, as a list in Markdown; empty where all are alike."""
        models: dict[str, list[str]] = {}
        for profile in self._profiles:
            schema = self._own[profile.name].get(name)
            models.setdefault("not taken" if schema is None else in_words(schema), []).append(profile.name)
        if len(models) < 2 or name == "model":
            return ""
        ordered = sorted(models.items(), key=lambda item: len(item[1]))
        lines = [f"- {', '.join(f'`{model}`' for model in names)}: {words}" for words, names in ordered[:-1]]
        return "\n\n" + "\n".join([*lines, f"- the others: {ordered[-1][0]}"])

    def _counts(self) -> str:
        models: dict[int, list[str]] = {}
        for profile in self._profiles:
            models.setdefault(profile.images.max_count, []).append(profile.name)
        if len(models) < 2:
            return ""
        few = [f"`{name}` takes {count}" for count, names in sorted(models.items())[:-1] for name in names]
        return f" {'; '.join(few)}."

    def _grouped(self) -> tuple[dict[str, Schema], dict[str, list[str]]]:
        """The models' own rules by component name, and the models that follow each."""
        every = {name for own in self._own.values() for name in own}
        components: dict[str, str] = {}
        rules: dict[str, Schema] = {}
        followers: dict[str, list[str]] = {}
        for profile in self._profiles:
            rule = self._rule(profile, every)
            text = json.dumps(rule)
            if text not in components:
                components[text] = "Rules." + re.sub(r"[^\w.-]", "_", profile.name)
                rules[components[text]] = rule
            followers.setdefault(components[text], []).append(profile.name)
        return rules, followers

    def _rule(self, profile: Profile, every: set[str]) -> Schema:
        own = self._own[profile.name]
        absent: Schema | bool = False if self._strict else {"type": "null"}
        properties: dict[str, Any] = {}
        for name in sorted(every - {"model"}):
            properties[name] = _narrowed(own[name]) if name in own else absent
        for name in ("image[]", "images"):
            properties[name] = {"maxItems": profile.images.max_count}
        if not profile.markup:
            properties["markup"] = absent
        return {"properties": properties}

    def _conditions(self) -> list[Schema]:
        return [
            {"if": self._names(names), "then": _reference(component)}
            for component, names in self._followers.items()
        ]

    def _names(self, names: Sequence[str]) -> Schema:
        """True for a request that names one of these models, or none where the default is among them."""
        condition: Schema = {"properties": {"model": {"enum": list(names)}}}
        if self._catalogue.default_model not in names:
            condition["required"] = ["model"]
        return condition


def _narrowed(schema: Schema) -> Schema:
    """Its limits without its type, so that null stays what the body makes of it."""
    found = {key: value for key, value in schema.items() if key not in ("type", "default", "description")}
    if "enum" in found:
        found["enum"] = [*found["enum"], None]
    return found


def _file(description: str) -> Schema:
    return {"type": "string", "format": "binary", "description": description}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
