"""Small pictures for classes that would enlarge them, here and in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.miniatures import small
from tests.miniatures.fixtures import needs_libraries

pytestmark = needs_libraries

PROBE = """
import json, sys
before = sorted({"torch", "diffusers", "pytest"} & set(sys.modules))
from diffusers.pipelines.longcat_image.pipeline_longcat_image_edit import calculate_dimensions
print(json.dumps({"before": before, "arguments": sys.argv[1:], "size": calculate_dimensions(1 << 20, 1.5)}))
"""


def test_the_size_is_small_inside_and_the_pipelines_own_outside() -> None:
    from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus as plus

    own = plus.calculate_dimensions
    with small.small():
        assert plus.calculate_dimensions(1 << 20, 4 / 3)[:2] == (128, 96)
        assert plus.calculate_dimensions(64 * 64, 1)[:2] == (64, 64)
    assert plus.calculate_dimensions is own


def test_a_bucket_keeps_its_aspect_and_the_multiple_that_its_model_needs() -> None:
    from diffusers.pipelines.joyimage import image_processor

    for height, width in ((96, 128), (128, 96), (100, 400)):
        own = image_processor.find_best_bucket(height, width, 1024)
        with small.small():
            found = image_processor.find_best_bucket(height, width, 1024)
        assert found[0] * found[1] <= 1.5 * small.AREA
        assert (found[0] - found[1]) * (own[0] - own[1]) > 0
        assert not any(side % 16 for side in found)


def test_a_program_started_in_the_interpreters_place_is_small_too_and_imports_no_more(tmp_path: Path) -> None:
    (tmp_path / "probe.py").write_text(PROBE)
    # In diffusers' place, which takes seconds to import.
    package = tmp_path / "diffusers" / "pipelines" / "longcat_image"
    package.mkdir(parents=True)
    for folder in (package, package.parent, package.parent.parent):
        (folder / "__init__.py").touch()
    answer = "def calculate_dimensions(area, ratio):\n    return area, ratio\n"
    (package / "pipeline_longcat_image_edit.py").write_text(answer)
    done = subprocess.run(
        [sys.executable, "-P", small.__file__, "-P", "-m", "probe", "3", "4"],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    assert json.loads(done.stdout) == {"before": [], "arguments": ["3", "4"], "size": [small.AREA, 1.5]}
