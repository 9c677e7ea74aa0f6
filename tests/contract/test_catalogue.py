"""Which models a server offers, and which one a request gets that names none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from retouch.contract.catalogue import BY_PARAMETERS, Catalogue
from retouch.contract.form import FilePart, Form, Part, TextPart
from retouch.contract.parameters import parse_form
from retouch.errors import Forbidden, ModelNotFound

MakeForm = Callable[..., list[Part]]
Picture = Callable[..., FilePart]


def test_names_of_our_own_get_the_native_profile() -> None:
    catalogue = Catalogue(native=["darkroom", "flux2-klein"])
    for name in ("darkroom", "flux2-klein"):
        assert name in catalogue.names()
        assert (catalogue.get(name).name, catalogue.get(name).family) == (name, "native")


@pytest.mark.rule("A.4/size")
def test_the_limits_of_native_models_can_be_set() -> None:
    size = Catalogue(max_edge=512, max_pixels=1000).get("darkroom").size
    assert (size.max_edge, size.max_pixels) == (512, 1000)
    assert Catalogue(max_edge=512).get("gpt-image-2").size.max_edge == 3840


@pytest.mark.rule("A.1/refused-models")
def test_an_unknown_or_refused_name_does_not_exist() -> None:
    catalogue = Catalogue(refused=["dall-e-2"])
    assert "dall-e-2" not in catalogue.names()
    for name in ("dall-e-2", "native", "GPT-IMAGE-1", ""):
        with pytest.raises(ModelNotFound) as caught:
            catalogue.get(name)
        assert caught.value.body() == {
            "error": {
                "message": f"The model '{name}' does not exist.",
                "type": "image_generation_user_error",
                "param": "model",
                "code": "invalid_value",
            }
        }


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="is taken"):
        Catalogue(native=["gpt-image-2"])
    with pytest.raises(ValueError, match="refused or unknown"):
        Catalogue(default_model="gpt-image-9")
    with pytest.raises(ValueError, match="refused or unknown"):
        Catalogue(default_model=BY_PARAMETERS, refused=["dall-e-2"])


@pytest.mark.rule("A.2/default-model")
def test_the_default_model_can_be_set(form: MakeForm) -> None:
    assert Catalogue().default().name == "gpt-image-1.5"
    catalogue = Catalogue(default_model="darkroom")
    assert catalogue.default(form()).name == "darkroom"
    assert parse_form(form(seed="1"), catalogue).model == "darkroom"


@pytest.fixture
def older() -> Catalogue:
    return Catalogue(default_model=BY_PARAMETERS)


@pytest.mark.rule("A.2/by-parameters")
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"response_format": "b64_json", "size": "512x512", "n": "2", "user": "u"},
        {"quality": "standard"},
        {"quality": "auto", "output_format": "png", "stream": "false"},
    ],
)
def test_by_the_older_rule_plain_requests_go_to_dall_e_2(
    older: Catalogue, form: MakeForm, fields: dict[str, str]
) -> None:
    assert older.default(form(**fields)).name == "dall-e-2"
    assert parse_form(form(**fields), older).model == "dall-e-2"


@pytest.mark.rule("A.2/by-parameters")
@pytest.mark.parametrize(
    "fields",
    [
        {"quality": "high"},
        {"background": "transparent"},
        {"output_format": "webp"},
        {"input_fidelity": "low"},
        {"stream": "true"},
        {"moderation": "low"},
        {"size": "auto"},
        {"size": "1536x1024"},
    ],
)
def test_by_the_older_rule_a_newer_parameter_brings_the_newer_model(
    older: Catalogue, form: MakeForm, fields: dict[str, str]
) -> None:
    assert older.default(form(**fields)).name == "gpt-image-1.5"
    assert parse_form(form(**fields), older).model == "gpt-image-1.5"


def test_by_the_older_rule_several_images_bring_the_newer_model(
    older: Catalogue, form: MakeForm, picture: Picture
) -> None:
    several: Form = form(picture("image[]"), picture("image[]"))
    assert older.default(several).name == "gpt-image-1.5"
    assert parse_form(several, older).model == "gpt-image-1.5"


def test_by_the_older_rule_a_null_parameter_says_nothing(older: Catalogue, form: MakeForm) -> None:
    assert parse_form(form(TextPart("background", "null")), older).model == "dall-e-2"


def test_a_view_has_its_models_alone_and_leaves_the_whole_as_it_is() -> None:
    whole = Catalogue()
    view = whole.only(frozenset({"gpt-image-2", "gpt-9"}))
    assert view.names() == ("gpt-image-2",)
    assert view.get("gpt-image-2").name == "gpt-image-2"
    with pytest.raises(Forbidden, match="does not have access to model `gpt-image-1`"):
        view.get("gpt-image-1")
    with pytest.raises(ModelNotFound):
        view.get("gpt-9")
    assert whole.get("gpt-image-1").name == "gpt-image-1"
    assert whole.only(None) is whole


@pytest.mark.parametrize("default", ["gpt-image-1.5", BY_PARAMETERS])
def test_a_default_model_that_may_not_be_had_is_refused_by_its_name(default: str) -> None:
    view = Catalogue(default_model=default).only(frozenset({"gpt-image-2"}))
    with pytest.raises(Forbidden):
        view.default()
