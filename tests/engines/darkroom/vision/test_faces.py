from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from retouch.engines.darkroom.vision.faces import OUTER_EYES, Face, find_faces
from retouch.imaging.raster import U8, Raster

Photo = Callable[..., Raster]

EYES = ((193.0, 101.0), (256.0, 104.0))
"""The outer corners of the astronaut's eyes in the photograph, which is 512 pixels wide."""


def _turned(rgb: U8, degrees: float) -> U8:
    height, width = rgb.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 0.8)
    return cv2.warpAffine(rgb, turn, (width, height), borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)


def _only(faces: list[Face]) -> Face:
    assert len(faces) == 1
    return faces[0]


def test_a_face_is_found_where_it_is(photo: Photo) -> None:
    face = _only(find_faces(photo("astronaut").rgb))
    assert face.mesh.shape == (468, 3)
    assert face.mesh.dtype == np.float32
    for landmark, eye in zip(OUTER_EYES, EYES, strict=True):
        assert np.linalg.norm(face.mesh[landmark, :2] - eye) < 8
    left, top, right, bottom = face.box
    assert left < EYES[0][0] < EYES[1][0] < right
    assert top < EYES[0][1] < bottom
    assert 0.98 <= face.score <= 1


@pytest.mark.parametrize("name", ["cat", "china", "coffee", "rocket", "flower"])
@pytest.mark.parametrize("side", [300, 640])
def test_there_is_no_face_where_nobody_is(photo: Photo, name: str, side: int) -> None:
    assert find_faces(photo(name, side).rgb) == []


@pytest.mark.parametrize("degrees", [-120, -30, 45, 90, 180])
def test_a_turned_face_is_found_with_its_turn(photo: Photo, degrees: float) -> None:
    face = _only(find_faces(_turned(photo("astronaut", 640).rgb, degrees)))
    across = face.frame.x
    # Degrees count anticlockwise in OpenCV, and y points down.
    found = -np.degrees(np.arctan2(across[1], across[0]))
    assert abs((found - degrees + 180) % 360 - 180) < 10


def test_small_faces_in_a_large_picture_are_found_largest_first(photo: Photo) -> None:
    person = photo("astronaut", 640).rgb
    scene = cv2.resize(photo("china", 640).rgb, (1000, 700)).astype(np.uint8)
    scene[300:500, 700:900] = cv2.resize(person, (200, 200), interpolation=cv2.INTER_AREA)
    scene[40:340, 40:340] = cv2.resize(person, (300, 300), interpolation=cv2.INTER_AREA)
    faces = find_faces(scene)
    assert [face.box[0] < 500 for face in faces] == [True, False]


def test_a_faces_frame_is_made_of_unit_axes_at_right_angles(photo: Photo) -> None:
    frame = _only(find_faces(photo("astronaut", 640).rgb)).frame
    axes = np.stack([frame.x, frame.y, frame.z])
    assert np.allclose(axes @ axes.T, np.eye(3), atol=1e-4)
    assert frame.x[0] > 0.9
    assert frame.y[1] > 0.8
    assert frame.z[2] > 0.8


def test_projecting_in_the_frame_meets_the_mesh(photo: Photo) -> None:
    face = _only(find_faces(photo("astronaut", 640).rgb))
    frame = face.frame
    nose = face.mesh[4] - frame.origin
    inside = np.array([[nose @ frame.x, nose @ frame.y, nose @ frame.z]], np.float32) / np.float32(frame.scale)
    assert np.allclose(frame.project(inside)[0], face.mesh[4, :2], atol=0.1)
    assert inside[0, 2] < -0.1  # the tip of the nose is nearer than the eyes


@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (5, 200)])
def test_tiny_pictures_have_no_face(shape: tuple[int, int]) -> None:
    assert find_faces(np.full((*shape, 3), 120, np.uint8)) == []
