"""The document is what the server does: schemathesis asks it everything that the document allows and forbids."""

from __future__ import annotations

import base64
import copy
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openai import OpenAI
from PIL import Image
from schemathesis import Case, CheckContext, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from retouch.app import create_app
from retouch.server.running import BackgroundServer
from tests.conftest import settings_for

FORM, JSON = "multipart/form-data", "application/json"
EDITS = "/v1/images/edits"
QUIET = settings(
    database=None,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
Document = dict[str, Any]


@pytest.fixture(scope="module")
def published(echo_server: BackgroundServer) -> Document:
    """The document as the server gives it."""
    answer = httpx2.get(f"{echo_server.url}/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    document: Document = answer.json()
    return document


@pytest.fixture(scope="module")
def picture(picture_file: Callable[..., bytes]) -> bytes:
    """A PNG that may be image, mask and markup of one request: square, with alpha, half of it transparent."""
    image = Image.new("RGBA", (16, 16), (200, 60, 30, 255))
    image.paste((0, 0, 0, 0), (0, 0, 8, 16))
    return picture_file(image)


@pytest.fixture(scope="module", autouse=True)
def pictures(picture: bytes) -> None:
    """Files that schemathesis fills in are pictures."""
    for kind in ("image/png", "image/jpeg", "image/webp"):
        schemathesis.openapi.media_type(kind, st.just(picture))


def closed(document: Document) -> Document:
    """The same with every object of an answer closed, so that a key that nobody documented is a fault."""

    def close(value: Any) -> None:
        if isinstance(value, dict):
            if value.get("type") == "object" and "properties" in value:
                value.setdefault("additionalProperties", False)
            for one in value.values():
                close(one)
        elif isinstance(value, list):
            for one in value:
                close(one)

    document = copy.deepcopy(document)
    close(document["components"]["schemas"])
    return document


def edits_only(document: Document, media_type: str) -> Document:
    """The document with one operation, that takes one type of body and no headers."""
    document = closed(document)
    operation = document["paths"][EDITS]["post"]
    operation["parameters"] = []
    content = operation["requestBody"]["content"]
    operation["requestBody"]["content"] = {media_type: content[media_type]}
    document["paths"] = {EDITS: {"post": operation}}
    return document


def events(response: Response) -> list[tuple[str, str]]:
    """(event, data) of each event of a stream."""
    found = []
    for block in response.content.decode().split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        if lines:
            event, data = lines
            found.append((event.removeprefix("event: "), data.removeprefix("data: ")))
    return found


def as_sent(body: Any, properties: Document) -> Any:
    """What a form says, typed as the document has it: on the wire a list of one is one field, an empty list is
    none, and every value is text."""
    if not isinstance(body, dict):
        return body
    found = {}
    for name, value in body.items():
        values = value if isinstance(value, list) else [value]
        if name == "image[]":
            found[name] = ["a file"] * len(values)
        elif len(values) == 1 and name in properties:
            found[name] = typed(values[0], properties[name])
        elif values:
            found[name] = value
    return found


def typed(value: Any, schema: Document) -> Any:
    if schema.get("format") == "binary":
        return None if value is None else "a file"
    text = value if isinstance(value, str) else json.dumps(value)
    if "null" in schema["type"] and text in ("", "null"):
        return None
    if "string" in schema["type"]:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def drive(
    server: BackgroundServer, document: Document, mode: GenerationMode, examples: int
) -> Counter[tuple[int, str]]:
    """Send so many requests to every operation and check every answer; returns (status, content type)s seen."""
    schema = schemathesis.openapi.from_dict(document, config=schemathesis.Config())
    schema.config.update(base_url=server.url)
    seen: Counter[tuple[int, str]] = Counter()
    datas = {
        one["properties"]["event"]["const"]: jsonschema_rs.Draft202012Validator(
            {**one["properties"]["data"]["contentSchema"], "components": document["components"]}
        )
        for one in document["components"]["schemas"]["EditEvent"]["oneOf"]
    }

    def event_data_conformance(context: CheckContext, response: Response, case: Case[Any]) -> None:
        """Schemathesis looks at an event's fields; its data is JSON with a schema of its own."""
        if response.headers["content-type"][0] == "text/event-stream":
            for event, data in events(response):
                datas[event].validate(json.loads(data))
                assert len(data) < 32 << 20

    form = document["components"]["schemas"]["EditForm"]
    allowed = jsonschema_rs.Draft202012Validator({**form, "components": document["components"]})

    def form_rejection(context: CheckContext, response: Response, case: Case[Any]) -> None:
        if case.media_type == FORM and response.status_code == 200 and case.path.endswith("/images/edits"):
            sent = as_sent(case.body, form["properties"])
            assert allowed.is_valid(sent), f"accepted: {sent}"

    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
        form_rejection,
        event_data_conformance,
    ]

    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()

        @settings(QUIET, max_examples=examples)
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Case[Any]) -> None:
            response = case.call()
            seen[response.status_code, response.headers["content-type"][0]] += 1
            # Schemathesis takes a form's text for typed, so that it would blame `n=[1]` and `user=5`.
            more = [] if case.media_type == FORM else [negative_data_rejection]
            case.validate_response(response, checks=[*checks, *more])

        ask()
    return seen


