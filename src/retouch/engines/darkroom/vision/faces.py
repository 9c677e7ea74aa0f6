"""The faces in a picture, each with a mesh and a frame of its own in space."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from retouch.engines.darkroom.filters import shrink
from retouch.engines.darkroom.vision.networks import run
from retouch.imaging.raster import F32, U8

MESH = "face_landmark.tflite"
MESH_SIDE = 192
ROOM = (1.5, 1.8, 1.25)
"""How much larger than the face the mesh network's crop is; it was trained at the first."""
GLIMPSE = 512
SURE = 0.98
"""Real faces score 0.99 and more, small, dark and blurred ones too; leaves and wheels up to 0.97."""
MESH_POINTS, MESH_PRESENCE = "conv2d_21", "conv2d_31"

FOREHEAD, CHIN = 10, 152
OUTER_EYES = (33, 263)
INNER_EYES = (133, 362)
"""Landmarks of the mesh; the first of a pair is on the picture's left of an upright face."""


@dataclass(frozen=True)
class Detector:
    """One of the two BlazeFace networks: ``strides`` and ``each`` (anchors a cell) lay out its anchors."""

    file: str
    side: int
    strides: tuple[tuple[int, int], ...]
    scores: str
    boxes: str


NEAR = Detector("face_detection_short_range.tflite", 128, ((8, 2), (16, 6)), "classificators", "regressors")
FAR = Detector(
    "face_detection_full_range.tflite",
    192,
    ((4, 1),),
    "reshaped_classifier_face_4",
    "reshaped_regressor_face_4",
)


@dataclass(frozen=True, eq=False)
class Frame:
    """A face's own axes. ``origin`` (3,) lies between the eyes; ``x`` points along the outer eye corners to
    the picture's right, ``y`` from forehead to chin, ``z`` away from the camera; unit vectors (3,) in the
    space of `Face.mesh`. ``scale``: pixels between the outer eye corners, the unit of face coordinates."""

    origin: F32
    x: F32
    y: F32
    z: F32
    scale: float

    def project(self, points: F32) -> F32:
        """Face coordinates float32 (n, 3) to pixels float32 (n, 2)."""
        axes = np.stack([self.x, self.y, self.z])[:, :2]
        return self.origin[:2] + np.float32(self.scale) * (points @ axes)


@dataclass(frozen=True, eq=False)
class Face:
    """``box``: (left, top, right, bottom) in pixels, of the mesh. ``mesh``: float32 (468, 3), x and y in
    pixels, z in the same unit, smaller nearer. ``score``: how sure the mesh network is, 0..1."""

    box: tuple[float, float, float, float]
    mesh: F32
    score: float

    def scaled(self, scale: float) -> Face:
        """The same face in the picture made ``scale`` times as large."""
        left, top, right, bottom = (edge * scale for edge in self.box)
        return Face((left, top, right, bottom), self.mesh * np.float32(scale), self.score)

    @cached_property
    def frame(self) -> Frame:
        mesh = self.mesh
        left, right = mesh[OUTER_EYES[0]], mesh[OUTER_EYES[1]]
        scale = float(np.linalg.norm(right - left))
        x = (right - left) / np.float32(scale)
        down = mesh[CHIN] - mesh[FOREHEAD]
        down = down - x * (down @ x)
        y = down / np.linalg.norm(down)
        origin = mesh[[*OUTER_EYES, *INNER_EYES]].mean(0)
        return Frame(origin, x, y, np.cross(x, y).astype(np.float32), scale)


@dataclass(frozen=True, eq=False)
class Sighting:
    """A detector's guess: ``centre``, ``side`` in pixels and the face's ``angle`` in radians."""

    score: float
    centre: F32
    side: float
    angle: float

    def overlap(self, other: Sighting) -> float:
        """Intersection over union of the two upright squares."""
        reach = (self.side + other.side) / 2 - np.abs(self.centre - other.centre)
        inner = np.minimum(np.clip(reach, 0, None), min(self.side, other.side)).prod()
        return float(inner / (self.side**2 + other.side**2 - inner))


