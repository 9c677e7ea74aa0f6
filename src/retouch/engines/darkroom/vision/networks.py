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
    # Only the classic engine reads TFLite files with more than one output, and only it stops at a layer inside.
    read = cv2.dnn.readNetFromTFLite if name.endswith(".tflite") else cv2.dnn.readNetFromONNX
    return read(str(FOLDER / name), engine=cv2.dnn.ENGINE_CLASSIC)


@cache
def parameters(name: str, layer: str) -> tuple[F32, F32]:
    """The weights and the biases of the convolution ``layer`` of the network ``name``: float32."""
    net = network(name)
    weights, biases = (np.asarray(net.getParam(layer, which), np.float32).copy() for which in (0, 1))
    return weights, biases


def run(name: str, pixels: F32, *outputs: str) -> list[F32]:
    """What the network gives at the layers ``outputs`` for ``pixels``, float32 (height, width, 3) already
    normalised as it expects. The arrays are float32 copies. What comes after those layers is not computed."""
    net = network(name)
    net.setInput(np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], dtype=np.float32))
    found = net.forward(list(outputs))
    return [np.array(values, dtype=np.float32) for values in found]
