"""A worker that fails takes its own edit along and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest
from openai import OpenAI

PhotoFile = Callable[[str], bytes]


@pytest.mark.rule("A.9/lost", "A.9/should-retry", "3.2/500")
@pytest.mark.parametrize("model", ["echo", "echo-device"])
@pytest.mark.parametrize(
    ("prompt", "code", "retry"), [("[abort]", "worker_lost", None), ("[raise]", "internal_error", "false")]
)
def test_the_failure_is_a_500_in_the_contracts_shape_and_the_next_edit_succeeds(
    client: OpenAI, photo_file: PhotoFile, model: str, prompt: str, code: str, retry: str | None
) -> None:
    image = ("a.jpg", photo_file("cat"), "image/jpeg")
    with pytest.raises(openai.InternalServerError) as caught:
        client.images.edit(model=model, image=image, prompt=prompt)
    assert caught.value.status_code == 500
    assert caught.value.type == "server_error"
    assert caught.value.code == code
    assert caught.value.response.headers.get("x-should-retry") == retry
    assert list(caught.value.response.json()["error"]) == ["message", "type", "param", "code"]
    assert client.images.edit(model=model, image=image, prompt="as it is").data


@pytest.mark.rule("A.10/late-error")
def test_a_worker_lost_in_the_middle_of_a_stream_is_an_event(client: OpenAI, photo_file: PhotoFile) -> None:
    stream = client.images.edit(
        image=("a.jpg", photo_file("cat"), "image/jpeg"), prompt="[abort]", stream=True, partial_images=1
    )
    # Closed by hand: the SDK's older line leaves a failed stream open, and its HTTP library can lock itself up
    # when the collector finds one (encode/httpcore#990).
    with pytest.raises(openai.APIError) as caught, stream:
        list(stream)
    assert caught.value.code == "worker_lost"


def test_other_edits_go_on_while_one_worker_dies(client: OpenAI, photo_file: PhotoFile) -> None:
    image = ("a.jpg", photo_file("cat"), "image/jpeg")

    def edit(prompt: str) -> str:
        try:
            client.images.edit(image=image, prompt=prompt)
        except openai.InternalServerError:
            return "lost"
        return "edited"

    prompts = ["[sleep 0.3]", "[abort]", "as it is", "[abort]", "[sleep 0.1]", "as it is"]
    with ThreadPoolExecutor(len(prompts)) as executor:
        found = list(executor.map(edit, prompts))
    assert found == ["lost" if prompt == "[abort]" else "edited" for prompt in prompts]
