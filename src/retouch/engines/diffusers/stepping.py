"""One request's own view of a pipeline, and a look at each step that it takes.

A pipeline and its scheduler keep the state of a call on themselves. Each request therefore works with a shallow
copy that shares the models and owns its scheduler, so that a request that fails or is cancelled leaves nothing
behind.

What happens between the steps is seen at `scheduler.step`, and not by the pipelines' callbacks: several classes
and all modular pipelines have none, some do not heed being interrupted, and no callback sees what the model has
predicted, without which the finished picture cannot be estimated.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

_STATEFUL = ("scheduler", "guider")
"""Components that count the steps of a call."""


@dataclass(frozen=True, eq=False)
class Step:
    """A call of `scheduler.step` that has just been made.

    ``number``: counted from 1. ``total``: how many calls there will be, which is more than the steps asked for
    where a scheduler calls the model twice a step, and fewer where a strength leaves some out. ``latents``: what
    the step has made of ``sample`` with what the model has predicted, ``output``. ``told``: the scheduler's own
    estimate of the end, if it makes one.
    """

    scheduler: Any
    number: int
    total: int
    timestep: Any
    output: torch.Tensor
    sample: torch.Tensor
    latents: torch.Tensor
    told: torch.Tensor | None

    @property
    def last(self) -> bool:
        return self.number >= self.total

    def estimate(self) -> torch.Tensor | None:
        """The finished latents as far as the model can tell by now; None if the scheduler is of no known kind.

        After the last step they are the latents themselves. Ask before the next step is made.
        """
        if self.last:
            return self.latents
        if self.told is not None:
            return self.told
        return estimate(self.scheduler, self.output, self.sample, self.timestep)


def estimate(scheduler: Any, output: torch.Tensor, sample: torch.Tensor, timestep: Any) -> torch.Tensor | None:
    """x0 from the prediction that the step just made was given. None where it cannot be told.

    Sources: Liu et al.: Flow Straight and Fast, arXiv:2209.03003 (flows: along a straight line to the end of the
    noise levels); Song et al.: Denoising Diffusion Implicit Models, arXiv:2010.02502, eq. 12 (noise); Salimans and
    Ho: Progressive Distillation, arXiv:2202.00512, appendix D (velocity).
    """
    config = scheduler.config
    kept = getattr(scheduler, "model_outputs", None)
    if kept and (config.get("predict_x0") or str(config.get("algorithm_type", "")).endswith("dpmsolver++")):
        return kept[-1] if isinstance(kept[-1], torch.Tensor) else None
    x, predicted = sample.float(), output.float()
    index = getattr(scheduler, "step_index", None)
    sigmas = getattr(scheduler, "sigmas", None)
    flows = "FlowMatch" in type(scheduler).__name__ or config.get("prediction_type") == "flow_prediction"
    if flows:
        if sigmas is None or not index:
            return None
        return (x + (float(sigmas[-1]) - float(sigmas[index - 1])) * predicted).to(sample.dtype)
    alphas = getattr(scheduler, "alphas_cumprod", None)
    # Schedulers that scale their samples (Euler, Heun) tell the estimate themselves.
    if alphas is None or float(getattr(scheduler, "init_noise_sigma", 1.0)) != 1.0:
        return None
    share = float(alphas[int(timestep)])
    signal, noise = share**0.5, (1 - share) ** 0.5
    match config.get("prediction_type", "epsilon"):
        case "epsilon":
            found = (x - noise * predicted) / signal
        case "v_prediction":
            found = signal * x - noise * predicted
        case "sample":
            found = predicted
        case _:
            return None
    finished: torch.Tensor = found.to(sample.dtype)
    return finished


def clone(pipeline: Any) -> Any:
    """A copy for one request: the same models, schedulers and settings of its own."""
    copied = copy.copy(pipeline)
    for name in _STATEFUL:
        if (part := getattr(pipeline, name, None)) is not None:
            # A pipeline's own way of setting a component rewrites what it knows of it, or logs it.
            object.__setattr__(copied, name, copy.deepcopy(part))
    copied.set_progress_bar_config(disable=True)
    return copied


def watch(pipeline: Any, on_step: Callable[[Step], None]) -> None:
    """Have ``on_step`` called after each step of ``pipeline``, which must be a `clone`. It ends a call by raising.

    A pipeline without a scheduler runs unwatched.
    """
    scheduler = getattr(pipeline, "scheduler", None)
    if scheduler is None:
        return
    original = scheduler.step
    parameters = inspect.signature(original)
    calls = 0
    total = 0

    @functools.wraps(original)  # pipelines look at the signature to see what else a step takes
    def step(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls, total
        given = parameters.bind(*args, **kwargs).arguments
        if calls == 0:
            total = _remaining(scheduler, given["timestep"])
        result = original(*args, **kwargs)
        calls += 1
        latents, told = _parts(result, given["sample"])
        on_step(
            Step(
                scheduler=scheduler,
                number=calls,
                total=total,
                timestep=given["timestep"],
                output=given["model_output"],
                sample=given["sample"],
                latents=latents,
                told=told,
            )
        )
        return result

    scheduler.step = step


def _remaining(scheduler: Any, timestep: Any) -> int:
    """How many steps there are from ``timestep``, the first, to the end."""
    timesteps = scheduler.timesteps
    begin = getattr(scheduler, "begin_index", None)
    if begin is None:
        same = (timesteps == torch.as_tensor(timestep, device=timesteps.device).flatten()[0]).nonzero()
        begin = int(same[0]) if len(same) else 0
    return max(1, len(timesteps) - int(begin))


def _parts(result: Any, sample: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The new latents, and the estimate of x0 if the scheduler tells one."""
    if isinstance(result, tuple):
        latents, told = result[0], result[1] if len(result) > 1 else None
    else:
        fields: Mapping[str, Any] = vars(result)
        latents = fields["prev_sample"]
        told = fields.get("pred_original_sample", fields.get("denoised"))
    usable = isinstance(told, torch.Tensor) and told.shape == sample.shape
    return latents, told if usable else None
