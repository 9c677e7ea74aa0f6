from __future__ import annotations

import os

import numpy as np
import pytest

from retouch.service.arrays import load, store


def test_arrays_come_back_with_their_shape_and_type() -> None:
    given = {
        "rgb": np.random.default_rng(1).integers(0, 256, (37, 53, 3), np.uint8),
        "weight": np.linspace(0, 1, 37 * 53, dtype=np.float32).reshape(37, 53),
        "box": np.array([1, 2, 3, 4], np.int64),
        "alpha": None,
    }
    fd = store(given)
    found = load(fd)
    os.close(fd)  # the mapping outlives the descriptor
    assert set(found) == {"rgb", "weight", "box"}
    for name, value in found.items():
        np.testing.assert_array_equal(value, given[name])
        assert value.dtype == given[name].dtype  # type: ignore[union-attr]


def test_what_is_loaded_cannot_be_written_to() -> None:
    fd = store({"a": np.zeros(4, np.uint8)})
    with pytest.raises(ValueError, match="read-only"):
        load(fd)["a"][0] = 1
    os.close(fd)


def test_what_has_several_names_is_stored_once() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (300, 200, 3), np.uint8)
    fd = store({"base": picture, "source": picture, "part": picture[:100]})
    found = load(fd)
    assert os.fstat(fd).st_size < 1.5 * picture.nbytes
    os.close(fd)
    np.testing.assert_array_equal(found["base"], picture)
    np.testing.assert_array_equal(found["source"], picture)
    np.testing.assert_array_equal(found["part"], picture[:100])
