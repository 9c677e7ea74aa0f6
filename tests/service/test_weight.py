from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from retouch.service.weight import Weight, weigh


class Files:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.opened: list[io.FileIO] = []

    def add(self, data: bytes) -> None:
        path = self._directory / str(len(self.opened))
        path.write_bytes(data)
        self.opened.append(io.FileIO(path, "r+"))

    def weigh(self, max_pixels: int = 10_000) -> Weight:
        found = weigh(self.opened, max_pixels=max_pixels)
        for file in self.opened:
            file.seek(0)  # it is still open
            file.close()
        return found


def test_pictures_weigh_their_bytes_and_pixels(tmp_path: Path, picture_file: Callable[..., bytes]) -> None:
    files = Files(tmp_path)
    pictures = [picture_file(Image.new("RGB", (30, 20))), picture_file(Image.new("L", (10, 10)), "JPEG")]
    for picture in pictures:
        files.add(picture)
    assert files.weigh() == Weight(sum(map(len, pictures)), 700)


def test_what_a_worker_refuses_unread_weighs_no_pixels(tmp_path: Path, picture_file: Callable[..., bytes]) -> None:
    files = Files(tmp_path)
    files.add(b"no picture")
    files.add(picture_file(Image.new("RGB", (30, 20)))[:40])
    files.add(picture_file(Image.new("RGB", (30, 20))))
    assert files.weigh(max_pixels=599).pixels == 0
