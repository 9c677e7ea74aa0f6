"""Generative models on the command line; the hub stands on the loopback address."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from retouch.cli import main, weights
from retouch.cli.options import read_settings, with_models
from retouch.engines.diffusers.hub import Hub
from retouch.engines.diffusers.presets import presets
from tests.fake_hub import KLEIN, FakeHub, fake_hub
from tests.miniatures.fixtures import needs_libraries

needs_library = pytest.mark.skipif(
    importlib.util.find_spec("huggingface_hub") is None, reason="needs retouch[diffusers]"
)


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    files = {"black-forest-labs__FLUX.2-klein-4B": KLEIN, "owner__klein": KLEIN}
    with fake_hub(**files) as served:
        yield served


@pytest.fixture
def environment(tmp_path: Path, hub: FakeHub) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    return {**plain, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hub"), "NO_PROXY": "127.0.0.1"}


def retouch(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "retouch.cli", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


@needs_library
def test_a_preset_is_fetched_with_its_licence_and_size_told_and_then_listed_as_here(
    environment: dict[str, str],
) -> None:
    pulled = retouch(environment, "models", "pull", "flux2-klein")
    assert pulled.returncode == 0, pulled.stderr
    assert "licence: Apache-2.0 (commercial use allowed)" in pulled.stdout
    assert "5.2 MB" in pulled.stdout
    listed = json.loads(retouch(environment, "models", "list", "--json").stdout)["presets"]
    assert [one["name"] for one in listed] == list(presets())
    assert [one["name"] for one in listed if one["pulled"]] == ["flux2-klein"]
    assert listed[0]["memory"]["bf16"] == 16
    assert listed[0]["commercial"] is True


@needs_library
def test_what_cannot_be_fetched_is_told_in_a_sentence(environment: dict[str, str], hub: FakeHub) -> None:
    hub.gated.add("owner/klein")
    for model, said in [
        ("owner/klein", "accept its terms at"),
        ("nowhere", "`retouch models list` has the presets"),
    ]:
        failed = retouch(environment, "models", "pull", model)
        assert failed.returncode == 1
        assert said in failed.stderr
        assert "Traceback" not in failed.stderr


def test_the_list_shows_licence_and_commercial_use_of_every_preset() -> None:
    output = CliRunner().invoke(main, ["models", "list"], env={"COLUMNS": "250"}).output
    for one in presets().values():
        (line,) = [line for line in output.splitlines() if f" {one.name} " in line]
        assert (one.licence or "not known") in line


def test_without_the_extra_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "LIBRARIES", ("torch_that_is_not_installed",))
    result = CliRunner().invoke(main, ["serve", "--model", "flux2-klein"])
    assert result.exit_code == 1
    assert result.output.strip().splitlines() == [f"Error: {weights.INSTALL}"]


@needs_library
def test_offline_a_model_that_is_not_here_is_an_error_that_names_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(weights, "LIBRARIES", ())
    result = CliRunner().invoke(main, ["serve", "--model", "owner/none", "--offline"])
    assert result.exit_code == 1
    assert "retouch models pull owner/none" in result.output


def test_a_model_serves_every_name_before_the_darkroom_and_its_own_alone(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    given = read_settings(None, {}).service
    service = read_settings(None, with_models({}, ["flux2-klein", str(folder)], given, last=False)).service
    assert {name: one.kind for name, one in service.engines.items()} == {
        "darkroom": "darkroom",
        "flux2-klein": "diffusers",
        "mine": "diffusers",
    }
    assert service.engines["mine"].options == {"model": str(folder)}
    assert service.chain_of("gpt-image-1") == ("flux2-klein", "darkroom")
    assert service.chain_of("mine") == ("mine",)
    assert service.chain_of("darkroom") == ("darkroom",)
    service = read_settings(None, with_models({}, ["flux2-klein"], given, last=True)).service
    assert service.chain_of("gpt-image-1") == ("darkroom", "flux2-klein")


def test_an_engine_of_the_settings_can_be_named_as_the_model(tmp_path: Path) -> None:
    file = tmp_path / "retouch.toml"
    file.write_text(
        '[service]\nchain = ["darkroom"]\n[service.engines.darkroom]\nkind = "darkroom"\n'
        '[service.engines.klein]\nkind = "diffusers"\noptions = { model = "flux2-klein", device = "cpu" }\n'
    )
    given = read_settings(file, {}).service
    service = read_settings(file, with_models({}, ["klein"], given, last=False)).service
    assert service.engines["klein"].options == {"model": "flux2-klein", "device": "cpu"}
    assert service.chain == ["klein", "darkroom"]


def test_two_models_of_one_name_are_refused(tmp_path: Path) -> None:
    folders = [tmp_path / place / "klein" for place in "ab"]
    for folder in folders:
        folder.mkdir(parents=True)
    given = read_settings(None, {}).service
    with pytest.raises(click.UsageError, match="two models would be called 'klein'"):
        with_models({}, [str(folder) for folder in folders], given, last=False)


@needs_library
def test_a_model_that_edits_no_picture_and_wrong_options_are_told_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text('{"_class_name": "TextToVideoSDPipeline"}')
    result = CliRunner().invoke(main, ["serve", "--model", str(tmp_path)])
    assert result.exit_code == 1
    assert result.output.splitlines() == ["Error: TextToVideoSDPipeline does not paint single pictures."]
    file = tmp_path / "retouch.toml"
    engine = '[service.engines.mine]\nkind = "diffusers"\noptions = { stepz = 3, steps = -1 }\n'
    file.write_text(f'[service]\nchain = ["mine"]\n{engine}')
    result = CliRunner().invoke(main, ["serve", "--config", str(file)])
    assert result.exit_code == 2
    assert "options of the engine 'mine' are not right: steps: Input should be" in result.output
    assert "; stepz: Extra inputs are not permitted" in result.output


@needs_library
def test_a_licence_that_forbids_commercial_use_is_told_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model_index.json").write_text('{"_class_name": "FluxKontextPipeline"}')
    monkeypatch.setattr(weights, "LIBRARIES", ())
    monkeypatch.setattr(weights, "locate", lambda model, revision=None: tmp_path)

    def told(model: str) -> Any:
        settings = read_settings(None, with_models({}, [model], read_settings(None, {}).service, last=False))
        weights.prepare(settings, offline=True)
        return capsys.readouterr().out

    assert "FLUX Non-Commercial) forbids commercial use" in told("flux1-kontext")
    assert "FLUX Non-Commercial) forbids commercial use" in told("black-forest-labs/FLUX.1-Kontext-dev")
    assert "owner/name may be used commercially is not known to us" in told("owner/name")
    assert told("flux2-klein") == told("black-forest-labs/FLUX.2-klein-4B") == told(str(tmp_path)) == ""


@needs_library
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_pull_that_is_ended_goes_on_where_it_was(
    environment: dict[str, str], hub: FakeHub, end: signal.Signals
) -> None:
    name = "transformer/diffusion_pytorch_model.safetensors"
    content = bytes(24 << 20)
    hub.repositories["owner/klein"] = {**KLEIN, name: content}
    hub.breaks = [12 << 20, *[1] * 50]  # it would not come to an end by itself
    command = [sys.executable, "-m", "retouch.cli", "models", "pull", "owner/klein"]
    with subprocess.Popen(
        command,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests in the background may have had it ignored, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as pulling:
        awaited(lambda: len([path for path, _ in hub.sent if path == name]) == 2)
        pulling.send_signal(end)
        _, stderr = pulling.communicate(timeout=30)
    assert "Traceback" not in stderr
    hub.breaks.clear()
    hub.sent.clear()
    again = retouch(environment, "models", "pull", "owner/klein")
    assert again.returncode == 0, again.stderr
    assert " are here, into " in again.stdout
    assert dict(hub.sent)[name] >= 10 << 20
    (file,) = Path(environment["HF_HOME"]).glob(f"hub/models--owner--klein/snapshots/*/{name}")
    assert file.read_bytes() == content


@pytest.fixture
def near(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """The hub, as this process, too, has it."""
    library = pytest.importorskip("huggingface_hub")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr(weights, "Hub", lambda: Hub(hub.url, tmp_path))
    yield hub
    library.close_session()


def test_into_a_log_a_pull_writes_a_line_at_every_tenth(near: FakeHub) -> None:
    near.tags = ["license:mit"]
    told = CliRunner().invoke(main, ["models", "pull", "owner/klein"]).output
    assert "  licence: mit, as its page on the hub says\n" in told
    assert "  5.2 MB of 5.2 MB\n" in told
    assert "━" not in told


@needs_libraries
def test_a_model_that_no_edit_can_be_made_with_is_told_before_it_is_fetched(
    near: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "LIBRARIES", ())
    near.repositories["owner/klein"] = {**KLEIN, "model_index.json": b'{"_class_name": "AudioLDM2Pipeline"}'}
    refused = CliRunner().invoke(main, ["serve", "--model", "owner/klein"])
    assert refused.exit_code == 1
    assert "Error: owner/klein cannot be used: AudioLDM2Pipeline " in refused.output
    assert not any(path.endswith(".safetensors") for path, _ in near.sent)


@needs_library
@pytest.mark.parametrize("model", ["./nowhere", "~/nowhere", "klein-nine"])
def test_a_folder_that_is_not_there_is_not_looked_for_on_the_hub(
    monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.setattr(weights, "LIBRARIES", ())
    monkeypatch.setattr(weights, "pull", lambda *_: pytest.fail("it was looked for"))
    result = CliRunner().invoke(main, ["serve", "--model", model])
    assert result.exit_code == 1
    assert "there is no such folder" in result.output


def awaited(ready: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < until
        time.sleep(0.02)
