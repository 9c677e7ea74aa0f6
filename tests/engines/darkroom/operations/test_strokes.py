from __future__ import annotations

import numpy as np
import pytest

from retouch.engines.darkroom.operations import strokes


@pytest.mark.parametrize("cover", [0.1, 0.35, 0.8])
def test_ruled_lines_hide_the_share_of_paper_that_is_asked_for(cover: float) -> None:
    still = np.zeros((240, 240), np.float32)
    ruled = strokes.ruled(np.full((240, 240), cover, np.float32), 30, 9.0, still)
    assert abs((1 - ruled.mean()) - cover) < 0.02


def test_hatching_runs_at_its_angle() -> None:
    level = strokes.hatching((200, 300), 0, 30, np.random.default_rng(0))
    assert level.shape == (200, 300)
    assert np.abs(np.diff(level, axis=1)).mean() * 4 < np.abs(np.diff(level, axis=0)).mean()


def test_specks_are_dropped_and_lines_are_kept() -> None:
    paper = np.ones((60, 60), np.float32)
    paper[30, 5:55] = 0
    paper[10:12, 10:12] = 0
    kept = strokes.drop_specks(paper, 20)
    assert kept[10:12, 10:12].min() > 0.8
    assert kept[30, 10:50].max() == 0
