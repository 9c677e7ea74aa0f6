"""Protected pixels come back exact, whatever the instruction, at any size, in every lossless format."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from PIL import Image

from retouch.contract.catalogue import Catalogue
from retouch.contract.form import FilePart, Form, TextPart
from retouch.contract.parameters import parse_form
from retouch.engines.base import Never, Picture
from retouch.engines.darkroom import operations
from retouch.engines.darkroom.engine import DarkroomEngine
from retouch.engines.darkroom.understanding.vocabulary import vocabulary
from retouch.errors import TargetNotFound
from retouch.imaging.raster import Raster
from retouch.imaging.resample import resize
from retouch.service import stages
from retouch.service.task import Task, WorkerConfig
from tests.memory import remembered

OPERATIONS = {
    operation.name: operation
    for operation in vocabulary().operations.values()
    if not (operation.reframes or operation.name == "extend")
}
"""Those that a mask can be kept to, asked for by their examples; `extend` is what every size of another aspect
does."""

SIDE = 320


@pytest.fixture(autouse=True, scope="module")
def _remembered() -> Iterator[None]:
    with remembered():
        yield


@pytest.fixture(scope="module")
def engine() -> DarkroomEngine:
    return DarkroomEngine()


@cache
def mask_for(width: int, height: int) -> Raster:
    """A soft blob, a hard rectangle that touches the border, and a single pixel, transparent."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    distance = np.hypot((x - width * 0.5) / (width * 0.3), (y - height * 0.42) / (height * 0.35))
    alpha = np.clip((distance - 0.8) / 0.4, 0, 1) * 255
    alpha[height // 2 :, : width // 9] = 0
    alpha[3, width - 4] = 0
    return Raster(np.zeros((height, width, 3), np.uint8), alpha.astype(np.uint8))


def png(raster: Raster) -> bytes:
    file = io.BytesIO()
    channels = raster.rgb if raster.alpha is None else np.dstack([raster.rgb, raster.alpha])
    Image.fromarray(channels).save(file, "PNG", compress_level=1)
    return file.getvalue()


def edit(
    engine: DarkroomEngine,
    photo: Raster,
    mask: Raster,
    *,
    operation: str | None = None,
    other: Raster | None = None,
    **fields: str,
) -> tuple[Raster, stages.Prepared]:
    """The decoded answer, by the stages that a worker runs; ``operation`` is asked for by its example, with
    ``other`` as the second picture where it takes one. Raises `TargetNotFound`."""
    pictures = 1
    if operation is not None:
        fields["prompt"] = OPERATIONS[operation].example
        pictures = OPERATIONS[operation].sources
    field = "image" if pictures == 1 else "image[]"
    form: Form = [
        *(TextPart(name, value) for name, value in ({"model": "darkroom"} | fields).items()),
        *[FilePart(field, "a.png", "image/png", 1)] * pictures,
        FilePart("mask", "m.png", "image/png", 1),
    ]
    task = Task("edit", parse_form(form, Catalogue()), ("darkroom",), (7,), base64=False)
    others = [other or photo] * (pictures - 1)
    files: list[Any] = [io.BytesIO(png(raster)) for raster in (photo, *others, mask)]
    prepared = stages.prepare(task, files, WorkerConfig(engines=()), {"darkroom": engine})
    (picture,) = stages.paint(prepared, engine, Never())
    assert isinstance(picture, Picture)
    canvas = prepared.canvas
    done = stages.finish(task.request, canvas.base, canvas.weight, picture.raster, base64=False)
    decoded = np.array(Image.open(io.BytesIO(done.data)))
    alpha = np.ascontiguousarray(decoded[..., 3]) if decoded.shape[2] == 4 else None
    return Raster(np.ascontiguousarray(decoded[..., :3]), alpha), prepared


@cache
def protected(picture: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """Which pixels of `mask_for` a picture of that size, scaled to ``size``, lie on opaque pixels alone:
    by looking at each."""
    mask = mask_for(*picture)
    assert mask.alpha is not None
    width, height = size
    found = np.zeros((height, width), bool)
    columns = [(x * mask.width // width, -(-(x + 1) * mask.width // width)) for x in range(width)]
    for y in range(height):
        rows = mask.alpha[y * mask.height // height : -(-(y + 1) * mask.height // height)]
        opaque = rows.min(axis=0) == 255
        found[y] = [bool(opaque[left:right].all()) for left, right in columns]
    return found


def test_every_operation_is_in_the_lexicon() -> None:
    assert set(vocabulary().operations) == set(operations.names())


@pytest.mark.rule("A.6/exact")
@pytest.mark.parametrize(("name", "format"), [("astronaut", "png"), ("china", "webp")])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_at_its_own_size_a_masked_edit_keeps_every_protected_pixel(
    engine: DarkroomEngine, photo: Callable[..., Raster], name: str, operation: str, format: str
) -> None:
    source = photo(name, SIDE)
    mask = mask_for(*source.size)
    assert mask.alpha is not None
    try:
        result, _ = edit(
            engine, source, mask, operation=operation, other=photo("flower", SIDE), output_format=format
        )
    except TargetNotFound:
        pytest.skip("what the operation needs is not in this picture")
    assert result.size == source.size
    kept = mask.alpha == 255
    np.testing.assert_array_equal(result.rgb[kept], source.rgb[kept])
    if result.alpha is not None:
        assert (result.alpha[kept] == 255).all()
    changed = (result.rgb != source.rgb).any(axis=2)
    if result.alpha is not None:
        changed |= result.alpha != 255
    assert changed[~kept].any(), "nothing was edited at all"


@pytest.mark.rule("A.6/exact-scaled")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_at_another_size_what_lies_on_opaque_mask_equals_the_resampled_source(
    engine: DarkroomEngine, photo: Callable[..., Raster], operation: str
) -> None:
    # Larger one way than the source's aspect: the picture is scaled up and there is new area beside it.
    size = (450, 330)
    for name in ("astronaut", "china"):
        source = photo(name, SIDE)
        mask = mask_for(*source.size)
        other = photo("flower", SIDE)
        try:
            result, prepared = edit(
                engine, source, mask, operation=operation, other=other, size=f"{size[0]}x{size[1]}"
            )
        except TargetNotFound:
            continue
        break
    else:
        pytest.skip("what the operation needs is in neither picture")
    assert result.size == size
    x, y, width, height = prepared.canvas.box
    assert abs(width / height - source.width / source.height) < 0.01, "the picture was stretched"
    scaled = resize(source, (width, height))
    inside = (slice(y, y + height), slice(x, x + width))
    kept = protected(source.size, (width, height))
    assert kept.mean() > 0.2
    np.testing.assert_array_equal(result.rgb[inside][kept], scaled.rgb[kept])


@pytest.mark.rule("A.6/exact-scaled")
def test_scaled_down_it_holds_as_well(engine: DarkroomEngine, photo: Callable[..., Raster]) -> None:
    source = photo("china")
    mask = mask_for(*source.size)
    result, prepared = edit(engine, source, mask, prompt="make it black and white", size="301x201")
    x, y, width, height = prepared.canvas.box
    kept = protected(source.size, (width, height))
    scaled = resize(source, (width, height))
    np.testing.assert_array_equal(result.rgb[y : y + height, x : x + width][kept], scaled.rgb[kept])
