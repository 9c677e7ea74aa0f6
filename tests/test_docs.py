"""The docs tell the truth about what is there."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from click import Command, Group
from click.testing import CliRunner

from retouch import __version__
from retouch.cli import main
from retouch.engines.darkroom.understanding.vocabulary import vocabulary
from retouch.engines.diffusers.options import Options
from retouch.server.gauges import Gauges
from retouch.server.metrics import Metrics
from retouch.service.journal import STAGES
from retouch.settings import Settings

ROOT = Path(__file__).parent.parent


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_settings_page_is_what_the_settings_say() -> None:
    assert (ROOT / "docs" / "settings.md").read_text() == script("document_settings").render()


def test_the_tables_of_the_page_on_generative_models_are_what_presets_and_options_say() -> None:
    page = (ROOT / "docs" / "diffusers.md").read_text()
    assert page == script("document_diffusers").render(page)


def test_every_option_of_the_generative_engine_says_what_it_is() -> None:
    for name, field in Options.model_fields.items():
        assert field.description, name


def test_every_setting_says_what_it_is() -> None:
    for field in Settings.model_fields.values():
        for name, one in field.annotation.model_fields.items():  # type: ignore[union-attr]
            assert one.description, name


def test_the_settings_in_the_readme_exist() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    Settings.model_validate(tomllib.loads(example))


def test_the_gallery_shows_every_operation_of_the_darkroom() -> None:
    page = (ROOT / "docs" / "gallery" / "README.md").read_text()
    shown = set(re.findall(r"!\[before and after\]\((\w+)\.jpg\)", page))
    assert shown == set(vocabulary().operations)
    assert {file.stem for file in (ROOT / "docs" / "gallery").glob("*.jpg")} == shown


def test_the_flags_in_the_readme_exist() -> None:
    commands = re.findall(r"^retouch ([a-z ]+?)  +.*$", (ROOT / "README.md").read_text(), re.M)
    assert commands == ["serve", "images edit", "models list", "models pull", "keys", "doctor"]
    for words in commands:
        assert CliRunner().invoke(main, [*words.split(), "--help"]).exit_code == 0
    (line,) = re.findall(r"^retouch serve  .*$", (ROOT / "README.md").read_text(), re.M)
    serve = main.get_command(main.make_context("retouch", [], resilient_parsing=True), "serve")
    assert isinstance(serve, Command)
    assert not isinstance(serve, Group)
    known = {flag for option in serve.params for flag in option.opts}
    assert set(re.findall(r"--[a-z-]+", line)) <= known


def test_every_figure_is_on_the_page_for_operators_and_nothing_else() -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    told = set(re.findall(r"`(retouch_\w+)`", page)) - {"retouch_ready == 0"}
    metrics = Metrics()
    metrics.registry.register(Gauges(cast(Any, None), cast(Any, None), cast(Any, None)))
    served = set()
    for family in metrics.registry.collect():
        suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
        served.add(f"{family.name}{suffix}")
    assert told == {name for name in served if name.startswith("retouch_")}


def test_the_stages_are_on_the_page_for_operators() -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    (told,) = re.findall(r"^The stages: (.*?)\n\n", page, re.M | re.S)
    assert re.findall(r"`(\w+)`", told) == list(STAGES)


def test_every_link_inside_the_docs_leads_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_changelog_has_the_version() -> None:
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == __version__
