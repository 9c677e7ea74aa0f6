"""From a request's parts to an `EditRequest`, or the one right error.

The rules are applied in the order in which the vendor was seen to apply them: the model, unknown names, the
prompt, the files, then the parameters one by one, then what they say together. Unless strict, what the vendor
refuses for technical reasons only is accepted and honoured. Nothing is ignored in either mode.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from retouch.contract import messages, sizes
from retouch.contract.catalogue import Catalogue
from retouch.contract.fields import Fields, FormFields
from retouch.contract.form import FilePart, Form
from retouch.contract.profile import Profile
from retouch.contract.rules import Choice, Whole
from retouch.contract.sizes import Size
from retouch.errors import InvalidRequest, UserError

Honoured = Mapping[str, frozenset[str]]
"""For each model, the extras that its engines honour."""


@dataclass(frozen=True)
class EditRequest:
    """An edit that the contract allows; whether its files hold what they should is not known yet.

    ``image_field``: "image", "image[]" or "images", the name for errors about the images. ``size``: None stands
    for `auto`. ``quality``: resolved, never `auto`. ``background``: "auto" | "opaque" | "transparent".
    ``input_fidelity``: "low" | "high". ``output_format``: "png" | "webp" | "jpeg". ``output_compression``:
    0..100. ``response_format``: "b64_json" | "url". ``extras``: parameters beyond the vendor's, typed. It can be
    pickled where the files' blobs can.
    """

    profile: Profile
    model: str
    prompt: str
    images: tuple[FilePart, ...]
    image_field: str
    mask: FilePart | None
    markup: FilePart | None
    n: int
    size: Size | None
    quality: str
    background: str
    input_fidelity: str
    output_format: str
    output_compression: int
    response_format: str
    stream: bool
    partial_images: int
    moderation: str | None
    user: str | None
    safety_identifier: str | None
    complexity: str | None
    extras: Mapping[str, Any] = field(default_factory=dict)
    strict: bool = False

    @property
    def end_user(self) -> str | None:
        """Who the edit is for: a non-empty `safety_identifier`, else a non-empty `user`."""
        return self.safety_identifier or self.user or None


def parse_form(
    form: Form, catalogue: Catalogue, *, strict: bool = False, extras: Honoured | None = None
) -> EditRequest:
    """The request that a multipart form makes.

    ``extras``: which of a native model's extras are accepted; None accepts all that its profile has.
    Raises `InvalidRequest`, `ModelNotFound` or another `UserError`.
    """
    return judge(FormFields(form, catalogue.parameters, strict=strict), catalogue, strict=strict, extras=extras)


def judge(fields: Fields, catalogue: Catalogue, *, strict: bool, extras: Honoured | None = None) -> EditRequest:
    """The request that these fields make; `parse_form` with the front end left open."""
    profile = _model(fields, catalogue)
    honoured = frozenset(profile.extras) if extras is None else extras.get(profile.name, frozenset())
    _refuse_strangers(fields, profile, honoured, strict)
    prompt = _prompt(fields, profile)
    files = fields.files(profile)
    # The readers run in the order of these lines, which is the order of the refusals.
    request = EditRequest(
        profile=profile,
        model=profile.name,
        prompt=prompt,
        images=files.images,
        image_field=files.field,
        mask=files.mask,
        markup=files.markup,
        n=_whole(fields, profile.n, "n", 1),
        quality=_quality(fields, profile, strict),
        background=_background(fields, profile),
        input_fidelity=_fidelity(fields, profile, strict),
        output_format=_choice(fields, profile.output_format, "output_format") or "png",
        moderation=_choice(fields, profile.moderation, "moderation"),
        output_compression=_whole(fields, profile.output_compression, "output_compression", 100),
        size=sizes.requested(profile, fields.string("size")),
        response_format=_choice(fields, profile.response_format, "response_format") or "b64_json",
        stream=profile.streams and bool(fields.boolean("stream")),
        partial_images=_whole(fields, profile.partial_images, "partial_images", 0),
        complexity=_choice(fields, profile.complexity, "complexity"),
        user=fields.string("user"),
        safety_identifier=fields.string("safety_identifier"),
        extras=_extras(fields, profile),
        strict=strict,
    )
    _judge_together(request)
    return request


def _model(fields: Fields, catalogue: Catalogue) -> Profile:
    name = fields.string("model")
    if name is None:
        return catalogue.default_for({name: fields.literal(name) for name in fields.names()}, fields.image_count())
    return catalogue.get(name)


def _refuse_strangers(fields: Fields, profile: Profile, honoured: frozenset[str], strict: bool) -> None:
    known = profile.parameters | (honoured & frozenset(profile.extras))
    if profile.markup:
        known |= {"markup"}
    for name in fields.names():
        tolerated = not strict and fields.literal(name) in profile.tolerated.get(name, ())
        if name not in known and not tolerated:
            raise fields.stranger(name)


def _prompt(fields: Fields, profile: Profile) -> str:
    prompt = fields.string("prompt")
    if prompt is None:
        raise messages.missing("prompt")
    if not prompt:
        raise messages.empty_string("prompt")
    if len(prompt) > profile.prompt_max_length:
        raise messages.string_too_long("prompt", len(prompt), profile.prompt_max_length)
    return prompt


def _choice(fields: Fields, rule: Choice | None, name: str, *, strict: bool = True) -> str | None:
    """One of the rule's values, or what an alias of it means unless strict; None without a rule."""
    if rule is None:
        return None
    value = fields.choice(name, rule.values)
    if value is None:
        return rule.default
    if not strict and value in rule.aliases:
        return rule.aliases[value]
    if value not in rule.values:
        raise messages.invalid_value(name, value, rule.values)
    return value


