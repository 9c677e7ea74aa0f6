"""The texts of the schema's refusals, word for word as recorded from the vendor's service.

Each function returns the error for its caller to raise.
"""

from __future__ import annotations

from collections.abc import Iterable

from retouch.errors import Forbidden, InvalidRequest, ModelNotFound

MEGABYTE = 1 << 20
_LONGEST_ECHO = 200


def listing(values: Iterable[str], word: str = "and") -> str:
    """``'a'``; ``'a' and 'b'``; ``'a', 'b', and 'c'``."""
    quoted = [f"'{value}'" for value in values]
    if len(quoted) > 2:
        return f"{', '.join(quoted[:-1])}, {word} {quoted[-1]}"
    return f" {word} ".join(quoted)


def echo(value: str) -> str:
    """The client's own text for a message, cut where it is long."""
    return value if len(value) <= _LONGEST_ECHO else f"{value[:_LONGEST_ECHO]}…"


def missing(name: str) -> InvalidRequest:
    return InvalidRequest(f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")


def unknown(name: str) -> InvalidRequest:
    name = echo(name)
    return InvalidRequest(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")


def duplicate(name: str) -> InvalidRequest:
    name = echo(name)
    return InvalidRequest(
        f"Duplicate parameter: '{name}'. You provided multiple values for this parameter, whereas only one is "
        f"allowed. If you are trying to provide a list of values, use the array syntax instead e.g. "
        f"'{name}[]=<value>'.",
        param=name,
        code="duplicate_parameter",
    )


def wrong_type(name: str, expected: str, got: str) -> InvalidRequest:
    """``expected`` and ``got`` with their articles: "a string", "an integer"."""
    return InvalidRequest(
        f"Invalid type for '{name}': expected {expected}, but got {got} instead.", param=name, code="invalid_type"
    )


def unconvertible(name: str, expected: str) -> InvalidRequest:
    """A form's text that is no ``expected`` ("an integer", "a boolean", "a decimal number")."""
    return InvalidRequest(
        f"Invalid type for '{name}': expected {expected}, but got a string value that could not be converted "
        f"into {expected}.",
        param=name,
        code="invalid_type",
    )


def invalid_value(name: str, value: str, supported: Iterable[str]) -> InvalidRequest:
    return InvalidRequest(
        f"Invalid value: '{echo(value)}'. Supported values are: {listing(supported)}.",
        param=name,
        code="invalid_value",
    )


def out_of_range(name: str, value: float, minimum: float | None, maximum: float | None) -> InvalidRequest | None:
    """The refusal of a number outside ``minimum..maximum`` (either may be None), or None if it lies inside.

    Whole numbers and decimals have each their own words and codes.
    """
    kind = "integer" if isinstance(value, int) else "decimal"
    if minimum is not None and value < minimum:
        side, code, sign, limit = "below minimum", "below_min_value", ">=", minimum
    elif maximum is not None and value > maximum:
        side, code, sign, limit = "above maximum", "above_max_value", "<=", maximum
    else:
        return None
    return InvalidRequest(
        f"Invalid '{name}': {kind} {side} value. Expected a value {sign} {limit}, but got "
        f"{echo(str(value))} instead.",
        param=name,
        code=f"{kind}_{code}",
    )


def empty_string(name: str) -> InvalidRequest:
    return InvalidRequest(
        f"Invalid '{name}': empty string. Expected a string with minimum length 1, but got an empty "
        "string instead.",
        param=name,
        code="empty_string",
    )


def string_too_long(name: str, length: int, maximum: int) -> InvalidRequest:
    return InvalidRequest(
        f"Invalid '{name}': string too long. Expected a string with maximum length {maximum}, but got a string "
        f"with length {length} instead.",
        param=name,
        code="string_above_max_length",
    )


def empty_array(name: str) -> InvalidRequest:
    return InvalidRequest(
        f"Invalid '{name}': empty array. Expected an array with minimum length 1, but got an empty array instead.",
        param=name,
        code="empty_array",
    )


def neither(name: str, keys: Iterable[str]) -> InvalidRequest:
    """None of the ``keys`` of which the object ``name`` needs one."""
    return InvalidRequest(
        f"Missing required parameter: {listing((f'{name}.{key}' for key in keys), 'or')}.",
        param=name,
        code="missing_required_parameter",
    )


def exclusive(name: str, keys: Iterable[str]) -> InvalidRequest:
    """More than one of the ``keys`` of which the object ``name`` may have one."""
    keys = list(keys)
    return InvalidRequest(
        f"Mutually exclusive parameters: {listing(f'{name}.{key}' for key in keys)}. Ensure you are only "
        f"providing one of: {listing(keys, 'or')}.",
        param=name,
        code="mutually_exclusive_parameters",
    )


def array_too_long(name: str, length: int, maximum: int) -> InvalidRequest:
    return InvalidRequest(
        f"Invalid '{name}': array too long. Expected an array with maximum length {maximum}, but got an array "
        f"with length {length} instead.",
        param=name,
        code="array_above_max_length",
    )


def unsupported_media_type(name: str, media_type: str, supported: Iterable[str]) -> InvalidRequest:
    return InvalidRequest(
        f"Invalid file '{name}': unsupported mimetype ('{echo(media_type)}'). Supported file formats are "
        f"{listing(supported)}.",
        param=name,
        code="unsupported_file_mimetype",
    )


def file_too_large(name: str, size: int | None, limit: int) -> InvalidRequest:
    """``limit`` is the first size, in bytes, that is too large. ``size``: None where nobody has counted on."""
    got = "more" if size is None else f"{size} bytes"
    return InvalidRequest(
        f"Invalid file '{name}': file too large. Expected a file smaller than {limit / MEGABYTE:g} MB, but got "
        f"{got} instead.",
        param=name,
        code="file_too_large",
    )


def not_a_small_png(limit: int) -> InvalidRequest:
    """The older models' one text for a wrong format and for too many bytes."""
    return InvalidRequest(f"Uploaded image must be a PNG and less than {limit / MEGABYTE:g} MB.")


def json_images() -> InvalidRequest:
    """`images` is the JSON body's name for what a form calls `image`."""
    return InvalidRequest(
        "Unknown parameter: 'images'. For multipart/form-data use 'image' or 'image[]'.",
        param="images",
        code="invalid_value",
    )


def form_image() -> InvalidRequest:
    """`image` and `image[]` are a form's names for what a JSON body calls `images`."""
    return InvalidRequest(
        "Unknown parameter: 'image'. For application/json on /v1/images/edits, use 'images' (array).",
        param="image",
        code="invalid_value",
    )


def unsupported_content_type(content_type: str) -> InvalidRequest:
    """The refusal of a body, or of a model's body, that is no form."""
    content_type = echo(content_type)
    return InvalidRequest(
        f"Unsupported content type: '{content_type}'. This API method only accepts 'multipart/form-data' requests,"
        f" but you specified the header 'Content-Type: {content_type}'. Please try again with a supported content"
        " type.",
        code="unsupported_content_type",
    )


def unknown_model(name: str) -> ModelNotFound:
    return ModelNotFound(f"The model '{echo(name)}' does not exist.")


def foreign_model(name: str) -> Forbidden:
    """The model exists, and is not for this caller."""
    return Forbidden(f"Your API key does not have access to model `{name}`.", code="model_not_found")
