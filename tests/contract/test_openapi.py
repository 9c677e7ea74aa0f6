"""The document says what the parser does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs
import pytest

from retouch import errors
from retouch.contract.catalogue import BY_PARAMETERS, Catalogue
from retouch.contract.form import FilePart, TextPart
from retouch.contract.openapi import document
from retouch.contract.openapi.parameters import MEANINGS
from retouch.contract.parameters import parse_form
from retouch.errors import RetouchError

FORM, JSON = "EditForm", "EditJson"


def read(schema: dict[str, Any], name: str) -> Any:
    return schema["components"]["schemas"][name]


@pytest.fixture
def allows() -> Callable[..., jsonschema_rs.Validator]:
    """``allows(document, "EditForm")`` judges bodies by that schema of the document."""

    def make(whole: dict[str, Any], name: str) -> jsonschema_rs.Validator:
        root = {"$ref": f"#/components/schemas/{name}", "components": whole["components"]}
        return jsonschema_rs.Draft202012Validator(root)

    return make


def samples(catalogue: Catalogue) -> Iterator[tuple[str, Any]]:
    """Values inside and outside of every parameter's rules, typed."""
    whole = document(catalogue, strict=False)
    for name, schema in read(whole, FORM)["properties"].items():
        if schema.get("format") == "binary" or name in ("model", "image[]"):
            continue
        values = [*schema.get("enum", ()), *schema.get("examples", ()), "bogus"]
        if "string" not in schema["type"] or "enum" in schema:
            values.append(None)  # elsewhere its text is as good as any
        for limit in ("minimum", "maximum"):
            if limit in schema:
                values += [schema[limit] - 1, schema[limit], schema[limit] + 1]
        if "boolean" in schema["type"]:
            values += [True, False]
        if "maxLength" in schema:
            values += ["x" * 1000, "x" * 1001, "x" * schema["maxLength"], "x" * (schema["maxLength"] + 1)]
        yield from ((name, value) for value in values)


def text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def companions(name: str, value: Any) -> dict[str, Any]:
    """What else a request needs so that only this value is judged."""
    if name == "partial_images" and value:
        return {"stream": True}
    if name == "output_compression" and value not in (100, None):
        return {"output_format": "webp"}
    return {}


@pytest.mark.parametrize("strict", [False, True])
def test_a_value_is_allowed_by_the_document_where_the_parser_takes_it(
    strict: bool, picture: Callable[..., FilePart], allows: Callable[..., jsonschema_rs.Validator]
) -> None:
    catalogue = Catalogue()
    validator = allows(document(catalogue, strict=strict), FORM)
    wrong: list[tuple[str, str, Any, bool]] = []
    taken = 0
    for model in catalogue.names():
        for name, value in samples(catalogue):
            fields = {"model": model, "prompt": "hi", **companions(name, value), name: value}
            parts = [TextPart(key, text(one)) for key, one in fields.items()]
            try:
                parse_form([*parts, picture()], catalogue, strict=strict)
                parsed = True
            except RetouchError:
                parsed = False
            allowed = validator.is_valid({**fields, "image": "a picture"})
            # A schema cannot say which edges and areas a size may have.
            if allowed != parsed and not (allowed and name == "size"):
                wrong.append((model, name, value if len(text(value)) < 40 else "long", allowed))
            taken += parsed
    assert not wrong
    assert taken > 500


def test_a_request_without_a_model_follows_the_rules_of_the_default(
    allows: Callable[..., jsonschema_rs.Validator],
) -> None:
    body = {"prompt": "hi", "image": "a picture", "size": "256x256"}
    assert not allows(document(Catalogue(), strict=False), FORM).is_valid(body)
    older = Catalogue(default_model="dall-e-2")
    assert allows(document(older, strict=False), FORM).is_valid(body)


def test_with_the_older_rule_no_model_is_the_default(allows: Callable[..., jsonschema_rs.Validator]) -> None:
    whole = document(Catalogue(default_model=BY_PARAMETERS), strict=False)
    assert "default" not in read(whole, FORM)["properties"]["model"]
    for size in ("256x256", "1536x1024"):
        body = {"prompt": "hi", "image": "a picture", "size": size}
        assert allows(whole, FORM).is_valid(body)


def test_a_form_needs_an_image_under_one_of_both_names(allows: Callable[..., jsonschema_rs.Validator]) -> None:
    both = {"prompt": "hi", "image": "a picture", "image[]": ["a picture"]}
    for strict in (False, True):
        validator = allows(document(Catalogue(), strict=strict), FORM)
        assert not validator.is_valid({"prompt": "hi"})
        assert validator.is_valid({"prompt": "hi", "image": "a picture"})
        assert validator.is_valid({"prompt": "hi", "image[]": ["a picture"] * 16})
        assert not validator.is_valid({"prompt": "hi", "image[]": ["a picture"] * 17})
        assert validator.is_valid(both) is not strict


def test_a_json_body_has_addresses_where_a_form_has_files(allows: Callable[..., jsonschema_rs.Validator]) -> None:
    image = {"image_url": "data:image/png;base64,AAAA"}
    for strict in (False, True):
        validator = allows(document(Catalogue(), strict=strict), JSON)
        assert validator.is_valid({"prompt": "hi", "images": [image], "mask": image, "n": None})
        assert not validator.is_valid({"prompt": "hi", "image": "a picture"})
        assert not validator.is_valid({"prompt": "hi", "images": ["a picture"]})
        assert not validator.is_valid({"prompt": "hi", "images": [image], "n": "2"})
        assert validator.is_valid({"prompt": "hi", "images": [image], "background": None}) is not strict


def test_names_of_our_own_are_models_with_the_extras_of_theirs(
    allows: Callable[..., jsonschema_rs.Validator],
) -> None:
    validator = allows(document(Catalogue(native=("mine/1",)), strict=False), FORM)
    body = {"prompt": "hi", "image": "a picture", "strength": 0.5}
    assert validator.is_valid({**body, "model": "mine/1"})
    assert not validator.is_valid({**body, "model": "gpt-image-2"})


def test_the_limits_of_the_settings_are_in_the_document() -> None:
    whole = document(Catalogue(max_edge=1234), strict=False)
    assert "1234 pixels" in read(whole, FORM)["properties"]["size"]["description"]


def test_every_parameter_of_the_data_has_a_meaning() -> None:
    assert Catalogue().parameters <= MEANINGS.keys()


def test_every_status_of_the_tree_of_errors_is_an_answer() -> None:
    statuses = {
        kind.status for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "status")
    }
    whole = document(Catalogue(), strict=False)
    told = {status for path in whole["paths"].values() for one in path.values() for status in one["responses"]}
    assert told == {str(status) for status in statuses} | {"200", "206", "416"}
    assert len(whole["components"]["responses"]) == len(statuses)


def test_both_prefixes_say_the_same() -> None:
    paths = document(Catalogue(), strict=False)["paths"]
    for path in [path for path in paths if path.startswith("/v1/")]:
        for method, operation in paths[path].items():
            other = paths[path.removeprefix("/v1")][method]
            assert operation.pop("operationId") != other.pop("operationId")
            assert operation == other


def test_strict_answers_have_no_revised_prompt() -> None:
    for strict in (False, True):
        whole = document(Catalogue(), strict=strict)
        assert ("revised_prompt" in read(whole, "Image")["properties"]) is not strict


def test_the_server_s_address_is_the_one_given() -> None:
    assert document(Catalogue(), strict=False)["servers"] == [{"url": "/"}]
    given = document(Catalogue(), url="https://images.example.com/", strict=False)
    assert given["servers"] == [{"url": "https://images.example.com"}]
