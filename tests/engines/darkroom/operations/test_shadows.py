from __future__ import annotations

import numpy as np

from retouch.engines.darkroom.operations.shadows import ground_shadow


def block() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    alpha = np.zeros((200, 200), np.float32)
    alpha[60:160, 80:120] = 1
    return alpha


def test_it_is_darkest_where_the_thing_touches() -> None:
    shade = ground_shadow(block(), (200, 200))
    assert shade[161, 100] > 0.4
    assert shade[161, 100] > shade[175, 100] > shade[195, 100]
    assert shade[20, 20] < 0.01


def test_a_cast_shadow_falls_to_its_side() -> None:
    right = ground_shadow(block(), (200, 200), side=1)
    assert right[150, 135] > right[150, 65] + 0.05


def test_nothing_casts_none() -> None:
    assert not ground_shadow(np.zeros((50, 50), np.float32), (30, 20)).any()