@cache
def _anchors(detector: Detector, width: int, height: int) -> F32:
    """The centres of the detector's anchors in an input of that size, float32 (n, 2) in its pixels."""
    cells = []
    for stride, each in detector.strides:
        x, y = np.meshgrid(
            (np.arange(width // stride, dtype=np.float32) + 0.5) * stride,
            (np.arange(height // stride, dtype=np.float32) + 0.5) * stride,
        )
        cells.append(np.stack([x, y], -1).reshape(-1, 2).repeat(each, 0))
    return np.concatenate(cells).astype(np.float32)


def sight(rgb: U8, detector: Detector, threshold: float, side: int | None = None) -> Iterator[Sighting]:
    """What the detector takes for faces, looking at ``rgb`` at ``side`` pixels on the longer side: None for the
    side that it was trained at. `NEAR` alone can look at more (by its layers, it is a filter that moves over the
    picture), and then sees small faces everywhere at once."""
    height, width = rgb.shape[:2]
    scale = (side or detector.side) / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    room = (detector.side, detector.side) if side is None else (-(-size[0] // 16) * 16, -(-size[1] // 16) * 16)
    inset = ((room[0] - size[0]) // 2, (room[1] - size[1]) // 2)
    frame: F32 = np.zeros((room[1], room[0], 3), np.float32)
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    frame[inset[1] : inset[1] + size[1], inset[0] : inset[0] + size[0]] = small
    scores, boxes = run(detector.file, frame / np.float32(127.5) - np.float32(1), detector.scores, detector.boxes)
    sure = 1 / (1 + np.exp(-np.clip(scores.reshape(-1), -80, 80)))
    boxes = boxes.reshape(-1, 16)
    for at in np.flatnonzero(sure > threshold):
        # Centre, size, then six points: right eye, left eye, nose, mouth, ears; all in input pixels.
        eyes = boxes[at, 4:8].reshape(2, 2)
        slope = eyes[1] - eyes[0]
        centre = boxes[at, :2] + _anchors(detector, *room)[at]
        yield Sighting(
            float(sure[at]),
            ((centre - np.array(inset, np.float32)) / np.float32(scale)).astype(np.float32),
            float(max(boxes[at, 2:4])) / scale,
            float(np.arctan2(slope[1], slope[0])),
        )


def squares(width: int, height: int, share: float, overlap: float = 0.25) -> Iterator[tuple[int, int, int]]:
    """(x, y, side) of overlapping squares that cover the picture, a ``share`` of its longer side each."""
    side = max(1, round(share * max(width, height)))
    step = side * (1 - overlap)
    across, down = max(0, width - side), max(0, height - side)
    for top in np.linspace(0, down, ceil(down / step) + 1):
        for left in np.linspace(0, across, ceil(across / step) + 1):
            yield int(left), int(top), side


def _tiles(width: int, height: int) -> Iterator[tuple[int, int, int]]:
    """Such squares in two sizes; small faces fill more of one."""
    for share in (0.62, 0.36):
        yield from squares(width, height, share)


def distinct(sightings: list[Sighting]) -> list[Sighting]:
    kept: list[Sighting] = []
    for one in sorted(sightings, key=lambda s: -s.score):
        if all(one.overlap(other) < 0.3 for other in kept):
            kept.append(one)
    return kept


def lying(rgb: U8) -> list[Sighting]:
    """What the detectors take for faces once the picture is turned on its side or its head."""
    height, width = rgb.shape[:2]
    found = []
    for quarters in (1, 2, 3):
        turned = np.ascontiguousarray(np.rot90(rgb, quarters))
        for one in (*sight(turned, NEAR, 0.5), *sight(turned, FAR, 0.5)):
            x, y = one.centre
            centre = ((width - y, x), (width - x, height - y), (y, height - x))[quarters - 1]
            found.append(
                Sighting(one.score, np.array(centre, np.float32), one.side, one.angle + quarters * np.pi / 2)
            )
    return distinct(found)


def sightings(rgb: U8, *, parts: bool = True) -> list[Sighting]:
    """What the detectors take for faces: in the whole picture, and far ones in its ``parts``."""
    height, width = rgb.shape[:2]
    found = [*sight(rgb, NEAR, 0.5), *sight(rgb, FAR, 0.5)]
    for left, top, side in _tiles(width, height) if parts else ():
        corner = np.array([left, top], np.float32)
        found += [
            Sighting(one.score, one.centre + corner, one.side, one.angle)
            for one in sight(rgb[top : top + side, left : left + side], FAR, 0.6)
        ]
    return distinct(found)


def glimpsed(rgb: U8, certainty: float) -> list[Sighting]:
    """What the detectors are so sure of at one look at the whole picture, brought down to `GLIMPSE` pixels: quick,
    and for what an overlooked face does no harm to. In shares of the picture's width."""
    small = np.ascontiguousarray(shrink(rgb, GLIMPSE), dtype=np.uint8)
    share = 1 / small.shape[1]
    return [
        replace(one, centre=one.centre * np.float32(share), side=one.side * share)
        for one in distinct([*sight(small, NEAR, certainty), *sight(small, FAR, certainty)])
    ]


def fit(rgb: U8, sighting: Sighting, room: float) -> tuple[F32, float]:
    """The mesh of the face at ``sighting``, and how sure the network is that there is one."""
    side, angle = sighting.side * room, sighting.angle
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    turn *= np.float32(side / MESH_SIDE)
    shift = sighting.centre - turn @ np.full(2, MESH_SIDE / 2, np.float32)
    matrix: NDArray[np.float32] = np.column_stack([turn, shift]).astype(np.float32)
    crop = cv2.warpAffine(
        rgb,
        matrix,
        (MESH_SIDE, MESH_SIDE),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    points, presence = run(MESH, crop.astype(np.float32) / np.float32(255), MESH_POINTS, MESH_PRESENCE)
    points = points.reshape(468, 3)
    mesh = np.column_stack([points[:, :2] @ turn.T + shift, points[:, 2] * np.float32(side / MESH_SIDE)])
    return mesh.astype(np.float32), float(1 / (1 + np.exp(-presence.reshape(-1)[0])))


def _again(mesh: F32) -> Sighting:
    """Where the mesh itself says that the face is: a better crop than the detector's."""
    slope = mesh[OUTER_EYES[1], :2] - mesh[OUTER_EYES[0], :2]
    low, high = mesh[:, :2].min(0), mesh[:, :2].max(0)
    return Sighting(1.0, (low + high) / 2, float((high - low).max()), float(np.arctan2(slope[1], slope[0])))


def _confirm(rgb: U8, sightings: list[Sighting], *, upright: bool = False) -> list[tuple[F32, float]]:
    """The meshes that fit, no two on one face, each with how sure the network is. ``upright``: they are tried that
    way alone."""
    fitted: list[tuple[F32, float]] = []
    taken: list[Sighting] = []
    for sighting in sightings:
        if sighting.side < 12:
            continue
        # A detector sees a face that lies or stands on its head without seeing how; the mesh fits one way best.
        turns = range(1 if upright else 4)
        ways = [replace(sighting, angle=sighting.angle + quarters * np.pi / 2) for quarters in turns]
        best, presence = max((fit(rgb, way, room) for way in ways for room in ROOM), key=lambda fit: fit[1])
        if presence < SURE:
            continue
        # A second fit, to where the first one found the face, is the closer one unless it loses it.
        closer, still = fit(rgb, _again(best), ROOM[0])
        mesh = closer if still >= SURE else best
        place = _again(mesh)
        if place.overlap(sighting) > 0.2 and all(place.overlap(other) < 0.3 for other in taken):
            taken.append(place)
            fitted.append((mesh, max(presence, still)))
    return fitted


def find_faces(rgb: U8, *, hasty: bool = False) -> list[Face]:
    """The faces in ``rgb``, largest first; down to about a fortieth of the longer side, turned any way. ``hasty``:
    only large and upright ones, in a tenth of the time.

    Two detectors propose, the mesh network disposes. Only where nobody is upright is the picture looked at
    sideways.

    Source: Bazarevsky et al.: BlazeFace, arXiv:1907.05047; Kartynnik et al.: Real-time Facial Surface
    Geometry from Monocular Video on Mobile GPUs, arXiv:1907.06724.
    """
    view: U8 = shrink(rgb, 1280)  # type: ignore[assignment]
    faces = []
    found = _confirm(view, sightings(view, parts=not hasty), upright=hasty)
    for mesh, score in found if found or hasty else _confirm(view, lying(view)):
        mesh *= np.float32(rgb.shape[1] / view.shape[1])
        left, top = mesh[:, :2].min(0).tolist()
        right, bottom = mesh[:, :2].max(0).tolist()
        faces.append(Face((left, top, right, bottom), mesh, score))
    return sorted(faces, key=lambda face: (face.box[0] - face.box[2]) * (face.box[3] - face.box[1]))
