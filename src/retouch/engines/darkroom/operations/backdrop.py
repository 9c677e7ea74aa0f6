"""What lies behind the subject: blurred, or another one."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from retouch.engines.darkroom.colour import apply_table, from_oklab, parse_hex, to_linear, to_oklab, to_srgb
from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.operations.cutout import (
    alpha_of,
    cover,
    foreground,
    lay_over,
    noise_of,
    seek_subject,
    suit,
)
from retouch.engines.darkroom.operations.guard import bounds
from retouch.engines.darkroom.operations.shadows import ground_shadow
from retouch.engines.darkroom.palette import hex_of
from retouch.engines.darkroom.scene import Scene
from retouch.imaging.raster import F32, U8, Raster

BLUR_SIDES = (512, 768)
"""The longer side, in pixels, at which the background is blurred: half the picture's own, from the first to the
second. Nothing in it is finer afterwards."""

VISIBLE = 0.003
"""A share of a sharper picture that shows nowhere."""

DISC = 0.021
"""The radius of the disc that a point becomes, as a share of the longer side."""


def blur_background(scene: Scene, *, amount: float = 1.0) -> Raster:
    """The background out of focus, as a wide aperture would show it.

    The blur is a disc, taken over the background alone so that the subject leaves no halo in it; lights open
    into discs of their own. The ground that the subject stands on stays nearly sharp at its foot. Raises
    `TargetNotFound` where no subject stands out.
    """
    seek_subject(scene)
    if amount <= 0:
        return scene.picture
    picture, alpha = scene.picture, alpha_of(scene)
    side = int(np.clip(max(picture.size) // 2, *BLUR_SIDES))
    small: U8 = shrink(picture.rgb, side).astype(np.uint8, copy=False)
    height, width = small.shape[:2]
    share = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    linear = to_linear(small)
    # Lights are brighter than a picture can show; without that a disc of one would be grey.
    size = max(width, height)
    # From nothing to twice the designed blur, a little less than linearly.
    radius = DISC * size * min(2.2, amount) ** 0.9 * (1 + 0.25 * scene.variation)
    bright = linear.max(2)
    peak = np.clip((bright - np.float32(0.6)) * np.float32(1 / 0.4), 0, 1)
    # A light is small; a bright sky is none.
    around = cv2.GaussianBlur(shrink(bright, size // 4), (0, 0), 0.03 * size / 4)
    around = cv2.resize(around, (width, height)).astype(np.float32, copy=False)
    peak *= np.clip((bright - around) * np.float32(2.5) - np.float32(0.25), 0, 1)
    linear *= (1 + 5 * np.square(peak))[..., None]
    seen = np.square(1 - cv2.dilate(share, np.ones((3, 3), np.uint8)))
    soft = _through(linear, seen, radius)
    near = _standing(share)
    strip = np.flatnonzero(near > VISIBLE)
    if strip.size:
        less = max(1.0, radius * 0.35)
        # Wider than the disc by what its wider mean reaches; in fours, for that is taken of every fourth pixel.
        room = 4 * int(np.ceil(2.2 * less))
        first, last = max(0, int(strip[0]) // 4 * 4 - room), int(strip[-1]) + 1 + room
        close = _through(linear[first:last], seen[first:last], less)
        soft[first:last] += (close - soft[first:last]) * near[first:last, None, None]
    shown = np.asarray(to_srgb(soft / (1 + np.float32(0.12) * np.maximum(soft - np.float32(0.8), 0))))
    back = cv2.resize(shown, picture.size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
    back = grained(back, scene, max(0.35, 0.8 * noise_of(picture.rgb, 1 - alpha)))
    return Raster(lay_over(back, foreground(scene, alpha), alpha), picture.alpha)


def blur_background_needs(scene: Scene, mask: F32 | None) -> None:
    """Raise `TargetNotFound` where `blur_background` would."""
    seek_subject(scene)


def _disc(radius: float) -> F32:
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    inside: F32 = np.clip(np.float32(radius) + np.float32(0.5) - np.hypot(x, y), 0, 1)
    # A lens's disc is a little brighter at its rim.
    inside *= 1 + np.float32(0.25) * (np.hypot(x, y) / np.float32(max(radius, 1)))
    return np.asarray(inside / inside.sum(), dtype=np.float32)


def _through(linear: F32, seen: F32, radius: float) -> F32:
    """``linear`` blurred with a disc, only what is ``seen`` (0..1) counting; farther in, its wider mean."""
    stack = np.empty((*seen.shape, 4), np.float32)
    np.multiply(linear, seen[..., None], out=stack[..., :3])
    stack[..., 3] = seen
    kernel = _disc(radius)
    blurred = cv2.filter2D(stack, -1, kernel, borderType=cv2.BORDER_REFLECT)
    wide = cv2.GaussianBlur(stack[::4, ::4], (0, 0), max(1.0, radius * 0.7), borderType=cv2.BORDER_REFLECT)
    wide = cv2.resize(wide, (stack.shape[1], stack.shape[0]))
    trust = np.clip(blurred[..., 3:] * 6, 0, 1)
    tiny = np.float32(1e-3)
    sharp = blurred[..., :3] / np.maximum(blurred[..., 3:], tiny)
    mean = wide[..., :3] / np.maximum(wide[..., 3:], tiny)
    sharp -= mean
    sharp *= trust
    sharp += mean
    return np.asarray(sharp, dtype=np.float32)


def _standing(share: F32) -> F32:
    """How much each row of the ground under the subject's foot is in the plane of focus: float32 (height,),
    0..0.8; nothing where the frame cuts the subject off below."""
    height = share.shape[0]
    rows = np.flatnonzero((share > 0.5).mean(1) > 0.01)
    if not rows.size or rows[-1] > 0.95 * height or rows[-1] < 0.5 * height:
        return np.zeros(height, np.float32)
    away = (np.arange(height, dtype=np.float32) - np.float32(rows[-1])) * np.float32(1 / height)
    near = np.exp(-np.square(away / np.where(away > 0, 0.06, 0.03)))
    return (0.8 * near).astype(np.float32)


def grained(rgb: U8, scene: Scene, levels: float) -> U8:
    """``rgb`` with a grain of so many levels: a blurred photograph without any looks like plastic, and bands."""
    noise = scene.rng(61).standard_normal((256, 256), dtype=np.float32) * np.float32(min(levels, 6.0))
    height, width = rgb.shape[:2]
    tiled = np.tile(noise, (-(-height // 256), -(-width // 256)))[:height, :width]
    out = rgb.astype(np.int16)
    out += np.rint(tiled).astype(np.int16)[..., None]
    return np.clip(out, 0, 255).astype(np.uint8)


def replace_background(
    scene: Scene,
    *,
    amount: float = 1.0,
    colour: str | None = None,
    gradient: Sequence[str] | None = None,
    image: int | None = None,
    studio: bool = False,
) -> Raster:
    """The subject before another background; one of: a ``colour``, a ``gradient`` of two from top to bottom, the
    picture sent as number ``image``, scaled to cover and to whose light the subject is fitted a little, or a
    ``studio``'s grey sweep, on which it casts a shadow. Without any of them it is the studio.

    ``amount`` below 1 lets the old background show through. Raises `TargetNotFound` where no subject stands
    out, `UnsupportedInstruction` where there is no such picture.
    """
    seek_subject(scene)
    picture, alpha = scene.picture, alpha_of(scene)
    front = foreground(scene, alpha)
    if image is not None:
        back = cover(scene.source(image, side=max(picture.size)).picture, picture.size)
        front = apply_table(front, suit(front, alpha, back))
        softness = noise_of(back) - noise_of(front, alpha)
        if softness > 0.4:
            front = grained(front, scene, 0.8 * softness)
    elif colour is not None:
        back = np.empty_like(picture.rgb)
        back[:] = _plain(colour)
    elif gradient is not None:
        back = _blend(gradient[0], gradient[-1], picture.size, scene)
    else:
        back = _sweep(picture.size, alpha, scene)
    painted = lay_over(back, front, alpha)
    if 0 <= amount < 1:
        shade = np.float32(amount)
        painted = (picture.rgb + (painted - picture.rgb.astype(np.float32)) * shade + 0.5).astype(np.uint8)
    return Raster(painted, None if picture.alpha is None else np.full(alpha.shape, 255, np.uint8))


def replace_background_needs(scene: Scene, mask: F32 | None, *, image: int | None = None, **_: object) -> None:
    """Raise `TargetNotFound` where `replace_background` would."""
    seek_subject(scene)
    if image is not None:
        scene.source(image, side=16)


def _plain(colour: str) -> U8:
    """A background said to be white or black is quite so: that is what shops ask for."""
    code = {"white": "#ffffff", "black": "#000000"}.get(colour, hex_of(colour))
    return np.frombuffer(bytes.fromhex(code[1:]), np.uint8)


def _blend(first: str, last: str, size: tuple[int, int], scene: Scene) -> U8:
    ends = to_oklab(np.stack([parse_hex(hex_of(first)), parse_hex(hex_of(last))]))
    down = np.linspace(0, 1, size[1], dtype=np.float32)[:, None]
    ramp = np.clip(from_oklab((ends[0] + (ends[1] - ends[0]) * down).astype(np.float32)), 0, 1)
    column: U8 = to_srgb(ramp)
    return grained(np.repeat(column[:, None], size[0], 1), scene, 0.5)


def _sweep(size: tuple[int, int], alpha: F32, scene: Scene) -> U8:
    """A paper sweep of soft grey under a studio's light, with the shadow of what stands on it."""
    width, height = size
    rows, columns = (part.start + part.stop for part in bounds(alpha > 0.5))
    foot = bounds(alpha > 0.5)[0].stop
    y = ((np.arange(192, dtype=np.float32) + np.float32(0.5)) / 192)[:, None]
    x = ((np.arange(192, dtype=np.float32) + np.float32(0.5)) / 192)[None, :]
    middle = (columns / 2 / width, rows / 2 / height)
    glow = np.exp(-(np.square((x - middle[0]) / 0.55) + np.square((y - middle[1]) / 0.6)))
    bend = min(0.86, max(0.55, foot / height - 0.1))
    floor = 1 / (1 + np.exp(-(y - np.float32(bend)) / 0.05))
    level = 0.50 + 0.30 * glow + 0.08 * floor - 0.10 * np.clip((y - 0.9) / 0.3, 0, 1)
    if foot < 0.97 * height:
        level = level * (1 - ground_shadow(alpha, (192, 192)))
    tone = np.clip(level, 0.02, 0.95)[..., None] * np.array([0.985, 0.995, 1.01], np.float32)
    wide = cv2.resize(to_srgb(tone.astype(np.float32)), size, interpolation=cv2.INTER_CUBIC)
    return grained(wide.astype(np.uint8, copy=False), scene, 0.6)
