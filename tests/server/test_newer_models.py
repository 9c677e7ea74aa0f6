"""The parameters of the newer models, over the wire."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from retouch.app import create_app
from retouch.server.running import BackgroundServer
from tests.conftest import settings_for
from tests.forms import image, post

PictureFile = Callable[..., bytes]

MARKUP_MODELS = [
    "gpt-image-2.5-sunburst",
    "gpt-image-2.5-sunburst-2026-09-08",
    "gpt-image-2.5-flare",
    "gpt-image-2.5-flare-2026-09-08",
]
NEWER_MODELS = [*MARKUP_MODELS, "gpt-image-2.6-sunburst", "gpt-image-2.6-flare"]
SIZE = (1024, 768)


@pytest.fixture(scope="module")
def bound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundServer]:
    """A server whose newer models have engines in every place; the one in the event loop has no extras."""
    service: dict[str, object] = {
        "models": {
            "gpt-image-2.5-flare": ["echo-device"],
            "gpt-image-2.5-sunburst": ["echo-loop", "echo"],
            "gpt-image-2.6-flare": ["echo-loop"],
        }
    }
    settings = settings_for(tmp_path_factory.mktemp("bound"), service=service)
    with BackgroundServer(create_app(settings), settings.server) as server:
        yield server


@pytest.fixture(scope="module")
def grey(picture_file: PictureFile) -> bytes:
    return picture_file(Image.new("RGB", SIZE, (100, 100, 100)))


@pytest.fixture(scope="module")
def strokes(picture_file: PictureFile) -> bytes:
    picture = Image.new("RGBA", SIZE)
    ImageDraw.Draw(picture).rectangle((100, 100, 199, 149), fill=(255, 0, 0, 255))
    return picture_file(picture)


def edited(answer: httpx2.Response) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    (item,) = answer.json()["data"]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(item["b64_json"]))))


def error(answer: httpx2.Response) -> tuple[str, str | None, str | None]:
    assert answer.status_code == 400, answer.text
    told = answer.json()["error"]
    return told["message"], told["param"], told["code"]


def drawn_on(result: np.ndarray) -> bool:
    """Whether the red rectangle of the strokes, and nothing else, lies on the grey picture."""
    red = (result == (255, 0, 0)).all(axis=2)
    return bool(red[100:150, 100:200].all() and (result[~red] == 100).all())


@pytest.mark.rule("A.3/markup")
@pytest.mark.parametrize("model", MARKUP_MODELS)
def test_markup_reaches_the_engine_with_the_first_picture(
    echo_server: BackgroundServer, grey: bytes, strokes: bytes, model: str
) -> None:
    assert drawn_on(edited(post(echo_server, image(grey), image(strokes, "markup"), model=model)))


@pytest.mark.rule("A.3/markup")
def test_markup_reaches_an_engine_in_a_process_of_its_own(
    bound: BackgroundServer, grey: bytes, strokes: bytes
) -> None:
    files = (image(grey), image(strokes, "markup"))
    assert drawn_on(edited(post(bound, *files, model="gpt-image-2.5-flare")))


@pytest.mark.rule("A.1/chain", "A.5/nothing-ignored")
def test_an_engine_that_cannot_honour_a_parameter_is_passed_over_or_refuses_it(
    bound: BackgroundServer, grey: bytes, strokes: bytes
) -> None:
    files = (image(grey), image(strokes, "markup"))
    assert drawn_on(edited(post(bound, *files, model="gpt-image-2.5-sunburst")))
    message, param, code = error(post(bound, image(grey), model="gpt-image-2.6-flare", complexity="low"))
    assert message == "The model's engine, 'echo-loop', does not support the 'complexity' parameter."
    assert (param, code) == ("complexity", "unsupported_parameter")


@pytest.mark.rule("A.3/markup")
@pytest.mark.parametrize("model", ["gpt-image-2.6-sunburst", "gpt-image-2", "gpt-image-1.5", "dall-e-2", "echo"])
def test_other_models_have_no_markup(
    echo_server: BackgroundServer, strict_server: BackgroundServer, grey: bytes, strokes: bytes, model: str
) -> None:
    for server in (echo_server, strict_server):
        answer = post(server, image(grey), image(strokes, "markup"), model=model)
        assert error(answer) == ("Unknown parameter: 'markup'.", "markup", "unknown_parameter")


@pytest.mark.rule("A.3/markup-mask")
def test_markup_does_not_go_with_a_mask(
    echo_server: BackgroundServer, strict_server: BackgroundServer, grey: bytes, strokes: bytes
) -> None:
    files = (image(grey), image(strokes, "mask"), image(strokes, "markup"))
    for server in (echo_server, strict_server):
        message, param, code = error(post(server, *files, model="gpt-image-2.5-flare"))
        assert message == "Invalid parameter: 'markup' cannot be combined with 'mask'."
        assert (param, code) == ("markup", "invalid_value")


@pytest.mark.rule("A.3/markup-invalid", "3.1/before-instruction")
def test_invalid_markup_is_told_before_the_instruction(
    echo_server: BackgroundServer, grey: bytes, picture_file: PictureFile
) -> None:
    small = picture_file(Image.new("RGBA", (9, 9), (1, 1, 1, 9)))
    answer = post(echo_server, image(grey), image(small, "markup"), model="gpt-image-2.5-flare", prompt="[refuse]")
    assert error(answer) == (
        "Invalid markup image format - markup size does not match image size",
        "markup",
        "invalid_markup_image_format",
    )


@pytest.mark.rule("A.3/markup")
def test_the_darkroom_works_where_it_was_drawn_and_shows_no_stroke(
    darkroom_server: BackgroundServer, photo_file: Callable[[str], bytes], picture_file: PictureFile
) -> None:
    photo = Image.open(io.BytesIO(photo_file("china"))).convert("RGB").resize((1024, 688))
    ring = Image.new("RGBA", photo.size)
    ImageDraw.Draw(ring).ellipse((380, 180, 620, 420), outline=(255, 0, 255, 255), width=8)
    files = (image(picture_file(photo)), image(picture_file(ring), "markup"))
    texts = {"model": "gpt-image-2.5-flare", "prompt": "make what I circled black and white"}
    result = edited(post(darkroom_server, *files, **texts)).astype(int)
    before = np.asarray(photo).astype(int)
    assert np.ptp(result[250:350, 450:550], axis=2).max() <= 3
    np.testing.assert_array_equal(result[:120], before[:120])
    magenta = (result[..., 0] > 200) & (result[..., 1] < 60) & (result[..., 2] > 200)
    assert not magenta.any()


@pytest.mark.rule("A.3/complexity")
@pytest.mark.parametrize("model", NEWER_MODELS)
def test_complexity_reaches_the_engine(
    echo_server: BackgroundServer, strict_server: BackgroundServer, grey: bytes, model: str
) -> None:
    answer = post(echo_server, image(grey), model=model, complexity="high")
    assert answer.json()["data"][0]["revised_prompt"] == "Return the picture as it is, with high complexity."
    assert post(strict_server, image(grey), model=model, complexity="low").status_code == 200
    for server in (echo_server, strict_server):
        assert error(post(server, image(grey), model=model, complexity="extreme")) == (
            "Invalid value: 'extreme'. Supported values are: 'low', 'medium', and 'high'.",
            "complexity",
            "invalid_value",
        )


@pytest.mark.rule("A.3/complexity")
def test_the_darkroom_takes_complexity(darkroom_server: BackgroundServer, grey: bytes) -> None:
    for complexity in ("low", "medium", "high"):
        answer = post(
            darkroom_server, image(grey), model="gpt-image-2.6-flare", prompt="sepia", complexity=complexity
        )
        assert answer.status_code == 200


@pytest.mark.rule("A.3/quality")
@pytest.mark.parametrize("quality", ["xhigh", "max"])
def test_the_finer_qualities_are_taken_and_told(
    echo_server: BackgroundServer, strict_server: BackgroundServer, grey: bytes, quality: str
) -> None:
    for server in (echo_server, strict_server):
        answers = [
            post(server, image(grey), model=model, quality=quality).json()
            for model in ("gpt-image-2.5-flare", "gpt-image-2.6-flare")
        ]
        assert [answer["quality"] for answer in answers] == [quality, quality]
        high = post(server, image(grey), model="gpt-image-2.5-flare", quality="high").json()
        assert answers[0]["usage"]["output_tokens"] > high["usage"]["output_tokens"]


@pytest.mark.rule("A.3/safety-identifier")
def test_the_safety_identifier_is_echoed_and_goes_before_the_user(
    echo_server: BackgroundServer, strict_server: BackgroundServer, grey: bytes
) -> None:
    texts = {"model": "gpt-image-2.5-sunburst", "safety_identifier": "user-7f", "user": "other"}
    for server in (echo_server, strict_server):
        assert post(server, image(grey), **texts).json()["safety_identifier"] == "user-7f"
        last = post(server, image(grey), stream="true", **texts).text.split("\n\n")[-2]
        completed: dict[str, Any] = json.loads(last.partition("data: ")[2])
        assert completed["safety_identifier"] == "user-7f"
        older = texts | {"model": "gpt-image-2"}
        assert error(post(server, image(grey), **older))[1] == "safety_identifier"


@pytest.mark.rule("A.3/newer-models")
@pytest.mark.parametrize("model", NEWER_MODELS)
def test_newer_models_answer_with_transparency(echo_server: BackgroundServer, grey: bytes, model: str) -> None:
    for name in ("png", "webp"):
        answer = post(
            echo_server, image(grey), model=model, background="transparent", output_format=name, prompt="[alpha]"
        )
        result = edited(answer)
        assert answer.json()["background"] == "transparent"
        assert (result[:, :500, 3] == 0).all()
        assert (result[:, 524:, 3] == 255).all()


@pytest.mark.rule("A.3/gif-svg")
@pytest.mark.parametrize("model", ["gpt-image-2.5-sunburst", "gpt-image-2.6-flare"])
def test_moving_and_drawn_pictures_are_refused_by_name(
    echo_server: BackgroundServer, strict_server: BackgroundServer, grey: bytes, model: str
) -> None:
    for server in (echo_server, strict_server):
        for name in ("gif", "svg"):
            assert error(post(server, image(grey), model=model, output_format=name)) == (
                f"Invalid value: '{name}'. Supported values are: 'png', 'webp', and 'jpeg'.",
                "output_format",
                "invalid_value",
            )
        for name in ("frame_count", "frame_duration_ms", "svg[model]", "svg[reasoning][effort]"):
            answer = post(server, image(grey), **{"model": model, name: "4"})
            assert error(answer) == (f"Unknown parameter: '{name}'.", name, "unknown_parameter")
