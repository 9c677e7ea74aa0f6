"""The bundled networks, run by OpenCV's own DNN module.

The files lie in ``models/``, their provenance in ``models/SOURCES.md``. A network is read when it is first
asked for and kept for the life of the process. `cv2.dnn.Net` is not thread-safe and nothing here locks: a
worker is a process that does one edit at a time in one thread.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np

from retouch.imaging.raster import F32

FOLDER = Path(__file__).parent / "models"


@cache
def network(name: str) -> cv2.dnn.Net:
    """The network in the file ``name`` of `FOLDER`."""
    path = str(FOLDER / name)
    if name.endswith(".tflite"):
        # The new graph engine of OpenCV 5 refuses TFLite files with more than one output.
        return cv2.dnn.readNetFromTFLite(path, engine=cv2.dnn.ENGINE_CLASSIC)
    return cv2.dnn.readNetFromONNX(path)


def run(name: str, pixels: F32, *outputs: str) -> list[F32]:
    """What the network gives at the layers ``outputs`` for ``pixels``, float32 (height, width, 3) already
    normalised as it expects. The arrays are float32 copies."""
    net = network(name)
    net.setInput(np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], dtype=np.float32))
    # A list of names must name every output in the new engine; a single name may be any of them.
    found = [net.forward(outputs[0])] if len(outputs) == 1 else net.forward(list(outputs))
    return [np.array(values, dtype=np.float32) for values in found]
