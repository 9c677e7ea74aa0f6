"""The `size` of a request, as every model reads it, and what `auto` becomes for a picture of that size."""

from __future__ import annotations

from hypothesis import strategies as st

from retouch.contract import sizes
from retouch.contract.profile import profiles
from retouch.errors import RetouchError
from tests.security.targets.target import Target, judge_refusal

_PROFILES = list(profiles().values())


def run(data: bytes) -> bool:
    value = data.decode("utf-8", "replace")
    parsed = sizes.parse(value)
    if parsed is not None:
        assert sizes.text(parsed) == value
        assert min(parsed) > 0
    taken = False
    for profile in _PROFILES:
        try:
            size = sizes.requested(profile, value)
        except RetouchError as error:
            judge_refusal(error)
        else:
            taken = True
            assert size == parsed
        if parsed is not None:
            auto = sizes.auto_size(profile, parsed)
            assert sizes.requested(profile, sizes.text(auto)) == auto
    return taken


_NUMBER = st.one_of(
    st.integers(1, 5000).map(str),
    st.integers(1, 300).map(lambda number: str(16 * number)),
    st.integers(-10, 10**12).map(str),
    st.floats().map(str),
    st.sampled_from(["0", "00016", "+16", "1e3", "0x10", "NaN", "Infinity", "1_024", "١٠٢٤", "1024", "9" * 5000]),
)
_CROSS = st.sampled_from(["x"] * 8 + ["X", "×", " x ", "*", "x\n", ":", "", "xx"])

TARGET = Target(
    run=run,
    cases=st.one_of(st.tuples(_NUMBER, _CROSS, _NUMBER).map("".join), st.text(max_size=40), st.just("auto")).map(
        lambda text: text.encode("utf-8", "surrogatepass")
    ),
    seeds=lambda: [b"auto", b"1024x1024", b"1536x1024", b"256x256", b"3840x2160", b"2048x688", b"16x16"],
    words=lambda: ["auto", "1024", "1536", "1792", "2048", "3840", "2160", "x", "16", "688", "NaN", "1e9", "×"],
    longest=64,
)
