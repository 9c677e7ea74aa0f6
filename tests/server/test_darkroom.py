"""The documents' own examples, by the official client, with the engine that people meet first."""

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

from retouch.engines.darkroom.vision.faces import find_faces
from retouch.server.running import BackgroundServer

PhotoFile = Callable[[str], bytes]
PictureFile = Callable[..., bytes]


@pytest.fixture(scope="module")
def darkroom(darkroom_server: BackgroundServer, connect: Callable[..., OpenAI]) -> OpenAI:
    return connect(darkroom_server)


def pixels(item: Any) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(item.b64_json)))).astype(np.int16)


def jpeg(photo_file: PhotoFile, name: str) -> tuple[str, bytes, str]:
    return (f"{name}.jpg", photo_file(name), "image/jpeg")


def test_sunset(darkroom: OpenAI, photo_file: PhotoFile) -> None:
    answer = darkroom.images.edit(
        model="gpt-image-1.5",
        image=jpeg(photo_file, "china"),
        prompt="Make the image look like it was taken at sunset",
        quality="high",
        size="1024x1024",
    )
    assert answer.data is not None
    assert answer.data[0].revised_prompt is not None
    assert "sunset" in answer.data[0].revised_prompt.lower()
    result = pixels(answer.data[0])
    assert result.shape == (1024, 1024, 3)
    before = np.asarray(Image.open(io.BytesIO(photo_file("china")))).astype(np.int16)
    assert result[..., 0].mean() - result[..., 2].mean() > before[..., 0].mean() - before[..., 2].mean() + 25


def test_a_vintage_filter_on_three_images_gives_one_sheet_of_the_three(
    darkroom: OpenAI, photo_file: PhotoFile
) -> None:
    names = ("china", "coffee", "astronaut")
    answer = darkroom.images.edit(
        model="gpt-image-1",
        image=[jpeg(photo_file, name) for name in names],
        prompt="Apply a vintage filter to these images",
        input_fidelity="high",
    )
    assert answer.data is not None
    assert len(answer.data) == 1
    result = pixels(answer.data[0])
    assert answer.size == f"{result.shape[1]}x{result.shape[0]}"
    assert answer.size in {"1024x1024", "1536x1024", "1024x1536"}
    white = (result.min(axis=2) == 255).mean()
    assert 0.01 < white < 0.5, "a sheet has gutters, and is not mostly empty"


def test_background_removed_to_a_transparent_png(darkroom: OpenAI, photo_file: PhotoFile) -> None:
    answer = darkroom.images.edit(
        model="gpt-image-1.5",
        image=jpeg(photo_file, "coffee"),
        prompt="Remove the background and keep only the product",
        background="transparent",
        output_format="png",
        size="1536x1024",
    )
    assert answer.data is not None
    assert answer.background == "transparent"
    result = pixels(answer.data[0])
    assert result.shape == (1024, 1536, 4)
    alpha = result[..., 3]
    assert alpha[40, 40] == 0  # the table
    assert alpha[500, 720] == 255  # the cup
    assert 0.2 < (alpha > 128).mean() < 0.7


def test_background_transparent_removes_it_whatever_the_words_were(
    darkroom: OpenAI, photo_file: PhotoFile
) -> None:
    answer = darkroom.images.edit(
        image=jpeg(photo_file, "coffee"), prompt="make it warmer", background="transparent"
    )
    assert answer.background == "transparent"
    assert answer.data is not None
    assert (pixels(answer.data[0])[..., 3] == 0).mean() > 0.2


def test_the_masked_dall_e_2_edit_fills_the_hole(
    darkroom: OpenAI, photo_file: PhotoFile, picture_file: PictureFile
) -> None:
    source = Image.open(io.BytesIO(photo_file("astronaut")))  # 512 × 512
    mask = Image.new("RGBA", source.size, (0, 0, 0, 255))
    mask.paste((0, 0, 0, 0), (330, 90, 450, 300))  # the shuttle model
    answer = darkroom.images.edit(
        model="dall-e-2",
        image=("a.png", picture_file(source.convert("RGBA")), "image/png"),
        mask=("m.png", picture_file(mask), "image/png"),
        prompt="remove the object",
        n=1,
        size="512x512",
    )
    assert answer.data is not None
    assert answer.data[0].url is not None
    got = httpx2.get(answer.data[0].url)
    result = np.asarray(Image.open(io.BytesIO(got.content)).convert("RGB")).astype(np.int16)
    before = np.asarray(source).astype(np.int16)
    outside = np.ones((512, 512), bool)
    outside[90:300, 330:450] = False
    np.testing.assert_array_equal(result[outside], before[outside])
    assert np.abs(result - before)[~outside].mean() > 10


def test_sunglasses(darkroom: OpenAI, photo_file: PhotoFile) -> None:
    answer = darkroom.images.edit(
        model="darkroom", image=jpeg(photo_file, "astronaut"), prompt="Add sunglasses to the person"
    )
    assert answer.data is not None
    before = np.asarray(Image.open(io.BytesIO(photo_file("astronaut"))))
    (face,) = find_faces(np.ascontiguousarray(before))
    changed = np.abs(pixels(answer.data[0]) - before).max(axis=2) > 8
    rows, columns = np.nonzero(changed)
    points = face.mesh
    assert points[:, 1].min() - 30 < rows.min()
    assert rows.max() < points[:, 1].max()
    assert abs(columns.mean() - points[:, 0].mean()) < 20


