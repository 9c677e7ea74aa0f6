"""Clones, steps and estimates, over the library's schedulers and no model at all."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

pytestmark = [
    pytest.mark.usefixtures("torch"),
    # Of the library's own, about how it makes arrays of tensors.
    pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning"),
]


class Pipeline:
    """The least that a pipeline is."""

    def __init__(self, scheduler: Any) -> None:
        self.scheduler = scheduler

    def set_progress_bar_config(self, **_: Any) -> None: ...


def run(pipeline: Any, steps: int, predict: Any, begin: int = 0) -> Any:
    """Denoise from noise as pipelines do; ``predict(sample, timestep)`` is the model."""
    import torch

    scheduler = pipeline.scheduler
    scheduler.set_timesteps(steps)
    if begin and hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(begin)
    latents = torch.randn(1, 4, 2, 3, generator=torch.Generator().manual_seed(0)) * float(
        getattr(scheduler, "init_noise_sigma", 1.0)
    )
    for timestep in scheduler.timesteps[begin:]:
        latents = scheduler.step(predict(latents, timestep), timestep, latents, return_dict=False)[0]
    return latents


def scheduler_of(name: str, **options: Any) -> Any:
    import diffusers

    return getattr(diffusers, name)(**options)


def watched(scheduler: Any) -> tuple[Any, list[Any], list[Any]]:
    from retouch.engines.diffusers.stepping import clone, watch

    pipeline = clone(Pipeline(scheduler))
    steps: list[Any] = []
    estimates: list[Any] = []

    def on_step(step: Any) -> None:
        steps.append(step)
        estimates.append(step.estimate())

    watch(pipeline, on_step)
    return pipeline, steps, estimates


@pytest.mark.parametrize(
    ("name", "steps", "calls"),
    [
        ("DDIMScheduler", 5, 5),
        ("PNDMScheduler", 5, 6),
        ("HeunDiscreteScheduler", 5, 9),
        ("FlowMatchEulerDiscreteScheduler", 5, 5),
        ("DPMSolverMultistepScheduler", 5, 5),
    ],
)
def test_steps_are_counted_as_they_are_made(torch: Any, name: str, steps: int, calls: int) -> None:
    options = {"skip_prk_steps": True} if name == "PNDMScheduler" else {}
    pipeline, seen, _ = watched(scheduler_of(name, **options))
    last = run(pipeline, steps, lambda sample, _: torch.zeros_like(sample))
    assert [step.number for step in seen] == list(range(1, calls + 1))
    assert {step.total for step in seen} == {calls}
    assert seen[-1].last
    assert torch.equal(seen[-1].estimate(), last)


@pytest.mark.parametrize("name", ["DDIMScheduler", "FlowMatchEulerDiscreteScheduler"])
def test_steps_left_out_at_the_start_are_not_counted(torch: Any, name: str) -> None:
    pipeline, seen, _ = watched(scheduler_of(name))
    run(pipeline, 10, lambda sample, _: torch.zeros_like(sample), begin=4)
    assert {step.total for step in seen} == {6}


def test_a_perfect_model_of_a_flow_is_understood_at_the_first_step(torch: Any) -> None:
    goal = torch.full((1, 4, 2, 3), 0.25)
    pipeline, _, estimates = watched(scheduler_of("FlowMatchEulerDiscreteScheduler"))
    noise: list[Any] = []

    def predict(sample: Any, _: Any) -> Any:
        noise.append(sample) if not noise else None
        return noise[0] - goal

    last = run(pipeline, 4, predict)
    for estimate in (*estimates, last):
        assert torch.allclose(estimate, goal, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("DDIMScheduler", {"clip_sample": False}),
        ("PNDMScheduler", {"skip_prk_steps": True}),
        ("DPMSolverMultistepScheduler", {}),
        ("UniPCMultistepScheduler", {}),
        ("DPMSolverMultistepScheduler", {"prediction_type": "v_prediction"}),
        ("PNDMScheduler", {"skip_prk_steps": True, "prediction_type": "v_prediction"}),
    ],
)
def test_a_perfect_model_of_noise_is_understood_at_every_step(
    torch: Any, name: str, options: dict[str, Any]
) -> None:
    goal = torch.full((1, 4, 2, 3), 0.25)
    scheduler = scheduler_of(name, **options)
    pipeline, _, estimates = watched(scheduler)
    alphas = scheduler.alphas_cumprod

    def predict(sample: Any, timestep: Any) -> Any:
        signal, noise = alphas[int(timestep)] ** 0.5, (1 - alphas[int(timestep)]) ** 0.5
        epsilon = (sample - signal * goal) / noise
        return signal * epsilon - noise * goal if "prediction_type" in options else epsilon

    run(pipeline, 6, predict)
    for estimate in estimates[:-1]:
        assert estimate is not None
        assert torch.allclose(estimate, goal, atol=2e-2)


def test_a_clone_leaves_the_pipeline_as_it_was() -> None:
    from retouch.engines.diffusers.stepping import clone, watch

    original = Pipeline(scheduler_of("FlowMatchEulerDiscreteScheduler"))
    step = original.scheduler.step
    copied = clone(original)

    def stop(_: Any) -> None:
        raise KeyboardInterrupt

    watch(copied, stop)
    with pytest.raises(KeyboardInterrupt):
        run(copied, 4, lambda sample, _: sample)
    assert original.scheduler is not copied.scheduler
    assert original.scheduler.step == step
    assert original.scheduler.step_index is None
    assert len(original.scheduler.timesteps) == original.scheduler.config.num_train_timesteps


def test_a_watched_step_shows_the_signature_that_pipelines_look_at() -> None:
    pipeline, _, _ = watched(scheduler_of("DDIMScheduler"))
    assert {"eta", "generator"} <= set(inspect.signature(pipeline.scheduler.step).parameters)
