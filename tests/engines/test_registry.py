from __future__ import annotations

import subprocess
import sys

import pytest

from retouch.engines.base import AsyncEngine, Engine
from retouch.engines.registry import build, device, names


def test_the_echo_comes_in_three_places() -> None:
    assert build("echo").capabilities.place == "worker"
    assert build("echo-device").capabilities.place == "device"
    assert build("echo-loop").capabilities.place == "loop"
    assert isinstance(build("echo"), Engine)
    assert isinstance(build("echo-loop"), AsyncEngine)


def test_the_darkroom_is_an_engine_with_examples() -> None:
    engine = build("darkroom")
    assert isinstance(engine, Engine)
    assert "Add sunglasses to the person" in engine.capabilities.abilities
    assert engine.capabilities.extras == {"seed", "complexity", "markup"}


def test_options_reach_the_engine() -> None:
    assert build("echo", {"place": "device", "varies": False}).capabilities.place == "device"


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no engine 'magic'; known engines: darkroom, .*echo"):
        build("magic", {})


@pytest.mark.parametrize(
    ("options", "name"),
    [({}, "auto"), ({"device": "cuda"}, "cuda:0"), ({"device": "cuda:1"}, "cuda:1"), ({"device": "cpu"}, "cpu")],
)
def test_a_device_has_one_name_however_it_is_written(options: dict[str, str], name: str) -> None:
    assert device("echo-device", options) == name


def test_an_option_that_the_engine_does_not_take_is_refused() -> None:
    with pytest.raises(ValueError, match="'darkroom' cannot be built"):
        build("darkroom", {"speed": 11})


def test_listing_engines_imports_none() -> None:
    code = (
        "import sys; from retouch.engines.registry import names; names();"
        "print([m for m in sys.modules if m.startswith(('retouch.engines.d', 'retouch.engines.echo'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert set(names()) == {"darkroom", "diffusers", "echo", "echo-device", "echo-loop"}