def _whole(fields: Fields, rule: Whole | None, name: str, absent: int) -> int:
    if rule is None:
        return absent
    value = fields.integer(name)
    if value is None:
        return rule.default
    if fault := messages.out_of_range(name, value, rule.minimum, rule.maximum):
        raise fault
    return value


def _quality(fields: Fields, profile: Profile, strict: bool) -> str:
    value = _choice(fields, profile.quality, "quality", strict=strict)
    return profile.default_quality if value in (None, "auto") else str(value)


def _background(fields: Fields, profile: Profile) -> str:
    rule = profile.background
    value = _choice(fields, rule, "background")
    if rule is None or value is None:
        return "opaque"
    if value in rule.unsupported:
        raise UserError(
            f"{value.capitalize()} background is not supported for this model.",
            param="background",
            code="invalid_value",
        )
    return value


def _fidelity(fields: Fields, profile: Profile, strict: bool) -> str:
    rule = profile.input_fidelity
    if rule is not None and rule.friendly_only and strict and "input_fidelity" in fields.names():
        raise UserError(
            f"The model '{profile.name}' does not support the 'input_fidelity' parameter.",
            param="input_fidelity",
            code="invalid_input_fidelity_model",
        )
    return _choice(fields, rule, "input_fidelity") or "low"


def _extras(fields: Fields, profile: Profile) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for name, rule in profile.extras.items():
        reader = {"integer": fields.integer, "number": fields.number, "string": fields.string}[rule.kind]
        value = reader(name)
        if value is None:
            continue
        if isinstance(value, str):
            if rule.max_length is not None and len(value) > rule.max_length:
                raise messages.string_too_long(name, len(value), rule.max_length)
        elif fault := messages.out_of_range(name, value, rule.minimum, rule.maximum):
            raise fault
        found[name] = value
    return found


def _judge_together(request: EditRequest) -> None:
    """What no parameter is wrong about alone."""
    if request.output_format == "png" and request.output_compression < 100:
        raise UserError(
            "Compression less than 100 is not supported for PNG output format",
            code="invalid_png_output_compression",
        )
    if request.output_format == "jpeg" and request.background == "transparent":
        raise UserError(
            "Transparent background is not supported for JPEG output format.",
            param="background",
            code="invalid_value",
        )
    if request.partial_images and not request.stream:
        raise InvalidRequest(
            "Invalid value for 'partial_images': partial images are only sent when 'stream' is true.",
            param="partial_images",
            code="invalid_value",
        )
    if request.stream and request.response_format == "url":
        raise InvalidRequest(
            "Invalid value: 'url'. Streamed events carry the image itself: use 'b64_json'.",
            param="response_format",
            code="invalid_value",
        )