def test_the_document_is_valid_openapi(published: Document) -> None:
    assert published["openapi"] == "3.1.0"
    OPENAPI_31_VALIDATOR.validate(published)
    for schema in published["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)


def test_the_document_is_the_same_at_both_addresses(echo_server: BackgroundServer) -> None:
    one, other = (httpx2.get(f"{echo_server.url}{prefix}/openapi.json") for prefix in ("", "/v1"))
    assert one.content == other.content


def test_every_route_is_in_the_document_and_nothing_else(published: Document, tmp_path: Path) -> None:
    routes = {
        (route.path.replace(":path}", "}"), method.lower())  # type: ignore[attr-defined]
        for route in create_app(settings_for(tmp_path)).routes
        for method in (route.methods or {"POST"}) - {"HEAD"}  # type: ignore[attr-defined]
    }
    documented = {(path, method) for path, methods in published["paths"].items() for method in methods}
    assert documented == routes


def test_every_answer_to_a_form_is_as_documented(echo_server: BackgroundServer, published: Document) -> None:
    seen = drive(echo_server, edits_only(published, FORM), GenerationMode.POSITIVE, 60)
    assert seen[200, JSON] > 20


def test_every_form_that_the_document_forbids_is_refused(
    echo_server: BackgroundServer, published: Document
) -> None:
    seen = drive(echo_server, edits_only(published, FORM), GenerationMode.NEGATIVE, 100)
    assert seen[400, JSON] > 60


def test_every_stream_is_as_documented(echo_server: BackgroundServer, published: Document) -> None:
    document = edits_only(published, FORM)
    form = document["components"]["schemas"]["EditForm"]
    form["properties"]["stream"] = {"type": "boolean", "const": True}
    form["properties"]["model"]["enum"] = ["gpt-image-1.5", "gpt-image-2.5-flare"]
    form["required"] += ["stream", "model"]
    seen = drive(echo_server, document, GenerationMode.POSITIVE, 30)
    assert seen[200, "text/event-stream"] > 10


@pytest.fixture
def with_addresses(published: Document, picture: bytes) -> Document:
    """The document for JSON bodies, whose addresses are pictures."""
    document = edits_only(published, JSON)
    address = "data:image/png;base64," + base64.b64encode(picture).decode()
    reference = document["components"]["schemas"]["ImageReference"]
    reference["properties"] = {"image_url": {"type": "string", "enum": [address]}}
    reference.pop("anyOf")
    reference["required"] = ["image_url"]
    return document


def test_every_answer_to_json_is_as_documented(echo_server: BackgroundServer, with_addresses: Document) -> None:
    seen = drive(echo_server, with_addresses, GenerationMode.POSITIVE, 60)
    assert seen[200, JSON] > 20


def test_every_json_that_the_document_forbids_is_refused(
    echo_server: BackgroundServer, with_addresses: Document
) -> None:
    seen = drive(echo_server, with_addresses, GenerationMode.NEGATIVE, 60)
    assert seen.keys() == {(400, JSON)}


def test_every_header_that_the_document_forbids_is_refused(
    echo_server: BackgroundServer, published: Document
) -> None:
    document = closed(published)
    operation = document["paths"][EDITS]["post"]
    operation["requestBody"]["content"] = {FORM: {"schema": {"type": "object", "additionalProperties": False}}}
    document["paths"] = {EDITS: {"post": operation}}
    seen = drive(echo_server, document, GenerationMode.NEGATIVE, 20)
    assert seen.keys() == {(400, JSON)}


def test_every_part_of_a_result_is_as_documented(
    echo_server: BackgroundServer, published: Document, picture: bytes, client: OpenAI
) -> None:
    result = client.images.edit(model="echo", image=picture, prompt="hi", response_format="url")
    assert result.data
    assert result.data[0].url
    link = urlsplit(result.data[0].url)
    document = closed(published)
    operation = document["paths"]["/results/{name}"]["get"]
    document["paths"] = {"/results/{name}": {"get": operation}}
    ranges = ["", "bytes=0-9", "bytes=9-", "bytes=-9", "bytes=9-0", "bytes=0-1,3-4", "bytes=99999-", "lines=1-2"]
    values = {"name": [link.path.rpartition("/")[2]], "sig": [link.query.partition("=")[2]], "range": ranges}
    for parameter in operation["parameters"]:
        parameter |= {"required": True, "schema": {"type": "string", "enum": values[parameter["name"]]}}
    seen = drive(echo_server, document, GenerationMode.POSITIVE, 30)
    assert {status for status, _ in seen} == {200, 206, 416}


def test_every_other_address_answers_as_documented(echo_server: BackgroundServer, published: Document) -> None:
    document = closed(published)
    for path in (EDITS, EDITS.removeprefix("/v1")):
        document["paths"].pop(path)
    seen = drive(echo_server, document, GenerationMode.POSITIVE, 15)
    assert {status for status, _ in seen} == {200, 400, 404}
