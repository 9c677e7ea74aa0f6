from __future__ import annotations

import numpy as np
import pytest

from retouch.engines.darkroom.operations import brush
from retouch.imaging.raster import F32


def edge(width: int = 80) -> F32:
    image = np.full((60, width, 3), 0.2, np.float32)
    image[:, width // 2 :] = 0.8
    return image


def noisy(image: F32) -> F32:
    return image + np.random.default_rng(0).normal(0, 0.04, image.shape).astype(np.float32)


def test_the_flow_runs_along_an_edge() -> None:
    flow = brush.find_flow(edge(), 2.0)
    assert abs(flow.y[30, 40]) > 0.99
    assert flow.order[30, 40] > 0.95


def test_the_flow_of_a_plain_area_comes_from_afar() -> None:
    picture = noisy(edge(160))
    near, far = (brush.find_flow(picture, 1.5, far=reach) for reach in (0.0, 40.0))
    assert np.abs(far.y[20:40, 10:40]).mean() > np.abs(near.y[20:40, 10:40]).mean() + 0.1


def test_kuwahara_calms_areas_and_keeps_edges() -> None:
    picture = noisy(edge())
    painted = brush.kuwahara(picture, brush.find_flow(picture, 2.0), 5)
    assert painted[:, :30].std() < 0.35 * picture[:, :30].std()
    assert painted[30, 44, 0] - painted[30, 35, 0] > 0.5


def test_smearing_follows_the_flow_and_not_across() -> None:
    picture = edge()
    picture[::2] += 0.1
    smeared = brush.smear(picture, brush.find_flow(picture, 3.0), 6)
    assert smeared[20:40, 38:42].std(axis=0).mean() < picture[20:40, 38:42].std(axis=0).mean()
    upright = brush.Flow(
        np.zeros((60, 80), np.float32), np.ones((60, 80), np.float32), np.ones((60, 80), np.float32)
    )
    np.testing.assert_allclose(brush.smear(edge(), upright, 6), edge(), atol=1e-5)


def test_a_soft_edge_gets_crisp() -> None:
    ramp = np.clip((np.arange(80, dtype=np.float32) - 36) / 8, 0, 1)
    image: F32 = np.repeat(np.repeat(ramp[None, :, None], 40, axis=0), 3, axis=2).astype(np.float32)
    sharp = brush.sharpen_edges(image, 3)
    assert np.abs(np.diff(sharp[20, :, 0])).max() > 1.5 * np.abs(np.diff(ramp)).max()
    assert sharp.min() >= -1e-5
    assert sharp.max() <= 1 + 1e-5


@pytest.mark.parametrize("sigma", [0.8, 3.0, 12.0])
def test_noise_is_centred_and_of_the_wished_size(sigma: float) -> None:
    field = brush.noise((150, 210), sigma, np.random.default_rng(1))
    assert field.shape == (150, 210)
    assert abs(float(field.mean())) < 0.15
    assert float(field.std()) == pytest.approx(1, abs=0.2)


def test_clouds_stay_within_half() -> None:
    field = brush.clouds((120, 90), 4, 5, np.random.default_rng(1))
    assert field.shape == (120, 90)
    assert float(np.abs(field).max()) < 0.6
