"""A server of miniatures, asked by the official client, and the pictures that it is sent."""

from __future__ import annotations

import base64
import functools
import io
import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from openai import OpenAI
from PIL import Image

from retouch.imaging.raster import U8
from retouch.server.running import BackgroundServer
from tests.generative.held import Steps
from tests.miniatures.names import NAMES

WIDTH, HEIGHT = SIZE = 128, 96
STEPS = 3
SEED = 11

REFERENCES: Mapping[str, int] = {
    "flux2_klein": 15,
    "flux3_klein": 9,
    "joy_edit_plus": 4,
    "qwen_image_21": 9,
    "qwen_image_edit_plus": 2,
}
"""How many pictures beside the first each takes; the others none."""

ALL = frozenset({"strength", "negative_prompt", "guidance_scale"})
LACKING: Mapping[str, frozenset[str]] = {
    "flux2_klein": ALL,
    "flux3_klein": ALL,
    "flux_fill": frozenset({"negative_prompt"}),
    "flux_kontext": frozenset({"negative_prompt", "strength"}),
    "instruct_pix2pix": frozenset({"strength"}),
    "joy_edit_plus": frozenset({"strength"}),
    "longcat_edit": frozenset({"strength"}),
    "qwen_image_21": frozenset({"negative_prompt", "strength"}),
    "qwen_image_edit": frozenset({"strength"}),
    "qwen_image_edit_plus": frozenset({"strength"}),
}
"""What has no effect on each where there is no mask and no other parameter; the others lack nothing."""


def engines(folders: Mapping[str, Any]) -> dict[str, object]:
    """Every miniature as a model of its own name, all of them on one device."""
    settled = {"device": "cpu", "dtype": "float32", "area": WIDTH * HEIGHT, "steps": STEPS}
    return {name: {"kind": "diffusers", "options": {"model": str(folders[name]), **settled}} for name in NAMES}


@functools.cache
def picture(seed: int, size: tuple[int, int] = SIZE) -> U8:
    """Soft colours, (height, width, 4), opaque."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return np.array(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).convert("RGBA"))


def mask(box: tuple[int, int, int, int] = (32, 24, 96, 72), size: tuple[int, int] = SIZE) -> U8:
    """What is opaque, (height, width): all but the inside of ``box``, left, top, right and bottom, which has one
    soft column at its left."""
    alpha = np.full(size[::-1], 255, np.uint8)
    left, top, right, bottom = box
    alpha[top:bottom, left:right] = 0
    alpha[top:bottom, left] = 128
    return alpha


def png(pixels: U8) -> tuple[str, bytes, str]:
    """A file to send, of (height, width, channels), or of a mask."""
    if pixels.ndim == 2:
        pixels = np.dstack([np.zeros((*pixels.shape, 3), np.uint8), pixels])
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return "picture.png", file.getvalue(), "image/png"


def pixels(b64_json: str | None) -> U8:
    """(height, width, 4) of a PNG in an answer."""
    assert b64_json is not None
    with Image.open(io.BytesIO(base64.b64decode(b64_json))) as image:
        assert image.format == "PNG"
        return np.array(image.convert("RGBA"))


def changed(first: NDArray[Any], second: NDArray[Any]) -> float:
    """The mean change in levels of 255."""
    assert first.shape == second.shape
    return float(np.abs(first.astype(np.int16) - second.astype(np.int16)).mean())


@dataclass(frozen=True)
class Streamed:
    """What came as events. ``kinds``: without what all have in common."""

    kinds: list[str]
    previews: list[U8]
    result: U8


@dataclass(frozen=True)
class Studio:
    """``app``: the application behind ``server``."""

    server: BackgroundServer
    app: Any
    client: OpenAI
    steps: Steps
    _usual: dict[tuple[str, bool], U8] = field(default_factory=dict)

    def arguments(self, model: str, *, masked: bool = False, **changed: Any) -> dict[str, Any]:
        """Of `images.edit`: two pictures where the model takes several, else one, unless told otherwise."""
        extra = {"seed": changed.pop("seed", SEED), **changed.pop("extra", {})}
        sent = changed.pop("pictures", [picture(number) for number in range(2 if model in REFERENCES else 1)])
        if masked:
            changed.setdefault("mask", png(mask()))
        files = [png(one) for one in sent]
        first = {"model": model, "image": files if len(files) > 1 else files[0], "prompt": "a red door"}
        return {**first, **changed, "extra_body": extra}

    def paint(self, model: str, **changed: Any) -> U8:
        """The picture that the model makes; ``changed`` as in `arguments`."""
        (made,) = self.row(model, **changed)
        return made

    def row(self, model: str, **changed: Any) -> list[U8]:
        """All pictures of an answer, which is of the size that it says."""
        answer = self.client.images.edit(**self.arguments(model, **changed))
        assert answer.data is not None
        made = [pixels(item.b64_json) for item in answer.data]
        assert {f"{one.shape[1]}x{one.shape[0]}" for one in made} == {answer.size}
        return made

    def usual(self, model: str, *, masked: bool = False) -> U8:
        """What it makes of `arguments` that nothing is changed of; asked for once."""
        if (model, masked) not in self._usual:
            self._usual[model, masked] = self.paint(model, masked=masked)
        return self._usual[model, masked]

    def stream(self, model: str, **changed: Any) -> Streamed:
        with self.client.images.edit(stream=True, **self.arguments(model, **changed)) as events:
            told = list(events)
        made = [pixels(event.b64_json) for event in told]
        for number, event in enumerate(told[:-1]):
            assert event.partial_image_index == number
        kinds = [event.type.removeprefix("image_edit.") for event in told]
        return Streamed(kinds, made[:-1], made[-1])

    def told_to_stop(self) -> None:
        """Wait until the device has been told to end what it does."""
        (process,) = self._device._all
        _until(lambda: struct.unpack("=I", process._token[:4]) == (process.run,))

    def idle(self) -> None:
        """Wait until the device does nothing any more."""
        _until(lambda: bool(self._device._idle))

    @property
    def _device(self) -> Any:
        return self.app.state.editor.pools["device:cpu"]


def _until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.005)
