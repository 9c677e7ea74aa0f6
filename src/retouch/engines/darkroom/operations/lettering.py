"""Writing on a picture."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np

from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.operations.letters import Block, write
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.typeface import Typeface, check, cleaned
from retouch.imaging.raster import F32, Raster

SIZES = {"small": 0.05, "medium": 0.09, "large": 0.16}
"""The font's size as a share of the picture's mean side."""
LEAST = 6
"""Pixels; below that nobody reads it."""
MARGIN, INSET = 0.055, 0.06
"""What stays free at a picture's edge, as a share of its shorter side, and in a marked place, of its own."""
NARROW = 0.5
"""The share of the width that a text takes where that lets it stand beside the subject."""
WIDEST = 24
"""A line is at most so many times as wide as the font is large: longer ones are hard to read."""
TALLEST = 0.30
"""The share of a picture's height that a text takes at most, unless it was marked."""
WHERE = {
    "bottom": (0.5, 1.0),
    "top": (0.5, 0.0),
    "centre": (0.5, 0.5),
    "bottom-left": (0.0, 1.0),
    "bottom-right": (1.0, 1.0),
    "top-left": (0.0, 0.0),
    "top-right": (1.0, 0.0),
    "left": (0.0, 0.5),
    "right": (1.0, 0.5),
}
"""Positions as shares of the room that is left, the likelier first."""


@dataclass(frozen=True)
class Room:
    """A rectangle, in pixels."""

    x: float
    y: float
    width: float
    height: float


def text(
    scene: Scene,
    *,
    amount: float = 1.0,
    text: str,
    position: str | None = None,
    colour: str | None = None,
    size: str = "medium",
) -> Raster:
    """``text`` written on the picture, wrapped to its width and never cut off.

    ``position``: one of `WHERE`; None finds a place beside the subject, and another one in a variation. Where
    only a part may change, the text is fitted into it. ``colour``: by name or "#rrggbb"; None takes white or
    black, whichever reads. ``size``: one of `SIZES`. ``amount`` is its opacity. Raises `UnsupportedInstruction` as
    `typeface.check` does.
    """
    check(text)
    marked = scene.weight is not None and bool((scene.weight > 0.5).any())
    if marked and scene.weight is not None:
        room = _inside(scene.weight)
    else:
        width, height = scene.picture.size
        free = MARGIN * min(width, height)
        room = Room(free, free, width - 2 * free, height - 2 * free)
    wished = _wished(scene, size, room, fills=marked and size == "medium")
    tallest = room.height * (1 if marked else TALLEST)
    blocks = [_set(cleaned(text), room.width, tallest, wished)]
    if position is None and not marked:
        # In half the width there may be room beside the subject.
        narrow = _set(cleaned(text), NARROW * room.width, tallest, wished)
        blocks += [narrow] if narrow.face.size > 0.6 * wished else []
    block, place, aligned = _place(scene, blocks, room, position, marked)
    return write(scene.picture, block, place, aligned, colour, min(1.0, amount))


def text_needs(scene: Scene, mask: F32 | None, *, text: str, **_: object) -> None:
    check(text)


def _wished(scene: Scene, size: str, room: Room, *, fills: bool) -> int:
    width, height = scene.picture.size
    wished = SIZES.get(size, SIZES["medium"]) * (width * height) ** 0.5 * (1 + 0.12 * scene.variation)
    return max(LEAST, round(room.height if fills else wished))


def _set(text: str, widest: float, tallest: float, wished: int) -> Block:
    """The text as large as ``wished``, or as fits."""
    at = wished
    while True:
        face = Typeface(at)
        block = Block(_wrapped(text, face, min(widest, WIDEST * at)), face)
        if block.width <= widest and block.height <= tallest:
            return block
        if at <= LEAST:
            return Block(_wrapped(text, face, widest, anywhere=True), face)
        at = max(LEAST, min(at - 1, int(at * 0.94)))


def _wrapped(text: str, face: Typeface, width: float, *, anywhere: bool = False) -> tuple[str, ...]:
    lines: list[str] = []
    for paragraph in text.split("\n"):
        count = len(_broken(paragraph, face, width, anywhere))
        # The narrowest column with as many lines makes them equally long.
        low, high = width / max(1, count) * 0.9, width
        for _ in range(7 if count > 1 else 0):
            middle = (low + high) / 2
            low, high = (
                (low, middle) if len(_broken(paragraph, face, middle, anywhere)) == count else (middle, high)
            )
        lines += _broken(paragraph, face, high, anywhere)
    return tuple(lines)


