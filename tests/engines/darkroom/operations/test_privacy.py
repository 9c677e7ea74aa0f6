from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from retouch.engines.darkroom.operations.privacy import blur_faces, blur_faces_needs, pixelate, pixelate_faces
from retouch.engines.darkroom.scene import Scene
from retouch.engines.darkroom.vision.crowd import find_every_face
from retouch.engines.darkroom.vision.faces import find_faces
from retouch.errors import TargetNotFound
from retouch.imaging.raster import U8, Raster

Photo = Callable[..., Raster]


@pytest.mark.parametrize("style", ["blur", "pixelate"])
def test_no_face_is_left_and_nothing_else_is_touched(photo: Photo, style: str) -> None:
    source = photo("astronaut")
    scene = Scene(source)
    (face,) = scene.faces
    result = blur_faces(scene, style=style)
    assert not find_faces(result.rgb)
    left, top, right, bottom = (int(edge) for edge in face.box)
    high, wide = bottom - top, right - left
    changed = (result.rgb != source.rgb).any(2)
    assert changed[top:bottom, left:right].mean() > 0.97
    changed[max(0, top - high) : bottom + high // 2, left - wide // 2 : right + wide // 2] = False
    assert not changed.any()


def test_what_covers_a_face_holds_no_finer_detail_than_a_few_cells(photo: Photo) -> None:
    scene = Scene(photo("astronaut"))
    (face,) = scene.faces
    left, top, right, bottom = (int(edge) for edge in face.box)
    inside = blur_faces(scene).rgb[top:bottom, left:right]
    few = cv2.resize(inside, (9, 9), interpolation=cv2.INTER_AREA)
    again = cv2.resize(few, (right - left, bottom - top), interpolation=cv2.INTER_CUBIC)
    assert np.abs(again.astype(int) - inside).mean() < 4


def test_small_faces_in_a_crowd_are_found_too(photo: Photo) -> None:
    street: U8 = cv2.resize(photo("china").rgb, (1200, 800)).astype(np.uint8)
    head = photo("astronaut").rgb[0:210, 130:320]
    for at, height in enumerate((36, 48, 64, 90)):
        width = height * 190 // 210
        x = 150 + 250 * at
        street[600 : 600 + height, x : x + width] = cv2.resize(head, (width, height), interpolation=cv2.INTER_AREA)
    assert len(find_every_face(street)) == 4


def test_without_a_face_it_says_so(photo: Photo) -> None:
    with pytest.raises(TargetNotFound, match="no face"):
        blur_faces(Scene(photo("coffee", 300)))


def test_a_mask_beside_the_face_is_refused(photo: Photo) -> None:
    scene = Scene(photo("astronaut", 300))
    mask = np.zeros((300, 300), np.float32)
    mask[200:] = 1
    with pytest.raises(TargetNotFound, match="marked area"):
        blur_faces_needs(scene, mask)


def test_pixelated_faces_show_their_cells(photo: Photo) -> None:
    scene = Scene(photo("astronaut"))
    result = pixelate_faces(scene)
    left, top, right, bottom = (int(edge) for edge in scene.faces[0].box)
    steps = (np.abs(np.diff(result.rgb[top:bottom, left:right].astype(int), axis=1)).max(2) > 2).any(0)
    assert steps.mean() < 0.2


def test_a_pixelated_picture_is_made_of_squares(photo: Photo) -> None:
    source = photo("china", 280)
    result = pixelate(Scene(source), blocks=28)
    blocks = result.rgb[:180, :280].reshape(18, 10, 28, 10, 3)
    assert (blocks == blocks[:, :1, :, :1]).all()


def test_a_small_marked_place_gets_enough_blocks_to_be_hidden(photo: Photo) -> None:
    source = photo("china", 640)
    weight = np.zeros((source.height, source.width), np.float32)
    weight[100:135, 200:235] = 1
    result = pixelate(Scene(source, weight=weight))
    assert len(np.unique(result.rgb[100:135, 200:235].reshape(-1, 3), axis=0)) > 20