@pytest.mark.rule("A.8/n")
def test_n_gives_tasteful_variations(darkroom: OpenAI, photo_file: PhotoFile) -> None:
    answer = darkroom.images.edit(
        model="darkroom", image=jpeg(photo_file, "china"), prompt="apply a vintage filter", n=3
    )
    assert answer.data is not None
    first, second, third = (pixels(item) for item in answer.data)
    for one, other in ((first, second), (second, third), (first, third)):
        assert 1 < np.abs(one - other).mean() < 60


@pytest.mark.rule("A.8/n-unvarying")
def test_what_cannot_vary_is_a_400_for_more_than_one(darkroom: OpenAI, photo_file: PhotoFile) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        darkroom.images.edit(image=jpeg(photo_file, "coffee"), prompt="remove the background", n=2)
    assert caught.value.param == "n"


def test_a_seed_makes_the_answer_repeatable(darkroom: OpenAI, photo_file: PhotoFile) -> None:
    def edit(seed: int) -> list[str | None]:
        answer = darkroom.images.edit(
            model="darkroom",
            image=jpeg(photo_file, "cat"),
            prompt="make it vintage",
            n=2,
            extra_body={"seed": seed},
        )
        assert answer.data is not None
        return [item.b64_json for item in answer.data]

    assert edit(5) == edit(5)
    assert edit(5)[1] != edit(6)[1]


@pytest.mark.rule("A.10/previews")
def test_previews_are_on_the_way_to_the_picture(darkroom: OpenAI, photo_file: PhotoFile) -> None:
    events: list[Any] = list(
        darkroom.images.edit(
            model="darkroom",
            image=jpeg(photo_file, "china"),
            prompt="turn it into a watercolour",
            stream=True,
            partial_images=3,
        )
    )
    pictures = [pixels(event) for event in events]
    assert len(pictures) == 4
    assert {picture.shape for picture in pictures} == {(427, 640, 3)}
    distances = [np.abs(picture - pictures[-1]).mean() for picture in pictures[:-1]]
    assert min(distances) > 0.5, "a preview is not the picture itself"
    before = np.asarray(Image.open(io.BytesIO(photo_file("china"))))
    assert all(distance < np.abs(before - pictures[-1]).mean() * 1.5 for distance in distances)


@pytest.mark.rule("A.9/unsupported-instruction")
@pytest.mark.parametrize(
    ("prompt", "code"),
    [
        ("make her smile", "unsupported_instruction"),
        ("make it snow and add a harpsichord", "unsupported_instruction"),
        ("remove the object", "unsupported_instruction"),
        ("add sunglasses", "target_not_found"),
    ],
)
def test_what_it_cannot_do_is_refused_with_a_reason(
    darkroom: OpenAI, photo_file: PhotoFile, prompt: str, code: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        darkroom.images.edit(image=jpeg(photo_file, "coffee"), prompt=prompt, stream=True, partial_images=1)
    assert (caught.value.code, caught.value.param) == (code, "prompt")
    assert len(caught.value.message) > 60


@pytest.mark.rule("A.7/never-stretched")
def test_a_landscape_on_a_square_is_extended_and_neither_cropped_nor_stretched(
    darkroom: OpenAI, photo_file: PhotoFile
) -> None:
    def edit(**options: Any) -> np.ndarray:
        answer = darkroom.images.edit(
            model="darkroom", image=jpeg(photo_file, "flower"), prompt="make it warmer", **options
        )
        assert answer.data is not None
        return pixels(answer.data[0])

    alone, square = edit(), edit(size="640x640")
    assert (alone.shape, square.shape) == ((427, 640, 3), (640, 640, 3))
    top = (640 - 427) // 2
    assert np.abs(square[top : top + 427] - alone).mean() < 1
    # A repeated edge would have the same colours in every row of the new area.
    for border in (square[:60], square[-60:]):
        assert border.std(axis=0).mean() > 1


@pytest.mark.parametrize(
    "options", [{"model": "gpt-image-2"}, {"output_format": "jpeg"}, {"background": "opaque"}], ids=str
)
def test_a_cut_out_that_cannot_be_transparent_lies_on_white_and_says_so(
    darkroom: OpenAI, photo_file: PhotoFile, options: dict[str, Any]
) -> None:
    answer = darkroom.images.edit(image=jpeg(photo_file, "coffee"), prompt="remove the background", **options)
    assert answer.background == "opaque"
    assert answer.data is not None
    assert "lies on white" in str(answer.data[0].revised_prompt)
    assert (pixels(answer.data[0])[20, 20] >= 253).all()


def test_transparency_that_a_model_does_not_have_is_laid_on_white_and_said(
    darkroom: OpenAI, picture_file: PictureFile
) -> None:
    source = Image.new("RGBA", (64, 64), (200, 30, 30, 0))
    source.paste((200, 30, 30, 255), (16, 16, 48, 48))
    image = ("a.png", picture_file(source), "image/png")
    answer = darkroom.images.edit(model="gpt-image-2", image=image, prompt="make it warmer", size="1024x1024")
    assert answer.data is not None
    assert "laid on white" in str(answer.data[0].revised_prompt)
    assert (pixels(answer.data[0])[5, 5] > 235).all()
    kept = darkroom.images.edit(model="gpt-image-1", image=image, prompt="make it warmer", size="1024x1024")
    assert kept.data is not None
    assert "white" not in str(kept.data[0].revised_prompt)
    assert kept.background == "transparent"
