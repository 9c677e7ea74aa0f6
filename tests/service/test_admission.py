from __future__ import annotations

import pytest

from retouch.errors import RateLimited
from retouch.service.admission import Admission


def test_one_more_than_fits_is_refused_at_once_and_told_when_to_come_back() -> None:
    admission = Admission(running=1, waiting=1)
    with admission.enter(), admission.enter():
        with pytest.raises(RateLimited) as caught, admission.enter():
            pass
        assert int(caught.value.headers["retry-after"]) >= 1
        assert int(caught.value.headers["retry-after-ms"]) >= 1000
    assert admission.inside == 0


def test_a_place_is_free_again_after_a_failure() -> None:
    admission = Admission(running=1, waiting=0)
    with pytest.raises(KeyError), admission.enter():
        raise KeyError
    with admission.enter():
        assert admission.inside == 1


def test_the_advice_grows_with_the_time_that_edits_take() -> None:
    quick, slow = Admission(running=1, waiting=0), Admission(running=1, waiting=0)
    for _ in range(20):
        slow.took(20.0)

    def advice(admission: Admission) -> int:
        with admission.enter(), pytest.raises(RateLimited) as caught, admission.enter():
            pass
        return int(caught.value.headers["retry-after"])

    assert advice(quick) < advice(slow)


@pytest.mark.parametrize(("running", "waiting"), [(0, 1), (1, -1)])
def test_limits_that_let_nobody_in_are_refused(running: int, waiting: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        Admission(running=running, waiting=waiting)
