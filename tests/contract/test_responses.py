"""Image responses, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from retouch.contract.parameters import EditRequest
from retouch.contract.responses import Item, image_response
from retouch.contract.usage import Usage

Parse = Callable[..., EditRequest]

USAGE = Usage(input_image=64, input_text=12, output_image=120)

RECORDED = b"""{
  "created": 1786500000,
  "background": "opaque",
  "data": [
    {
      "b64_json": "iVBORw0KGgo"
    }
  ],
  "output_format": "png",
  "quality": "low",
  "size": "1536x864",
  "usage": {
    "input_tokens": 76,
    "input_tokens_details": {
      "image_tokens": 64,
      "text_tokens": 12
    },
    "output_tokens": 120,
    "output_tokens_details": {
      "image_tokens": 120,
      "text_tokens": 0
    },
    "total_tokens": 196
  }
}"""


def body(request: EditRequest, *items: Item, usage: Usage | None = USAGE) -> bytes:
    return b"".join(
        image_response(
            request, created=1786500000, size=(1536, 864), background="opaque", items=items, usage=usage
        )
    )


@pytest.mark.rule("4.1/shape")
def test_a_strict_answer_is_byte_for_byte_the_recorded_one(parse: Parse) -> None:
    request = parse(model="gpt-image-2", strict=True)
    assert body(request, Item(b"iVBORw0KGgo", revised_prompt="left out")) == RECORDED


def test_a_friendly_answer_says_what_was_done(parse: Parse) -> None:
    request = parse(model="gpt-image-2")
    expected = RECORDED.replace(
        b'"iVBORw0KGgo"\n', b'"iVBORw0KGgo",\n      "revised_prompt": "a \\"warm\\"\\n\\u2028look"\n'
    )
    assert body(request, Item(b"iVBORw0KGgo", revised_prompt='a "warm"\n\u2028look')) == expected
    assert body(request, Item(b"iVBORw0KGgo")) == RECORDED


def test_the_text_is_that_of_an_indented_dump(parse: Parse) -> None:
    whole = body(parse(n="2"), Item(b"QQ==", revised_prompt="a\nb"), Item(b"Qg=="))
    assert whole == json.dumps(json.loads(whole), indent=2).encode()
    assert [item["b64_json"] for item in json.loads(whole)["data"]] == ["QQ==", "Qg=="]


def test_pictures_go_in_as_the_buffers_they_are(parse: Parse) -> None:
    first, second = b"Q" * 100, memoryview(b"R" * 100)
    chunks = image_response(
        parse(n="2"),
        created=1,
        size=(8, 8),
        background="opaque",
        items=[Item(first), Item(second)],
        usage=USAGE,
    )
    assert sum(chunk is first for chunk in chunks) == 1
    assert sum(chunk is second for chunk in chunks) == 1


@pytest.mark.rule("4.2/dall-e-2")
def test_dall_e_2_answers_with_created_and_data_alone(parse: Parse) -> None:
    url = Item(url="https://host/x.png?sig=a&b", revised_prompt="flipped")
    assert body(parse(model="dall-e-2", strict=True), url, usage=None) == (
        b'{\n  "created": 1786500000,\n  "data": [\n    {\n'
        b'      "url": "https://host/x.png?sig=a&b"\n    }\n  ]\n}'
    )
    assert body(parse(model="dall-e-2"), url, usage=None) == (
        b'{\n  "created": 1786500000,\n  "data": [\n    {\n      "revised_prompt": "flipped",\n'
        b'      "url": "https://host/x.png?sig=a&b"\n    }\n  ]\n}'
    )
    assert body(parse(model="dall-e-2", strict=True), Item(b"QQ=="), usage=None) == (
        b'{\n  "created": 1786500000,\n  "data": [\n    {\n      "b64_json": "QQ=="\n    }\n  ]\n}'
    )


@pytest.mark.rule("A.3/safety-identifier")
def test_the_end_user_is_echoed_where_the_profile_has_it(parse: Parse) -> None:
    answer = json.loads(body(parse(model="gpt-image-2.5-flare", user="u"), Item(b"QQ==")))
    assert list(answer) == [
        "created",
        "background",
        "data",
        "output_format",
        "quality",
        "safety_identifier",
        "size",
        "usage",
    ]
    assert answer["safety_identifier"] == "u"
    assert "safety_identifier" not in json.loads(body(parse(user="u"), Item(b"QQ==")))
