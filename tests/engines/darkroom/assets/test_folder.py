from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retouch.engines.darkroom import assets
from retouch.engines.darkroom.assets import folder


@pytest.fixture(autouse=True)
def _no_folder_afterwards() -> Iterator[None]:
    yield
    assets.use_folder(None)


def _cut_out(path: Path, size: tuple[int, int] = (40, 30)) -> None:
    pixels = np.zeros((size[1], size[0], 4), np.uint8)
    pixels[5:-5, 8:-8] = (200, 30, 30, 255)
    Image.fromarray(pixels).save(path)


def test_a_file_is_called_what_its_name_says(tmp_path: Path) -> None:
    _cut_out(tmp_path / "Red-Bus.png")
    assets.use_folder(tmp_path)
    assert assets.find("the red bus") == "own/red bus"
    assert assets.find("red buses") == "own/red bus"
    assert assets.phrases()["red bus"] == "own/red bus"
    assert assets.thing("own/red bus").own


def test_ones_own_comes_before_the_drawing_of_that_name(tmp_path: Path) -> None:
    _cut_out(tmp_path / "car.png")
    assets.use_folder(tmp_path)
    assert assets.find("car") == "own/car"


def test_a_cut_out_is_trimmed_to_what_is_visible(tmp_path: Path) -> None:
    _cut_out(tmp_path / "corgi.png")
    assets.use_folder(tmp_path)
    pixels = folder.read("own/corgi")
    assert pixels is not None
    assert pixels.shape == (20, 24, 4)


def test_a_huge_cut_out_is_kept_small(tmp_path: Path) -> None:
    _cut_out(tmp_path / "wall.png", (4000, 900))
    assets.use_folder(tmp_path)
    pixels = folder.read("own/wall")
    assert pixels is not None
    assert max(pixels.shape) == folder.KEPT_SIDE


def test_bad_files_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "link.png").symlink_to(tmp_path / "missing.png")
    Image.new("RGB", (20, 20)).save(tmp_path / "opaque.png")
    Image.new("RGBA", (4, 4)).save(tmp_path / "tiny.png")
    Image.new("RGBA", (9000, 10)).save(tmp_path / "long.png")
    Image.new("RGBA", (20, 20)).save(tmp_path / "photo.webp")
    _cut_out(tmp_path / "good.png")
    assets.use_folder(tmp_path)
    assert folder.names() == ("own/good",)
    assert sum("is left out" in message for message in caplog.messages) == len(caplog.messages) == 7


def test_a_file_that_goes_away_or_shows_nothing_is_no_crash(tmp_path: Path) -> None:
    _cut_out(tmp_path / "gone.png")
    Image.new("RGBA", (20, 20)).save(tmp_path / "empty.png")
    assets.use_folder(tmp_path)
    (tmp_path / "gone.png").unlink()
    assert folder.read("own/gone") is None
    assert folder.read("own/empty") is None


def test_a_missing_folder_offers_nothing(tmp_path: Path) -> None:
    assets.use_folder(tmp_path / "missing")
    assert folder.names() == ()
