"""The files of a request: how many, of what type, how large. What is in them is judged by who decodes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from retouch.contract import messages
from retouch.contract.form import FilePart, Part
from retouch.contract.profile import Profile
from retouch.contract.references import Reference
from retouch.errors import InvalidRequest


@dataclass(frozen=True)
class Files:
    """``images``: in the order sent, at least one. ``field``: the name that the client used for them, and
    that errors about them carry: "image", or "image[]" as soon as one part has it; "images" in JSON."""

    images: tuple[FilePart, ...]
    field: str
    mask: FilePart | None = None
    markup: FilePart | None = None


def uploaded(parts: Sequence[Part], profile: Profile, *, strict: bool) -> Files:
    """The files among ``parts`` (all of which have a file's name), if the model takes them.

    Raises `InvalidRequest`: no image, too many, text in a file's place, a file too large; and, if strict,
    an image whose part claims another type than the model's.
    """
    sent = [part for part in parts if part.name in ("image", "image[]")]
    if not sent:
        raise messages.missing("image")
    field = "image[]" if any(part.name == "image[]" for part in sent) else "image"
    names = [file_name(field, index) for index in range(len(sent))]
    images = tuple(
        _file(part, name, "one of an array of files or file" if name == "image" else "a file", strict)
        for part, name in zip(sent, names, strict=True)
    )
    if len(images) > profile.images.max_count:
        raise messages.array_too_long("image", len(images), profile.images.max_count)
    files = Files(images, field, _single(parts, "mask", strict), _single(parts, "markup", strict))
    return judged(files, profile, strict)


def judged(files: Files, profile: Profile, strict: bool) -> Files:
    """The same files, if the model takes them. Raises `InvalidRequest`: a file too large, markup beside a mask;
    and, if strict, an image that claims another type than the model's."""
    for index, image in enumerate(files.images):
        name = file_name(files.field, index)
        if strict and not isinstance(image.blob, Reference):
            _judge_media_type(image, name, profile)
        judge_bytes(image, name, profile)
    if files.mask is not None:
        judge_bytes(files.mask, "mask", profile)
    if files.markup is not None:
        judge_bytes(files.markup, "markup", profile)
        if files.mask is not None:
            raise InvalidRequest(
                "Invalid parameter: 'markup' cannot be combined with 'mask'.", param="markup", code="invalid_value"
            )
    return files


def byte_limit(name: str, profile: Profile) -> int:
    """The first size, in bytes, that is too large for the file that errors call ``name``."""
    return profile.mask_max_bytes if name == "mask" else profile.images.max_bytes


def too_large(name: str, size: int | None, profile: Profile) -> InvalidRequest:
    """The refusal of a file of so many bytes; None for a size that nobody knows."""
    limit = byte_limit(name, profile)
    if profile.family == "dall-e" and name not in ("mask", "markup"):
        return messages.not_a_small_png(limit)
    return messages.file_too_large(name, size, limit)


def judge_bytes(file: FilePart, name: str, profile: Profile) -> None:
    """Raises `InvalidRequest` for a file that is too large."""
    if file.size >= byte_limit(name, profile):
        raise too_large(name, file.size, profile)


def file_name(field: str, index: int) -> str:
    """The name by which errors call the image at ``index``: "image", "image[0]" in a list, "images[0]" in JSON."""
    return field if field == "image" else f"{field.removesuffix('[]')}[{index}]"


def _single(parts: Sequence[Part], name: str, strict: bool) -> FilePart | None:
    part = next((part for part in parts if part.name == name), None)
    return None if part is None else _file(part, name, "a file", strict)


def _file(part: Part, name: str, expected: str, strict: bool) -> FilePart:
    if not isinstance(part, FilePart) or (strict and part.filename is None):
        raise messages.wrong_type(name, expected, "a string")
    return part


def _judge_media_type(image: FilePart, name: str, profile: Profile) -> None:
    media_type = (image.content_type or "application/octet-stream").partition(";")[0].strip().lower()
    if media_type not in profile.images.media_types:
        raise messages.unsupported_media_type(name, media_type, profile.images.media_types)
