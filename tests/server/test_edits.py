"""The endpoint as the official client sees it, with an engine that gives back what it gets."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import httpx2
import numpy as np
import openai
import pytest
from openai import OpenAI
from PIL import Image

from retouch.contract.profile import profiles
from retouch.server.running import BackgroundServer

OLD = int(openai.__version__.partition(".")[0]) < 2
GPT_MODELS = sorted(name for name, profile in profiles().items() if profile.family == "gpt")
PhotoFile = Callable[[str], bytes]
PictureFile = Callable[..., bytes]


def opened(item: Any) -> Image.Image:
    image = Image.open(io.BytesIO(base64.b64decode(item.b64_json)))
    image.load()
    return image


@pytest.fixture(scope="module")
def square(picture_file: PictureFile, photo_file: PhotoFile) -> bytes:
    """A square RGBA PNG whose middle is transparent: what dall-e-2 takes."""
    image = Image.open(io.BytesIO(photo_file("astronaut"))).convert("RGBA")
    alpha = Image.new("L", image.size, 255)
    alpha.paste(0, (200, 200, 300, 300))
    image.putalpha(alpha)
    return picture_file(image)


@pytest.mark.rule("A.1/every-model", "A.3/newer-models", "2/official-clients", "4.1/usage", "4.1/resolved")
@pytest.mark.parametrize("model", GPT_MODELS)
def test_every_gpt_model_answers_with_a_picture(client: OpenAI, photo_file: PhotoFile, model: str) -> None:
    answer = client.images.edit(
        model=model, image=("a.jpg", photo_file("china"), "image/jpeg"), prompt="as it is", size="1536x1024"
    )
    assert answer.data is not None
    assert len(answer.data) == 1
    assert opened(answer.data[0]).size == (1536, 1024)
    assert (answer.size, answer.output_format, answer.background) == ("1536x1024", "png", "opaque")
    assert answer.quality == profiles()[model].default_quality
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    details = answer.usage.input_tokens_details
    assert answer.usage.input_tokens == details.image_tokens + details.text_tokens


@pytest.mark.rule("A.1/every-model", "4.2/dall-e-2", "4.2/url", "A.12/signed")
def test_dall_e_2_answers_with_a_link_that_can_be_read(client: OpenAI, square: bytes) -> None:
    answer = client.images.edit(model="dall-e-2", image=("a.png", square), prompt="as it is", size="256x256")
    assert answer.data is not None
    assert answer.data[0].b64_json is None
    assert answer.usage is None
    assert answer.data[0].url is not None
    got = httpx2.get(answer.data[0].url)
    assert got.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(got.content)).size == (256, 256)
    assert httpx2.get(answer.data[0].url[:-1] + "x").status_code == 404


def test_dall_e_2_can_answer_in_base64(client: OpenAI, square: bytes) -> None:
    answer = client.images.edit(
        model="dall-e-2", image=("a.png", square), prompt="x", size="512x512", response_format="b64_json"
    )
    assert answer.data is not None
    assert opened(answer.data[0]).size == (512, 512)


@pytest.mark.parametrize(("name", "pillow"), [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_the_format_is_the_one_asked_for(client: OpenAI, photo_file: PhotoFile, name: Any, pillow: str) -> None:
    answer = client.images.edit(
        model="gpt-image-2",
        image=("a.jpg", photo_file("coffee"), "image/jpeg"),
        prompt="as it is",
        output_format=name,
        output_compression=100 if name == "png" else 80,
    )
    assert answer.data is not None
    assert opened(answer.data[0]).format == pillow
    assert answer.output_format == name


def test_stronger_compression_makes_smaller_files(client: OpenAI, photo_file: PhotoFile) -> None:
    sizes = []
    for compression in (90, 40):
        answer = client.images.edit(
            image=("a.jpg", photo_file("coffee"), "image/jpeg"),
            prompt="x",
            output_format="jpeg",
            output_compression=compression,
        )
        assert answer.data is not None
        sizes.append(len(answer.data[0].b64_json or ""))
    assert sizes[1] < sizes[0] / 1.5


@pytest.mark.rule("A.4/size")
@pytest.mark.parametrize(
    ("model", "asked", "given"),
    [
        ("gpt-image-1", "1024x1024", (1024, 1024)),
        ("gpt-image-1", "1024x1536", (1024, 1536)),
        ("gpt-image-1", "auto", (1536, 1024)),
        ("gpt-image-2", "1536x864", (1536, 864)),
        ("gpt-image-2", "2048x2048", (2048, 2048)),
        ("echo", "auto", (640, 427)),
        ("echo", "321x123", (321, 123)),
    ],
)
def test_the_size_is_the_one_asked_for(
    client: OpenAI, photo_file: PhotoFile, model: str, asked: str, given: tuple[int, int]
) -> None:
    answer = client.images.edit(
        model=model, image=("a.jpg", photo_file("china"), "image/jpeg"), prompt="x", size=asked
    )
    assert answer.data is not None
    assert opened(answer.data[0]).size == given
    assert answer.size == f"{given[0]}x{given[1]}"


@pytest.mark.rule("A.7/implied")
def test_a_size_that_the_instruction_implies_is_taken_when_none_is_asked_for(
    client: OpenAI, photo_file: PhotoFile
) -> None:
    image = ("a.jpg", photo_file("china"), "image/jpeg")
    implied = client.images.edit(model="gpt-image-2", image=image, prompt="[size 500x700]")
    asked = client.images.edit(model="gpt-image-2", image=image, prompt="[size 500x700]", size="1024x1024")
    assert (implied.size, asked.size) == ("500x700", "1024x1024")


@pytest.mark.rule("A.8/n", "5.1/partials")
def test_n_gives_that_many_different_pictures(client: OpenAI, photo_file: PhotoFile) -> None:
    answer = client.images.edit(image=("a.jpg", photo_file("cat"), "image/jpeg"), prompt="x", n=3)
    assert answer.data is not None
    assert len({item.b64_json for item in answer.data}) == 3
    assert answer.usage is not None
    assert answer.usage.output_tokens == 3 * 1568


@pytest.mark.rule("A.10/previews", "A.10/billed", "4.4/count")
@pytest.mark.parametrize("model", ["echo", "echo-device", "echo-loop"])
@pytest.mark.parametrize("partials", [0, 1, 2, 3])
def test_a_stream_has_its_previews_and_then_the_picture(
    client: OpenAI, photo_file: PhotoFile, model: str, partials: int
) -> None:
    events: list[Any] = list(
        client.images.edit(
            model=model,
            image=("a.jpg", photo_file("cat"), "image/jpeg"),
            prompt="x",
            stream=True,
            partial_images=partials,
        )
    )
    assert [event.type for event in events] == ["image_edit.partial_image"] * partials + ["image_edit.completed"]
    assert [event.partial_image_index for event in events[:-1]] == list(range(partials))
    assert {opened(event).size for event in events} == {(451, 300)}
    plain = client.images.edit(model=model, image=("a.jpg", photo_file("cat"), "image/jpeg"), prompt="x").usage
    assert plain is not None
    assert events[-1].usage.output_tokens == plain.output_tokens + 100 * partials
    if model != "echo-loop":
        assert len({event.b64_json for event in events}) == partials + 1


@pytest.mark.rule("4.4/several")
def test_a_stream_of_several_pictures_completes_each_and_its_usage_adds_up(
    client: OpenAI, photo_file: PhotoFile
) -> None:
    image = ("a.jpg", photo_file("cat"), "image/jpeg")
    whole = client.images.edit(image=image, prompt="x", n=2).usage
    events: list[Any] = list(client.images.edit(image=image, prompt="x", n=2, stream=True))
    assert [event.type for event in events] == ["image_edit.completed"] * 2
    assert whole is not None
    assert sum(event.usage.total_tokens for event in events) == whole.total_tokens


@pytest.mark.rule("A.10/committed")
def test_what_is_wrong_with_a_stream_is_told_before_it_begins(client: OpenAI, photo_file: PhotoFile) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.edit(
            image=("a.jpg", photo_file("cat"), "image/jpeg"), prompt="[refuse]", stream=True, partial_images=1
        )
    assert caught.value.code == "unsupported_instruction"


@pytest.mark.rule("A.10/late-error")
def test_what_fails_after_the_first_event_is_an_event(client: OpenAI, photo_file: PhotoFile) -> None:
    stream = client.images.edit(
        image=("a.jpg", photo_file("cat"), "image/jpeg"), prompt="[raise]", stream=True, partial_images=1
    )
    # Closed by hand: the SDK's older line leaves a failed stream open, and its HTTP library can lock itself up
    # when the collector finds one (encode/httpcore#990).
    with pytest.raises(openai.APIError) as caught, stream:
        list(stream)
    assert caught.value.code == "internal_error"


@pytest.mark.rule("A.6/exact", "A.6/transparent-is-edited")
@pytest.mark.parametrize("model", ["echo", "echo-device"])
def test_the_mask_holds_to_the_pixel_whatever_the_engine_painted(
    client: OpenAI, photo_file: PhotoFile, picture_file: PictureFile, model: str
) -> None:
    source = Image.open(io.BytesIO(photo_file("china")))
    alpha = Image.new("L", source.size, 255)
    alpha.paste(0, (100, 100, 300, 250))
    mask = Image.new("RGBA", source.size)
    mask.putalpha(alpha)
    answer = client.images.edit(
        model=model,
        image=("a.png", picture_file(source), "image/png"),
        mask=("m.png", picture_file(mask), "image/png"),
        prompt="[paint 255,0,0]",
    )
    assert answer.data is not None
    result, before = np.asarray(opened(answer.data[0])), np.asarray(source)
    inside = np.asarray(alpha) == 0
    np.testing.assert_array_equal(result[~inside], before[~inside])
    assert (result[inside] == (255, 0, 0)).all()


@pytest.mark.rule("A.6/own-alpha")
def test_dall_e_2_takes_the_images_own_alpha_for_the_mask(client: OpenAI, square: bytes) -> None:
    answer = client.images.edit(
        model="dall-e-2",
        image=("a.png", square),
        prompt="[paint 0,255,0]",
        size="512x512",
        response_format="b64_json",
    )
    assert answer.data is not None
    result = np.asarray(opened(answer.data[0]))
    before = np.asarray(Image.open(io.BytesIO(square)))
    assert result.shape == (512, 512, 3)
    hole = before[..., 3] == 0
    assert (result[hole] == (0, 255, 0)).all()
    np.testing.assert_array_equal(result[~hole], before[~hole][:, :3])


@pytest.mark.parametrize(
    ("options", "code", "param"),
    [
        ({"model": "gpt-image-9"}, "invalid_value", "model"),
        ({"n": 11}, "integer_above_max_value", "n"),
        ({"quality": "ultra"}, "invalid_value", "quality"),
        ({"size": "9x9", "model": "gpt-image-2"}, "invalid_value", "size"),
        ({"output_format": "gif"}, "invalid_value", "output_format"),
        # The older line's HTTP client leaves an empty text out of the form.
        ({"prompt": ""}, "missing_required_parameter" if OLD else "empty_string", "prompt"),
        ({"extra_body": {"style": "vivid"}}, "unknown_parameter", "style"),
        ({"mask": ("m.png", b"nonsense")}, "invalid_mask_image_format", None),
        ({"image": ("a.png", b"nonsense")}, "invalid_image_file", None),
        ({"extra_body": {"strength": 0.5}, "model": "echo"}, "unsupported_parameter", "strength"),
        ({"extra_body": {"complexity": "high"}, "model": "gpt-image-2"}, "unknown_parameter", "complexity"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_wrong_values_raise_the_clients_typed_error(
    client: OpenAI, photo_file: PhotoFile, options: dict[str, Any], code: str, param: str | None
) -> None:
    options = {"image": ("a.jpg", photo_file("cat"), "image/jpeg"), "prompt": "x"} | options
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.edit(**options)
    assert (caught.value.code, caught.value.param) == (code, param)
    assert caught.value.request_id is not None
    assert caught.value.request_id.startswith("req_")


@pytest.mark.rule("A.9/headers", "4.3/headers")
def test_every_answer_has_its_id_and_its_time(echo_server: BackgroundServer) -> None:
    for path in ("/v1/models", "/nope", "/v1/images/edits", "/healthz"):
        answer = httpx2.get(echo_server.url + path)
        assert answer.headers["x-request-id"].startswith("req_")
        assert int(answer.headers["openai-processing-ms"]) >= 0


@pytest.mark.rule("2/base-url")
def test_both_addresses_are_served(
    echo_server: BackgroundServer, connect: Callable[..., OpenAI], photo_file: PhotoFile
) -> None:
    client = connect(echo_server, base_url=echo_server.url)
    assert client.images.edit(image=("a.jpg", photo_file("cat"), "image/jpeg"), prompt="x").data


@pytest.mark.rule("2/chunked")
def test_a_chunked_body_is_read_like_any_other(echo_server: BackgroundServer, photo_file: PhotoFile) -> None:
    head = b'--xyz\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
    tail = b'\r\n--xyz\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nas it is\r\n--xyz--\r\n'

    def body() -> Any:
        yield head
        photo = photo_file("cat")
        for start in range(0, len(photo), 1000):
            yield photo[start : start + 1000]
        yield tail

    answer = httpx2.post(
        f"{echo_server.url}/v1/images/edits",
        content=body(),
        headers={"content-type": "multipart/form-data; boundary=xyz"},
    )
    assert answer.status_code == 200
    assert answer.request.headers["transfer-encoding"] == "chunked"
    assert answer.text.startswith('{\n  "created": ')
    assert not answer.text.endswith("\n")
