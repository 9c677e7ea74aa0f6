"""The bundled networks are the ones that SOURCES.md names, and they run."""

from __future__ import annotations

import hashlib
import re

import numpy as np
import pytest

from retouch.engines.darkroom.vision.networks import FOLDER, network, run

ROWS = re.findall(r"^\| `(\S+)` \|.*\| `?([0-9a-f]{64})`? \|$", (FOLDER / "SOURCES.md").read_text(), re.MULTILINE)


def test_every_bundled_network_has_its_provenance_written_down() -> None:
    bundled = {path.name for path in FOLDER.iterdir() if path.suffix in {".onnx", ".tflite"}}
    assert bundled == {name for name, _ in ROWS}


@pytest.mark.parametrize(("name", "digest"), ROWS)
def test_a_network_is_the_file_that_was_vetted(name: str, digest: str) -> None:
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest


def test_the_licence_of_the_networks_lies_beside_them() -> None:
    text = (FOLDER / "LICENSE.txt").read_text()
    assert "Apache License" in text
    assert "Version 2.0" in text


def test_a_network_is_read_once_a_process() -> None:
    assert network("face_landmark.tflite") is network("face_landmark.tflite")


def test_running_a_network_gives_copies() -> None:
    pixels = np.zeros((192, 192, 3), np.float32)
    first = run("face_landmark.tflite", pixels, "conv2d_21", "conv2d_31")
    kept = first[0].copy()
    run("face_landmark.tflite", pixels + 1, "conv2d_21", "conv2d_31")
    assert np.array_equal(first[0], kept)
    assert [values.size for values in first] == [1404, 1]
