"""The files of a request, judged by what is in them, and decoded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import BinaryIO, ParamSpec, TypeVar

from retouch.contract.messages import not_a_small_png
from retouch.contract.parameters import EditRequest
from retouch.errors import InvalidImageFile, InvalidMask, InvalidRequest
from retouch.imaging.container import Header
from retouch.imaging.decode import check_total, decode
from retouch.imaging.limits import PixelLimits
from retouch.imaging.mask import mask_from_alpha, read_mask
from retouch.imaging.overlay import read_markup
from retouch.imaging.raster import F32, Raster
from retouch.imaging.sniff import invalid_image, read_header

P = ParamSpec("P")
T = TypeVar("T")

_VENDOR_MODES = frozenset({"RGB", "RGBA", "L", "LA"})


def read(
    request: EditRequest, files: Sequence[BinaryIO], limits: PixelLimits, threads: int
) -> tuple[list[Raster], F32 | None, Raster | None]:
    """The pictures, the mask and the markup; ``files`` come in that order.

    ``threads``: how many cores nobody else uses now. Raises the contract's error for whatever is wrong with them,
    all headers before any pixel.
    """
    count = len(request.images)
    headers = [_header(file, position, request) for position, file in enumerate(files[:count], 1)]
    check_total(headers, limits)
    upright = headers[0].upright
    # The codecs release the interpreter, so idle cores can share the work.
    with ThreadPoolExecutor(threads) if threads > 1 else _Inline() as executor:
        decoding = [
            executor.submit(_decode, file, limits, position, request)
            for position, file in enumerate(files[:count], 1)
        ]
        masking = marking = None
        if request.mask is not None:
            masking = executor.submit(read_mask, files[count], limits=limits, source_size=upright)
        elif request.markup is not None:
            marking = executor.submit(read_markup, files[count], limits=limits, source_size=upright)
        # The first failure in the order of the request is the one to tell.
        decoded = [future.result() for future in decoding]
        mask = masking.result() if masking else _own_mask(request, headers[0], decoded[0])
        markup = marking.result() if marking else None
    return decoded, mask, markup


def _header(file: BinaryIO, position: int, request: EditRequest) -> Header:
    rule = request.profile.images
    try:
        header = read_header(file, position=position)
        if f"image/{header.format}" not in rule.media_types:
            raise invalid_image(position, header.format)
    except InvalidImageFile as error:
        if request.profile.family == "dall-e":
            raise not_a_small_png(rule.max_bytes) from None
        raise _told(error, position, request) from None
    if rule.square and header.width != header.height:
        raise InvalidRequest(f"Uploaded image must be square, but got {header.width}x{header.height}.")
    # With a mask nothing hangs on the image's own alpha, so a mode without one is refused for form only.
    if rule.modes and header.mode not in rule.modes and (request.strict or not (header.alpha or request.mask)):
        raise InvalidRequest(f"Invalid input image - format must be in {list(rule.modes)}, got {header.mode}.")
    if request.strict and not _is_plain(header):
        raise invalid_image(position)
    return header


def _decode(file: BinaryIO, limits: PixelLimits, position: int, request: EditRequest) -> Raster:
    try:
        return decode(file, limits=limits, position=position)
    except InvalidImageFile as error:
        raise _told(error, position, request) from None


def _told(error: InvalidImageFile, position: int, request: EditRequest) -> InvalidImageFile:
    """The refusal of what is no picture, in the words for where it came from: JSON has its own."""
    if request.image_field != "images":
        return error
    named = error.message.removeprefix(invalid_image(position).message)
    source = request.images[position - 1].source
    return InvalidImageFile(f"Invalid image data.{named}", param=f"images[{position - 1}].{source}")


def _is_plain(header: Header) -> bool:
    """Whether the vendor was seen to take such pictures."""
    return header.mode in _VENDOR_MODES and header.depth <= 8 and header.frames == 1 and not header.multiple


class _Inline(Executor):
    """Does what it is given at once: a thread for one core would cost fresh memory and bring nothing."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def _own_mask(request: EditRequest, header: Header, first: Raster) -> F32 | None:
    """The mask that the old model takes from the image's own alpha."""
    if not request.profile.images.alpha_is_mask or not header.alpha:
        return None
    mask = mask_from_alpha(first)
    if mask is None or not mask.any():
        raise InvalidMask(
            "Invalid input image - without a mask, the image's own transparent areas say where to edit,"
            " and it has none."
        )
    return mask
