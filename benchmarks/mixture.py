"""The mixed load: edits of every kind that clients send, and what they get wrong on purpose."""

from __future__ import annotations

import base64
import json
import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks.photos import half_mask, photograph
from benchmarks.servers import multipart
from benchmarks.sites import Site
from benchmarks.traffic import Ask
from retouch.imaging.encode import Format, encode

SIDES = (384, 512, 768)
PHOTOS: tuple[tuple[str, Format], ...] = (("astronaut", "png"), ("china", "jpeg"), ("coffee", "webp"))
PROMPTS = (
    "Make it black and white",
    "Give it a sepia tone",
    "Make it warmer",
    "Increase the contrast",
    "Add a vignette",
    "Make the colours more vivid",
    "Make it a duotone",
    "Sharpen the image",
)
CALLERS = ("anna", "bert", "carla", "dario", "emil")
"""Those who send most of it; others are let in for little, for less, or no more."""

SMALL_BUDGET = 30
"""Edits a minute of the one who has a budget."""


@dataclass(frozen=True)
class _Picture:
    data: bytes
    media_type: str
    side: int


class Mixture:
    """Requests for ``site``, whose keys it makes. ``elsewhere``: where a picture can be fetched."""

    def __init__(self, site: Site, elsewhere: str, seed: int) -> None:
        self._random = random.Random(seed)
        self._elsewhere = elsewhere
        self._pictures = [
            _Picture(encode(photograph(side, side, name), format, 90), f"image/{format}", side)
            for side in SIDES
            for name, format in PHOTOS
        ]
        self._masks = {side: half_mask(side, side) for side in SIDES}
        self._fetched = encode(photograph(256, 256), "png", 100)
        self._keys = {name: site.key(name) for name in CALLERS}
        self._budgeted = site.key("frida", requests_per_minute=SMALL_BUDGET)
        self._narrow = site.key("gustav", models=["echo"])
        self._revoked = site.key("hedwig")
        site.revoke("hedwig")
        self._edits: list[tuple[int, Callable[[], Ask]]] = [
            (26, self._form),
            (10, self._masked),
            (8, self._several),
            (14, self._json),
            (14, self._stream),
            (5, self._sized),
            (6, self._fetching),
            (4, self._small_budget),
        ]
        self._faults: list[Callable[[], Ask]] = [
            self._without_prompt,
            self._no_picture,
            self._cut_picture,
            self._bomb,
            self._wrong_mask,
            self._not_understood,
            self._unknown_key,
            self._without_key,
            self._revoked_key,
            self._other_model,
            self._no_route,
            self._no_method,
            self._no_json,
            self._forbidden_address,
            self._no_boundary,
        ]

    @property
    def fetched(self) -> bytes:
        """The picture that is to be found elsewhere."""
        return self._fetched

    def edit(self) -> Ask:
        """One that can succeed."""
        weights = [weight for weight, _ in self._edits]
        return self._random.choices([make for _, make in self._edits], weights)[0]()

    def fault(self) -> Ask:
        """One that is to be refused."""
        return self._random.choice(self._faults)()

    def faults(self) -> list[Ask]:
        """One of each of those."""
        return [make() for make in self._faults]

    def slow(self, seconds: float) -> Ask:
        """One that runs for so long and heeds that its client leaves."""
        ask = self._ask("slow", self._picture(), prompt=f"[sleep {seconds:.2f}]", model="echo")
        return replace(ask, headers={"x-retouch-grace": self._random.choice(("0", "0.5", "2"))})

    def linked(self) -> Ask:
        """One whose pictures come as addresses."""
        return self._ask("by URL", self._picture(), model="echo", response_format="url", n="2")

    def upload(self) -> Ask:
        """A file to be edited later."""
        content_type, body = multipart({"purpose": "vision"}, {"file": self._picture().data})
        return Ask("file: upload", self._caller(), body, content_type, path="/v1/files")

    def by_file(self, key: str | None, file_id: str) -> Ask:
        """The edit of an uploaded file."""
        return self._as_json("file: edit", [{"file_id": file_id}], key=key)

    def chance(self) -> float:
        return self._random.random()

    def pause(self, mean: float) -> float:
        """Seconds until the next of things that happen at any time."""
        return self._random.expovariate(1 / mean)

    def one_of(self, pids: list[int]) -> int:
        return self._random.choice(pids)

    def _caller(self) -> str:
        # Each sends half as much as the one before.
        return self._keys[self._random.choices(CALLERS, [16, 8, 4, 2, 1])[0]]

    def _picture(self) -> _Picture:
        return self._random.choice(self._pictures)

    def _prompt(self) -> str:
        return self._random.choice(PROMPTS)

    def _ask(self, name: str, picture: _Picture, mask: bytes | None = None, **fields: str) -> Ask:
        files = {"image": picture.data} | ({"mask": mask} if mask is not None else {})
        content_type, body = multipart({"prompt": self._prompt(), "model": "darkroom", **fields}, files)
        return Ask(name, self._caller(), body, content_type)

    def _as_json(self, name: str, images: list[dict[str, str]], key: str | None = None, **fields: str) -> Ask:
        body = {"prompt": self._prompt(), "model": "darkroom", "images": images, **fields}
        return Ask(name, key or self._caller(), json.dumps(body).encode())

    def _form(self) -> Ask:
        model = self._random.choice(("darkroom", "echo"))
        return self._ask("form", self._picture(), model=model, output_format=self._random.choice(("png", "webp")))

    def _masked(self) -> Ask:
        picture = self._picture()
        return self._ask("mask", picture, self._masks[picture.side], output_format="jpeg")

    def _several(self) -> Ask:
        return self._ask("n", self._picture(), n=str(self._random.randint(2, 4)), model="echo")

    def _json(self) -> Ask:
        picture = self._picture()
        url = f"data:{picture.media_type};base64,{base64.b64encode(picture.data).decode()}"
        return self._as_json("JSON", [{"image_url": url}], model=self._random.choice(("darkroom", "echo")))

    def _stream(self) -> Ask:
        previews = str(self._random.randint(0, 3))
        model = self._random.choice(("darkroom", "echo"))
        return self._ask("stream", self._picture(), stream="true", partial_images=previews, model=model)

    def _sized(self) -> Ask:
        size = self._random.choice(("1024x1024", "640x480", "1536x1024"))
        return self._ask("size", self._picture(), size=size, output_format="jpeg")

    def _fetching(self) -> Ask:
        return self._as_json("image_url", [{"image_url": self._elsewhere}], model="echo")

    def _small_budget(self) -> Ask:
        return replace(self._form(), name="budget", key=self._budgeted)

    def _wrong(self, ask: Ask, *wanted: str, name: str) -> Ask:
        return replace(ask, name=f"fault: {name}", wanted=frozenset(wanted))

    def _broken(self, data: bytes, name: str, *wanted: str) -> Ask:
        ask = self._ask("", _Picture(data, "image/png", 0), model="echo")
        return self._wrong(ask, *wanted, name=name)

    def _without_prompt(self) -> Ask:
        content_type, body = multipart({"model": "echo"}, {"image": self._picture().data})
        ask = Ask("", self._caller(), body, content_type)
        return self._wrong(ask, "400 missing_required_parameter", name="no prompt")

    def _no_picture(self) -> Ask:
        return self._broken(b"GIF, or so it says" * 20, "no picture", "400 invalid_image_file")

    def _cut_picture(self) -> Ask:
        data = self._pictures[0].data
        return self._broken(data[: len(data) // 2], "half a picture", "400 invalid_image_file")

    def _bomb(self) -> Ask:
        return self._broken(_bomb(60_000), "bomb", "400 image_too_large")

    def _wrong_mask(self) -> Ask:
        ask = self._ask("", self._pictures[0], self._masks[SIDES[1]])
        return self._wrong(ask, "400 invalid_mask_image_format", name="mask of another size")

    def _not_understood(self) -> Ask:
        ask = self._ask("", self._picture(), prompt="Colourless green ideas sleep furiously")
        return self._wrong(ask, "400 unsupported_instruction", name="not understood")

    def _unknown_key(self) -> Ask:
        return self._wrong(replace(self._form(), key="sk-wrong"), "401 invalid_api_key", name="unknown key")

    def _without_key(self) -> Ask:
        return self._wrong(replace(self._form(), key=None), "401", name="no key")

    def _revoked_key(self) -> Ask:
        return self._wrong(replace(self._form(), key=self._revoked), "401 invalid_api_key", name="revoked key")

    def _other_model(self) -> Ask:
        ask = replace(self._ask("", self._picture(), model="darkroom"), key=self._narrow)
        return self._wrong(ask, "403 model_not_found", name="not their model")

    def _no_route(self) -> Ask:
        return self._wrong(Ask("", self._caller(), b"{}", path="/v1/nothing"), "404", name="no such route")

    def _no_method(self) -> Ask:
        return self._wrong(Ask("", self._caller(), method="GET"), "405", name="no such method")

    def _no_json(self) -> Ask:
        return self._wrong(Ask("", self._caller(), b'{"prompt": '), "400 invalid_json", name="no JSON")

    def _forbidden_address(self) -> Ask:
        ask = self._as_json("", [{"image_url": "http://169.254.169.254/latest/meta-data"}])
        return self._wrong(ask, "400 invalid_value", name="address within")

    def _no_boundary(self) -> Ask:
        ask = self._form()
        return self._wrong(
            replace(ask, content_type="multipart/form-data"), "400 invalid_body", name="no boundary"
        )


def _bomb(side: int) -> bytes:
    """A small PNG that says it is a square of ``side``."""
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(1 << 16))),
    )
    data = b"\x89PNG\r\n\x1a\n"
    for name, payload in (*chunks, (b"IEND", b"")):
        checksum = struct.pack(">I", zlib.crc32(name + payload))
        data += struct.pack(">I", len(payload)) + name + payload + checksum
    return data
