"""What a fuzzer has found once is never found again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.security.fuzz import CORPUS
from tests.security.targets import NAMES, load

FOUND = sorted(path for path in CORPUS.glob("*/*") if path.is_file())


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_found_once_is_a_result_or_a_refusal(path: Path) -> None:
    load(path.parent.name).run(path.read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_mutations_begin_with_cases_that_are_taken(name: str) -> None:
    target = load(name)
    seeds = target.seeds()[:40]
    assert sum(map(target.run, seeds)) > len(seeds) // 3
    assert all(len(seed) <= target.longest for seed in seeds)
