"""A miniature on disk: the same every time, wherever the folder is, built once however many ask for it."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.miniatures.fixtures import Miniature, shared
from tests.miniatures.names import NAMES

pytestmark = pytest.mark.usefixtures("torch")
SMALLEST, MODULAR_NAME = "flux_kontext", "flux3_klein"


def weights(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*.safetensors"))}


def test_the_same_name_gives_the_same_weights_and_leaves_the_callers_random_numbers_alone(
    tmp_path: Path, torch: Any, miniature: Miniature
) -> None:
    from tests.miniatures.building import build

    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    again = weights(build(SMALLEST, tmp_path / "again"))
    assert torch.equal(torch.rand(3), expected)
    assert again
    assert again == weights(miniature(SMALLEST))


def test_every_miniature_has_its_name() -> None:
    from tests.miniatures.families import FAMILIES

    assert tuple(FAMILIES) == NAMES


def test_an_unknown_name_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    from tests.miniatures.building import build

    with pytest.raises(KeyError):
        build("flux9", tmp_path / "built")
    assert not (tmp_path / "built").exists()


@pytest.mark.parametrize("name", [SMALLEST, MODULAR_NAME])
def test_no_file_names_the_folder_it_was_written_to(name: str, miniature: Miniature) -> None:
    folder = miniature(name)
    for file in folder.rglob("*.json"):
        for part in (str(folder.parent), f"{name}.part"):
            assert part not in file.read_text()


def test_the_modular_one_is_read_with_the_schedule_it_was_saved_with(miniature: Miniature) -> None:
    from tests.miniatures.building import MODULAR, reload

    folder = miniature(MODULAR_NAME)
    assert (folder / MODULAR).exists()
    assert reload(folder).scheduler.config.shift == 3.0


def test_whoever_asks_while_a_miniature_is_built_waits_for_it(tmp_path: Path) -> None:
    builds: list[str] = []
    found: list[bool] = []

    def slow(name: str, folder: Path) -> Path:
        builds.append(name)
        folder.mkdir()
        time.sleep(0.2)
        (folder / "whole").touch()
        return folder

    def ask() -> None:
        found.append((shared("a", tmp_path / "shared", slow) / "whole").exists())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert builds == ["a"]
    assert found == [True] * 4


def test_a_build_that_was_broken_off_is_begun_anew(tmp_path: Path) -> None:
    def broken(name: str, folder: Path) -> Path:
        (folder / "half").mkdir(parents=True)
        raise OSError(name)

    def good(name: str, folder: Path) -> Path:
        folder.mkdir()
        return folder

    with pytest.raises(OSError, match="a"):
        shared("a", tmp_path / "shared", broken)
    assert shared("a", tmp_path / "shared", good).is_dir()
    assert not (tmp_path / "shared" / "a" / "half").exists()
