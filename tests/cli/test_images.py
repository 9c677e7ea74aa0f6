from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from retouch.cli import main
from retouch.server.running import BackgroundServer

PHOTO = Path(__file__).parent.parent / "data" / "photos" / "cat.jpg"


def opened(path: Path) -> Image.Image:
    return Image.open(io.BytesIO(path.read_bytes()))


@pytest.fixture
def edit(echo_server: BackgroundServer) -> Callable[..., Result]:
    """``edit("--prompt", "x")`` calls the command against the echo server."""

    def call(*arguments: str) -> Result:
        where = ["--base-url", f"{echo_server.url}/v1", "--image", str(PHOTO)]
        return CliRunner().invoke(main, ["images", "edit", *where, *arguments])

    return call


def test_the_answer_is_printed_as_it_came(edit: Callable[..., Result]) -> None:
    result = edit("--prompt", "x", "--size", "1024x1024", "--quality", "low", "--model", "gpt-image-2")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert (answer["size"], answer["quality"]) == ("1024x1024", "low")
    assert result.stdout.startswith('{\n  "created": ')


def test_pictures_are_saved_and_their_paths_printed(edit: Callable[..., Result], tmp_path: Path) -> None:
    out = tmp_path / "new" / "out.webp"
    result = edit("--prompt", "x", "--output-format", "webp", "--output", str(out))
    assert result.stdout == f"{out}\n"
    assert opened(out).format == "WEBP"


def test_several_pictures_get_numbers(edit: Callable[..., Result], tmp_path: Path) -> None:
    result = edit("--prompt", "x", "--n", "2", "--output", str(tmp_path))
    assert result.stdout.split() == [str(tmp_path / "edited-0.png"), str(tmp_path / "edited-1.png")]


def test_events_are_printed_one_a_line(edit: Callable[..., Result]) -> None:
    result = edit("--prompt", "x", "--stream=true", "--partial-images", "2")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [event["type"].split(".")[1] for event in events] == ["partial_image", "partial_image", "completed"]


def test_max_items_prints_no_more_events(edit: Callable[..., Result]) -> None:
    result = edit("--prompt", "x", "--stream", "true", "--partial-images", "2", "--max-items", "1")
    assert len(result.stdout.splitlines()) == 1


def test_previews_are_saved_too(edit: Callable[..., Result], tmp_path: Path) -> None:
    out = tmp_path / "a.png"
    edit("--prompt", "x", "--stream", "true", "--partial-images", "1", "--output", str(out))
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "a-partial-0.png"}


def test_a_link_is_followed_when_the_picture_is_to_be_saved(
    echo_server: BackgroundServer, tmp_path: Path, picture_file: Callable[..., bytes]
) -> None:
    source = tmp_path / "square.png"
    source.write_bytes(picture_file(Image.new("RGBA", (64, 64), (9, 9, 9, 0))))
    out = tmp_path / "out.png"
    arguments = ["--base-url", f"{echo_server.url}/v1", "--image", str(source), "--prompt", "x"]
    result = CliRunner().invoke(main, ["images", "edit", *arguments, "--model", "dall-e-2", "--output", str(out)])
    assert result.exit_code == 0, result.output
    assert opened(out).size == (1024, 1024)


def test_a_refusal_goes_to_standard_error_and_fails(edit: Callable[..., Result]) -> None:
    result = edit("--prompt", "x", "--quality", "ultra")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "Supported values are: 'low', 'medium', 'high', and 'auto'." in result.stderr


def test_a_server_that_is_not_there_is_told_in_a_sentence() -> None:
    arguments = ["--base-url", "http://127.0.0.1:9/v1", "--image", str(PHOTO), "--prompt", "x"]
    result = CliRunner().invoke(main, ["images", "edit", *arguments])
    assert result.exit_code == 1
    assert 'POST "http://127.0.0.1:9/v1/images/edits"' in result.stderr


def test_without_a_server_it_edits_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    # Settings of the server that is not asked: nobody needs a key or a Redis for their own machine.
    monkeypatch.setenv("RETOUCH_SERVER__API_KEYS", '["sk-1"]')
    monkeypatch.setenv("RETOUCH_SERVER__KEYS_FILE", str(tmp_path / "none.json"))
    monkeypatch.setenv("RETOUCH_SERVER__REQUESTS_PER_MINUTE", "1")
    monkeypatch.setenv("RETOUCH_SERVER__LIMITS_STORAGE", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("RETOUCH_SERVER__LIMITS_UNAVAILABLE", "closed")
    out = tmp_path / "out.png"
    arguments = ["--image", str(PHOTO), "--prompt", "as it is", "--engine", "echo", "--output", str(out)]
    result = CliRunner().invoke(main, ["images", "edit", *arguments])
    assert result.exit_code == 0, result.output
    assert opened(out).size == (1536, 1024)


@pytest.mark.parametrize(("name", "format"), [("a.jpg", "JPEG"), ("a.webp", "WEBP"), ("a.png", "PNG")])
def test_the_suffix_names_the_format(edit: Callable[..., Result], tmp_path: Path, name: str, format: str) -> None:
    assert edit("--prompt", "x", "--output", str(tmp_path / name)).exit_code == 0
    assert opened(tmp_path / name).format == format


@pytest.mark.parametrize(
    "flags",
    [
        ["--output", "a.png", "--output-format", "jpeg"],
        ["--output", "/proc/nowhere/a.png"],
        ["--output", "a.png", "--max-items", "1"],
        ["--engine", "echo"],
    ],
    ids=" ".join,
)
def test_flags_that_contradict_each_other_are_refused_before_anything_is_sent(
    edit: Callable[..., Result], flags: list[str]
) -> None:
    assert edit("--prompt", "x", *flags).exit_code == 2


def test_an_engine_that_does_not_exist_is_told_in_a_sentence() -> None:
    result = CliRunner().invoke(main, ["images", "edit", "--image", str(PHOTO), "--prompt", "x", "--engine", "no"])
    assert result.exit_code == 2
    assert "there is no engine 'no'" in result.output
