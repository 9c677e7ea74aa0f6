from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from itertools import pairwise

import numpy as np
import pytest

from retouch.engines.base import (
    Canvas,
    EditJob,
    LoopJob,
    LoopPicture,
    LoopPreview,
    Never,
    Picture,
    Preview,
)
from retouch.engines.echo import EchoEngine, LoopEcho
from retouch.errors import Cancelled, UnsupportedInstruction
from retouch.imaging.raster import Raster


class After:
    """A token that is cancelled from the n-th time it is asked."""

    def __init__(self, times: int) -> None:
        self.left = times

    def cancelled(self) -> bool:
        self.left -= 1
        return self.left < 0


def raster(value: int = 90) -> Raster:
    return Raster(np.full((24, 32, 3), value, np.uint8))


def echo(prompt: str, *, seeds: int = 1, previews: int = 0, base: Raster | None = None) -> list[Preview | Picture]:
    base = base or raster()
    job = EditJob(sources=(base,), prompt=prompt, seeds=tuple(range(seeds)), previews=previews)
    canvas = Canvas(base, np.ones((base.height, base.width), np.float32), (0, 0, *base.size))
    engine = EchoEngine()
    return list(engine.edit(job, engine.plan(job), canvas, Never()))


def test_the_first_picture_is_the_base_itself() -> None:
    base = raster()
    (picture,) = echo("anything at all", base=base)
    assert picture.raster is base


def test_further_pictures_differ_in_one_pixel() -> None:
    pictures = echo("", seeds=3, base=raster(255))
    assert [int(picture.raster.rgb[-1, -1, 2]) for picture in pictures] == [255, 0, 1]
    assert [picture.index for picture in pictures] == [0, 1, 2]
    assert all((picture.raster.rgb[:-1] == 255).all() for picture in pictures)


def test_previews_have_the_final_size_and_all_differ(photo: Callable[..., Raster]) -> None:
    for base in (raster(), photo("cat", 96)):
        *previews, picture = echo("", previews=3, base=base)
        assert len(previews) == 3
        assert all(isinstance(preview, Preview) and preview.raster.size == base.size for preview in previews)
        for one, next_one in pairwise([*previews, picture]):
            assert (one.raster.rgb != next_one.raster.rgb).any()


def test_previews_come_closer_to_the_picture(photo: Callable[..., Raster]) -> None:
    base = photo("cat", 96)
    *previews, _ = echo("", previews=3, base=base)
    errors = [float(np.abs(p.raster.rgb.astype(int) - base.rgb.astype(int)).mean()) for p in previews]
    assert errors == sorted(errors, reverse=True)


def test_paint_covers_everything_and_alpha_clears_the_left_half() -> None:
    (picture,) = echo("[paint 255,0,999] [alpha]")
    assert (picture.raster.rgb == (255, 0, 255)).all()
    assert picture.raster.alpha is not None
    assert (picture.raster.alpha[:, :16] == 0).all()
    assert (picture.raster.alpha[:, 16:] == 255).all()


def test_size_is_planned_for_exactly() -> None:
    plan = EchoEngine().plan(EditJob(sources=(raster(),), prompt="please [size 640x480]"))
    assert (plan.size, plan.exact) == ((640, 480), True)
    assert EchoEngine().plan(EditJob(sources=(raster(),), prompt="[size ax9]")).size is None


def test_refuse_refuses_in_the_plan() -> None:
    with pytest.raises(UnsupportedInstruction):
        EchoEngine().plan(EditJob(sources=(raster(),), prompt="[refuse]"))
    with pytest.raises(UnsupportedInstruction):
        LoopEcho().plan(EditJob(sources=(raster(),), prompt="[refuse]"))


def test_raise_fails_in_the_edit() -> None:
    with pytest.raises(RuntimeError, match="told to fail"):
        echo("[raise]")


def test_sleep_heeds_the_token() -> None:
    job = EditJob(sources=(raster(),), prompt="[sleep 1000]")
    canvas = Canvas(raster(), np.ones((24, 32), np.float32), (0, 0, 32, 24))
    engine = EchoEngine()
    with pytest.raises(Cancelled):
        list(engine.edit(job, engine.plan(job), canvas, After(3)))


def test_slow_is_a_sleep_that_nobody_asked_for() -> None:
    engine = EchoEngine(slow=1000)
    job = EditJob(sources=(raster(),), prompt="")
    canvas = Canvas(raster(), np.ones((24, 32), np.float32), (0, 0, 32, 24))
    with pytest.raises(Cancelled):
        list(engine.edit(job, engine.plan(job), canvas, After(3)))
    with pytest.raises(ValueError, match="slow"):
        EchoEngine(slow=-1)


PROGRAM = """
import resource, sys
import numpy as np
from retouch.engines.base import Canvas, EditJob, Never
from retouch.engines.echo import EchoEngine
from retouch.imaging.raster import Raster
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**28, used + 2**28))
base = Raster(np.zeros((8, 8, 3), np.uint8))
job = EditJob(sources=(base,), prompt=sys.argv[1])
engine = EchoEngine()
try:
    list(engine.edit(job, engine.plan(job), Canvas(base, np.ones((8, 8), np.float32), (0, 0, 8, 8)), Never()))
except MemoryError:
    sys.exit(42)
"""


@pytest.mark.parametrize(("directive", "code"), [("[abort]", -6), ("[memory]", 42)])
def test_the_process_is_harmed_as_told(directive: str, code: int) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, directive], capture_output=True, env={**os.environ})
    assert done.returncode == code, done.stderr.decode()


async def gather(results: AsyncIterator[LoopPreview | LoopPicture]) -> list[LoopPreview | LoopPicture]:
    return [result async for result in results]


def test_the_loop_echo_returns_the_bytes_it_was_given() -> None:
    engine = LoopEcho()
    plan = engine.plan(EditJob(sources=(raster(),), prompt="hello"))
    job = LoopJob(prompt="hello", picture=b"a png", mask=None, size=(32, 24), seeds=(1, 2), previews=1)
    results = asyncio.run(gather(engine.edit(job, plan, Never())))
    assert results == [LoopPreview(b"a png"), LoopPicture(b"a png", 0), LoopPicture(b"a png", 1)]


def test_the_loop_echo_heeds_the_token_while_it_sleeps() -> None:
    engine = LoopEcho()
    plan = engine.plan(EditJob(sources=(raster(),), prompt=""))
    job = LoopJob(prompt="[sleep 1000]", picture=b"", mask=None, size=(32, 24))
    with pytest.raises(Cancelled):
        asyncio.run(gather(engine.edit(job, plan, After(3))))