def _broken(paragraph: str, face: Typeface, width: float, anywhere: bool) -> list[str]:
    """Lines that fit; a single word that does not fit stays whole, unless lines may break ``anywhere``."""
    # East Asian text has no blanks: any of its characters may begin a line.
    words = paragraph.split(" ")
    if anywhere or (
        len(words) == 1 and not paragraph.isascii() and len(paragraph) > 8 and ord(max(paragraph)) > 0x2E80
    ):
        words, blank = list(paragraph), ""
    else:
        blank = " "
    lines = [""]
    for word in words:
        longer = f"{lines[-1]}{blank}{word}" if lines[-1] else word
        if lines[-1] and face.width(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _inside(weight: F32) -> Room:
    """The largest rectangle of what may change, less a little at its edges."""
    height, width = weight.shape
    small = shrink(weight, 96)
    free = np.greater(small, 0.5)
    if not free.any():
        free = np.greater(small, 0)
    rows, columns = free.shape
    best, found = 0, (0, 0, columns, rows)
    above = np.zeros(columns, int)
    for bottom in range(rows):
        above = np.where(free[bottom], above + 1, 0)
        for left in range(columns):
            tall = rows
            for right in range(left, columns):
                tall = min(tall, int(above[right]))
                if tall == 0 or tall * (columns - left) <= best:
                    break
                if tall * (right - left + 1) > best:
                    best = tall * (right - left + 1)
                    found = (left, bottom - tall + 1, right + 1, bottom + 1)
    x, y = width / columns, height / rows
    left_, top, right_, bottom_ = found[0] * x, found[1] * y, found[2] * x, found[3] * y
    inset = INSET * min(right_ - left_, bottom_ - top)
    return Room(left_ + inset, top + inset, right_ - left_ - 2 * inset, bottom_ - top - 2 * inset)


def _place(
    scene: Scene, blocks: list[Block], room: Room, position: str | None, marked: bool
) -> tuple[Block, tuple[float, float], float]:
    """Which of ``blocks``, its upper left corner, and how its lines are aligned: 0 left, 0.5 centred, 1 right."""

    def corner(block: Block, name: str) -> tuple[float, float]:
        across, down = WHERE[name]
        return room.x + across * (room.width - block.width), room.y + down * (room.height - block.height)

    block = blocks[0]
    if position is None and marked:
        position = "centre"
    if position is None or position not in WHERE:
        crowded = _crowded(scene)
        costs = {
            (number, name): _cost(crowded, corner(one, name), one, scene) + 0.01 * dear + 0.06 * number
            for number, one in enumerate(blocks)
            for dear, name in enumerate(WHERE)
        }
        order = sorted(costs, key=lambda choice: costs[choice])
        number, position = order[min(len(order) - 1, round(abs(scene.variation) * 2))]
        block = blocks[number]
    return block, corner(block, position), WHERE[position][0]


def _crowded(scene: Scene) -> F32:
    """Where a text would cover something: the subject, faces above all, and busy ground."""
    small = np.asarray(shrink(scene.picture.rgb, 256), dtype=np.uint8)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    size = (small.shape[1], small.shape[0])
    edges = cv2.GaussianBlur(np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 2)), (0, 0), 3)
    crowded = np.clip(edges / 24, 0, 1) * np.float32(0.35)
    crowded += cv2.resize(scene.saliency, size, interpolation=cv2.INTER_AREA)
    scale = size[0] / scene.original.width
    for face in scene.faces:
        left, top, right, bottom = (max(0, int(edge * scale)) for edge in face.box)
        crowded[max(0, top - (bottom - top) // 3) : bottom + 1, left : right + 1] += 3
    return np.asarray(crowded, dtype=np.float32)


def _cost(crowded: F32, corner: tuple[float, float], block: Block, scene: Scene) -> float:
    scale = crowded.shape[1] / scene.picture.width
    left, top = int(corner[0] * scale), int(corner[1] * scale)
    right, bottom = ceil((corner[0] + block.width) * scale), ceil((corner[1] + block.height) * scale)
    return float(crowded[max(0, top) : bottom + 1, max(0, left) : right + 1].mean())
