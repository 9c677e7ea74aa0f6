"""What an instruction is headed with: "Avatar: ...", "Our café menu: ..." says what it is for."""

from __future__ import annotations

import re

from retouch.engines.darkroom.understanding.remarks import named

_LABEL = re.compile(r"\s{0,9}(?P<label>[^\W\d_][^\n:.,;!?\"“”«»'0-9]{1,40}):\s")
_ARTICLES = (
    "a",
    "an",
    "the",
    "my",
    "our",
    "for",
    "new",
    "this",
    "your",
    "i",
    "we",
    "need",
    "photo",
    "picture",
    "style",
)


def take_label(prompt: str) -> tuple[str, str]:
    """The label that ``prompt`` begins with, and the rest; an empty one unless it only tells a use."""
    match = _LABEL.match(prompt)
    if match is None:
        return "", prompt
    label = match["label"].strip()
    words = [word for word in label.lower().replace("-", " ").split() if word not in _ARTICLES]
    told = words and all(word in named("labels") or word in named("uses") for word in words)
    return (label, prompt[match.end() :]) if told else ("", prompt)
