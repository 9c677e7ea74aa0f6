"""Streamed events, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from retouch.contract.events import HEARTBEAT, completed_event, error_event, partial_event
from retouch.contract.parameters import EditRequest
from retouch.contract.usage import Usage
from retouch.errors import ServerError

Parse = Callable[..., EditRequest]

USAGE = Usage(input_image=64, input_text=12, output_image=120)


def completed(request: EditRequest, **options: str) -> bytes:
    chunks = completed_event(
        request, b64_json=b"QQ==", created_at=7, size=(1536, 864), background="opaque", usage=USAGE, **options
    )
    return b"".join(chunks)


@pytest.mark.rule("4.4/partial")
def test_a_partial_event_has_the_specified_fields_in_order(parse: Parse) -> None:
    request = parse(model="gpt-image-2", stream="true", partial_images="1", output_format="webp")
    picture = b"QQ=="
    chunks = partial_event(request, b64_json=picture, created_at=7, size=(1024, 640), background="opaque", index=0)
    assert any(chunk is picture for chunk in chunks)
    assert b"".join(chunks) == (
        b"event: image_edit.partial_image\n"
        b'data: {"type":"image_edit.partial_image","b64_json":"QQ==","created_at":7,"size":"1024x640",'
        b'"quality":"low","background":"opaque","output_format":"webp","partial_image_index":0}\n\n'
    )


@pytest.mark.rule("4.4/completed")
def test_a_completed_event_has_the_specified_fields_in_order(parse: Parse) -> None:
    assert completed(parse(model="gpt-image-2", stream="true", strict=True), revised_prompt="left out") == (
        b"event: image_edit.completed\n"
        b'data: {"type":"image_edit.completed","b64_json":"QQ==","created_at":7,"size":"1536x864",'
        b'"quality":"low","background":"opaque","output_format":"png","usage":{"total_tokens":196,'
        b'"input_tokens":76,"output_tokens":120,"input_tokens_details":{"text_tokens":12,"image_tokens":64}}}\n\n'
    )


def test_a_friendly_completed_event_says_what_was_done(parse: Parse) -> None:
    frame = completed(parse(model="gpt-image-2.5-flare", user="u"), revised_prompt="line\u2028end\n")
    assert frame.endswith(b'"safety_identifier":"u","revised_prompt":"line\\u2028end\\n"}\n\n')
    assert len(frame.decode().splitlines()) == 3
    assert b'"error"' not in frame


def test_the_picture_of_a_completed_event_is_the_buffer_it_was(parse: Parse) -> None:
    picture = memoryview(b"QQ==")
    chunks = completed_event(parse(), b64_json=picture, created_at=7, size=(8, 8), background="opaque", usage=None)
    assert any(chunk is picture for chunk in chunks)
    assert "usage" not in json.loads(b"".join(chunks).split(b"data: ")[1])


@pytest.mark.rule("A.10/late-error")
def test_an_error_event_holds_the_envelope() -> None:
    assert b"".join(error_event(ServerError())) == (
        b'event: error\ndata: {"error":{"message":"The server had an error while processing your request. Sorry '
        b'about that!","type":"server_error","param":null,"code":null}}\n\n'
    )


@pytest.mark.rule("4.4/comments")
def test_a_heartbeat_is_a_comment() -> None:
    assert HEARTBEAT.startswith(b":")
    assert HEARTBEAT.endswith(b"\n\n")
