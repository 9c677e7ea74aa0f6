"""Which engine of a chain takes an edit, and what the service refuses on an engine's behalf."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from retouch.contract.catalogue import Catalogue
from retouch.contract.form import FilePart, Form, TextPart
from retouch.contract.parameters import parse_form
from retouch.engines.base import EditJob, Engine, Plan
from retouch.engines.echo import EchoEngine
from retouch.errors import UnsupportedInstruction, UserError
from retouch.service import stages
from retouch.service.task import Task, WorkerConfig


class Refusing(EchoEngine):
    """Can do nothing, and says whose words these are."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self._words = words

    def plan(self, job: EditJob) -> Plan:
        raise UnsupportedInstruction(self._words)


class Turning(EchoEngine):
    """Moves pixels."""

    def plan(self, job: EditJob) -> Plan:
        return Plan("Turn the picture.", composes=True)


def file(mode: str = "RGB", size: tuple[int, int] = (32, 24)) -> io.BytesIO:
    opened = io.BytesIO()
    Image.new(mode, size).save(opened, "PNG")
    opened.seek(0)
    return opened


def prepare(
    engines: Mapping[str, Engine], *, images: int = 1, seeds: int = 1, mask: bool = False, **fields: str
) -> stages.Prepared:
    texts = {"model": "gpt-image-2.5-flare", "prompt": "as it is"} | fields
    names = ["image[]"] * images + ["mask"] * mask
    form: Form = [
        *(TextPart(name, value) for name, value in texts.items()),
        *(FilePart(name, "a.png", "image/png", 1) for name in names),
    ]
    task = Task("edit", parse_form(form, Catalogue()), tuple(engines), tuple(range(seeds)))
    files: list[Any] = [file("RGBA" if name == "mask" else "RGB") for name in names]
    return stages.prepare(task, files, WorkerConfig(engines=()), engines)


@pytest.mark.rule("A.1/chain")
def test_the_next_engine_is_asked_where_one_refuses() -> None:
    assert prepare({"first": Refusing("no"), "second": EchoEngine(), "third": EchoEngine()}).engine == "second"


@pytest.mark.rule("A.1/chain")
def test_where_all_refuse_the_last_refusal_is_told() -> None:
    with pytest.raises(UnsupportedInstruction, match="neither can I"):
        prepare({"first": Refusing("I cannot"), "second": Refusing("neither can I")})
    with pytest.raises(UnsupportedInstruction, match="No engine is set up"):
        prepare({})


@pytest.mark.rule("A.6/moving")
def test_an_instruction_that_moves_pixels_does_not_go_with_a_mask() -> None:
    assert prepare({"turning": Turning()}).plan.composes
    with pytest.raises(UserError, match="moves the picture's pixels") as caught:
        prepare({"turning": Turning()}, mask=True)
    assert (caught.value.param, caught.value.status) == ("mask", 400)


@pytest.mark.rule("A.5/nothing-ignored", "A.4/extras")
@pytest.mark.parametrize(
    ("request_", "param"),
    [
        ({"complexity": "high"}, "complexity"),
        ({"model": "darkroom", "strength": "0.5"}, "strength"),
        ({"seeds": 2}, "n"),
    ],
    ids=["complexity", "an extra", "n"],
)
def test_what_an_engine_does_not_declare_is_refused_by_name(request_: dict[str, Any], param: str) -> None:
    with pytest.raises(UserError) as caught:
        prepare({"plain": EchoEngine(extras=(), varies=False)}, **request_)
    assert caught.value.param == param
    assert "'plain'" in caught.value.message


@pytest.mark.parametrize(("field", "param"), [("image[]", "image"), ("images", "images")])
def test_too_many_pictures_for_an_engine_are_named_as_the_client_named_them(field: str, param: str) -> None:
    form: Form = [
        TextPart("prompt", "x"),
        *(FilePart("image[]", "a.png", "image/png", 1) for _ in range(2)),
    ]
    request = replace(parse_form(form, Catalogue()), image_field=field)
    files: list[Any] = [file(), file()]
    engine = EchoEngine()
    engine.capabilities = replace(engine.capabilities, references=0)
    with pytest.raises(UserError, match="takes at most 1 images, but got 2") as caught:
        stages.prepare(Task("edit", request, ("one",), (0,)), files, WorkerConfig(engines=()), {"one": engine})
    assert caught.value.param == param


def test_a_prepared_edit_survives_shared_memory() -> None:
    prepared = prepare({"echo": EchoEngine()}, images=2, mask=True)
    stored = {name: array for name, array in stages.to_arrays(prepared).items() if array is not None}
    form: Form = [
        TextPart("prompt", "x"),
        *(FilePart("image[]", "a.png", "image/png", 1) for _ in range(2)),
    ]
    task = Task("paint", parse_form(form, Catalogue()), ("echo",), (0,))
    again = stages.from_arrays(task, stored, "echo")
    assert [source.size for source in again.job.sources] == [(32, 24), (32, 24)]
    assert again.job.mask is not None
    assert again.job.markup is None
    np.testing.assert_array_equal(again.canvas.weight, prepared.canvas.weight)
