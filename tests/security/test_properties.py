"""Whatever strangers send is a result or a refusal: a few cases each. `tests.security.fuzz` runs many."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.security.targets import NAMES, load

CASES = {"multipart": 150, "pictures": 300, "masks": 300, "sizes": 200, "instructions": 40}


@pytest.mark.parametrize("name", NAMES)
def test_a_case_is_a_result_or_a_refusal(name: str) -> None:
    target = load(name)

    @settings(
        max_examples=CASES[name],
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(target.cases)
    def check(case: bytes) -> None:
        target.run(case)

    check()
