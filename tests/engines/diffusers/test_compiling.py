"""Compiled blocks, and what becomes of them where nothing can be compiled. Nothing is compiled here: it takes a
minute and a half."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from retouch.engines.diffusers import compiling

pytestmark = pytest.mark.usefixtures("torch")


class Denoiser:
    _repeated_blocks: tuple[str, ...] = ("Block",)

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def compile_repeated_blocks(self, **how: Any) -> None:
        self.asked.append(how)


def test_the_repeated_blocks_are_compiled_for_pictures_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "_obstacle", lambda device: None)
    denoiser = Denoiser()
    assert compiling.compile_blocks(denoiser, "cpu")
    assert denoiser.asked == [{"dynamic": True}]


def test_without_a_compiler_the_blocks_stay_as_they_are_and_the_log_says_why(
    torch: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("No working C++ compiler found")

    monkeypatch.setattr(torch, "compile", broken)
    denoiser = Denoiser()
    assert not compiling.compile_blocks(denoiser, "cpu")
    assert not denoiser.asked
    assert _reasons(caplog) == ["No working C++ compiler found"]


def test_a_class_that_names_no_blocks_is_not_compiled(caplog: pytest.LogCaptureFixture) -> None:
    assert not compiling.compile_blocks(SimpleNamespace(_repeated_blocks=None), "cpu")
    assert _reasons(caplog) == ["its class names no blocks"]


def _reasons(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [vars(record)["fields"]["reason"] for record in caplog.records if record.msg == "not_compiled"]
